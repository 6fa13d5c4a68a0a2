"""Commands in pages are run where the page is made, and what they print is shown in colour."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

_FILE = re.compile(r'^```(?:python|toml) title="([\w.-]+)"\n(.*?)^```$', re.DOTALL | re.MULTILINE)
_COMMANDS = re.compile(r"^```console\n((?:\$ .+\n)+)```$", re.MULTILINE)
_SIGN = re.compile("\x1b\\[([\\d;]*)m")
_STYLES = {
    1: "bold",
    2: "dim",
    3: "italic",
    4: "underlined",
    7: "inverse",
    31: "red",
    32: "green",
    33: "yellow",
    34: "blue",
    35: "magenta",
    36: "cyan",
}
_MAIN = "import sys; from attncheck.cli import main; sys.exit(main())"
ROOT = Path(__file__).parents[2]
WIDTH = 92
PASSED = (0, 1, 3)
"""Exit statuses of a command that did its work; 2 says that it could not."""


@dataclass(frozen=True)
class Ran:
    """One command, its exit status, and what it printed, colours included."""

    command: str
    status: int
    printed: str


def files(page: str) -> dict[str, str]:
    """Return the files that a page shows: code blocks with a title that is a file's name."""
    return dict(_FILE.findall(page))


def commands(page: str) -> list[str]:
    """Return the commands of a page's console blocks, in order."""
    return [line[2:] for block in _COMMANDS.findall(page) for line in block.splitlines()]


def lay_out(page: str, folder: Path) -> None:
    """Write a page's files into a folder."""
    for name, text in files(page).items():
        (folder / name).write_text(text, encoding="utf-8")


def ran(command: str, folder: Path) -> Ran:
    """Run an ``attncheck`` command in a folder, as a terminal with colours would show it."""
    program, *words = shlex.split(command)
    assert program == "attncheck", command
    places = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    colours = {"FORCE_COLOR": "1", "NO_COLOR": "", "COLUMNS": str(WIDTH), "PYTHONPATH": places}
    done = subprocess.run(
        [sys.executable, "-c", _MAIN, *words],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **colours},
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=300,
    )
    printed = (done.stdout or done.stderr).replace(f"{folder}{os.sep}", "")
    return Ran(command, done.returncode, printed)


def with_screens(page: str, folder: Path) -> str:
    """Return a page with what each of its console blocks prints below it.

    Raises:
        RuntimeError: a command could not do its work.
    """
    lay_out(page, folder)

    def shown(block: re.Match[str]) -> str:
        parts = []
        for line in block[1].splitlines():
            found = ran(line[2:], folder)
            if found.status not in PASSED:
                raise RuntimeError(f"{found.command}: exit status {found.status}\n{found.printed}")
            parts.append(screen(found))
        return "\n\n".join(parts)

    return _COMMANDS.sub(shown, page)


def screen(found: Ran) -> str:
    """Return a command and what it printed as HTML."""
    status = f'<span class="dim">exit status {found.status}</span>'
    prompt = f'<span class="prompt">$</span> <b>{escape(found.command)}</b>'
    printed = coloured(found.printed.strip("\n"))
    return f'<div class="screen"><pre>{prompt}\n\n{printed}\n\n{status}</pre></div>'


def coloured(printed: str) -> str:
    """Return what a terminal is told, as HTML."""
    made, styles, last = [], list[str](), 0
    for sign in _SIGN.finditer(printed):
        made.append(_styled(printed[last : sign.start()], styles))
        for number in sign[1].split(";"):
            if int(number or 0) == 0:
                styles = []
            elif style := _STYLES.get(int(number)):
                styles = [*styles, style]
        last = sign.end()
    made.append(_styled(printed[last:], styles))
    return "".join(made)


def _styled(text: str, styles: list[str]) -> str:
    said = escape(text)
    return f'<span class="{" ".join(styles)}">{said}</span>' if styles and text else said
