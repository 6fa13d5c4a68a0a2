"""The commands that the README shows, run again: ``python -m tests.readme [--update]``.

A block that starts with ``console`` holds one command after ``$`` and what it prints on standard
output, at 100 columns; a line ``…`` stands for lines left out.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
_BLOCK = re.compile(r"```console\n\$ (?P<command>.+)\n(?P<output>(?:.*\n)*?)```")
_CHANGING = (
    (re.compile(r"replay [0-9a-f]{8}"), "replay ID"),
    (re.compile(r"smallest witness \([\d, ]+\)"), "smallest witness"),
    (re.compile(r"\d+(\.\d+)?(e-\d+)? ?(s|ms|µs)\b"), "TIME"),
    (re.compile(r"\d(\.\d+)?e-\d+"), "TINY"),
)
_MAIN = "import sys; from attncheck.cli import main; sys.exit(main())"


@dataclass(frozen=True)
class Shown:
    """One command of the README and what it is said to print."""

    command: str
    output: str
    start: int
    end: int


def shown() -> list[Shown]:
    """Return every command block of the README."""
    text = README.read_text(encoding="utf-8")
    return [
        Shown(m["command"], m["output"], m.start("output"), m.end("output"))
        for m in _BLOCK.finditer(text)
    ]


def printed(command: str) -> str:
    """Return what the command prints on standard output, in the repository's root."""
    program, *words = shlex.split(command)
    assert program == "attncheck", command
    environment = {
        **os.environ,
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "PYTHONIOENCODING": "utf-8",
    }
    done = subprocess.run(
        [sys.executable, "-c", _MAIN, *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=300,
    )
    return done.stdout


def settled(text: str) -> list[str]:
    """Return the lines without what differs from run to run and machine to machine."""
    for pattern, word in _CHANGING:
        text = pattern.sub(word, text)
    return [line.rstrip() for line in text.splitlines()]


def same(said: str, seen: str) -> bool:
    """Say whether output is what the README shows; ``…`` stands for any lines."""
    parts: list[list[str]] = [[]]
    for line in settled(said):
        if line.strip() == "…":
            parts.append([])
        else:
            parts[-1].append(line)
    lines = settled(seen)
    if len(parts) == 1:
        return parts[0] == lines
    text = "\n".join(lines)
    pattern = "(?:.*\n)*".join(re.escape("\n".join(part) + "\n") if part else "" for part in parts)
    return re.fullmatch(pattern, text + "\n") is not None


def update() -> None:
    """Rewrite every block without ``…`` with what its command prints now."""
    text = README.read_text(encoding="utf-8")
    for block in reversed(shown()):
        if "…\n" not in block.output:
            text = text[: block.start] + printed(block.command) + text[block.end :]
    README.write_text(text, encoding="utf-8")


def main() -> int:
    """Compare, or rewrite with ``--update``; return the exit status."""
    if "--update" in sys.argv[1:]:
        update()
        return 0
    wrong = [b.command for b in shown() if not same(b.output, printed(b.command))]
    for command in wrong:
        print(f"README.md: `{command}` prints something else now: nox -s docs -- --update")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
