"""A folder with its own home and store, the real command in it, and what no output may hold."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

COMMAND = str(Path(sys.executable).parent / "attncheck")
SECONDS = 240
"""Only what never ends takes as long, on any machine."""


@dataclass
class Ended:
    """How a command ended."""

    status: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        """Both streams."""
        return (self.out + b"\n" + self.err).decode("utf-8", "backslashreplace")

    def decently(self, *statuses: int) -> Ended:
        """Fail unless it ended with one of these statuses, in words for people."""
        assert "Traceback (most recent call last)" not in self.text, self.text[-3000:]
        assert "mistake in attncheck" not in self.text, self.text[-3000:]
        assert self.status in (statuses or (0, 1, 2, 3)), (self.status, self.text[-3000:])
        return self


@dataclass
class Box:
    """A place to attack from: ``here`` is the working folder."""

    root: Path
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        self.here, self.store = self.root / "work", self.root / "store"
        for name in ("work", "store", "home"):
            (self.root / name).mkdir(parents=True)

    @property
    def environment(self) -> dict[str, str]:
        """What the command sees of the outside: nothing of this run."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GITHUB_", "PYTEST_", "ATTNCHECK_"))
            and name not in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR")
        }
        own = {"HOME": str(self.root / "home"), "ATTNCHECK_HOME": str(self.store)}
        return {**kept, **own, "BOX": str(self.here), "BOX_TOKEN": self.token, "LC_ALL": "C.UTF-8"}

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file and return its path."""
        path = self.here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def dump(self, name: str, data: object) -> None:
        """Write data as JSON."""
        self.write(name, json.dumps(data))

    def read(self, name: str) -> Any:
        """Read JSON."""
        return json.loads((self.here / name).read_bytes())

    def verdicts(self, name: str = "r.json") -> dict[str, str]:
        """Return subject -> verdict of a report, with ``refused`` for those not audited."""
        report = self.read(name)
        refused = {one["subject"]: "refused" for one in report.get("problems", ())}
        return {**refused, **{one["subject"]: one["verdict"] for one in report["subjects"]}}

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start the command in a session of its own."""
        return self._start([COMMAND, *words])

    def run(self, *words: str, **environment: str) -> Ended:
        """Run the command."""
        return self.end(self._start([COMMAND, *words], **environment))

    def shell(self, line: str) -> Ended:
        """Run a line of bash, in which ``ATTN`` is the command."""
        return self.end(self._start(["bash", "-c", line.replace("ATTN", shlex.quote(COMMAND))]))

    def end(self, process: subprocess.Popen[bytes]) -> Ended:
        """Wait for the end of a command."""
        try:
            out, err = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise AssertionError(f"{process.args!r} does not end") from None
        return Ended(process.returncode, out, err)

    def left(self) -> list[int]:
        """Return the processes of this box that do not go away."""
        until = time.monotonic() + 20
        while (found := self._living()) and time.monotonic() < until:
            time.sleep(0.05)
        return found

    def clear(self) -> None:
        """End what is left of this box, whoever left it."""
        for number in self._living():
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)

    def _living(self) -> list[int]:
        """Find the processes that have this box's token in their environment."""
        token, found = f"BOX_TOKEN={self.token}".encode(), []
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if token in (place / "environ").read_bytes():
                    found.append(int(place.name))
        return found

    def _start(self, words: list[str], **environment: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            words,
            cwd=self.here,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_hear_all,
        )


def _hear_all() -> None:
    """Hear every signal, also where the tests themselves run in the background."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def violated(report: Any, claim: str = "gate") -> Any:
    """Return the first subject's finding of a claim."""
    return next(f for f in report["subjects"][0]["findings"] if f["claim"] == claim)


class _Live(HTMLParser):
    found: list[tuple[str, str]]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            outside = re.match(r"\s*(http://evil|javascript:)", value or "")
            if outside or name.startswith("onerror"):
                self.found.append((tag, name))


def harmless(data: bytes, form: str = "text") -> None:
    """Fail if a terminal, a CI runner or a browser would obey what is in an output."""
    text = data.decode()
    if form == "html":
        parser = _Live()
        parser.found = []
        parser.feed(text)
        assert not parser.found, parser.found
        return
    control = re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)
    assert not control, (form, text[max(0, control.start() - 80) : control.end() + 40])
    for line in text.splitlines():
        command = line.lstrip()
        if form != "github":
            assert not command.startswith("::"), (form, line)
        assert not command.startswith(("::set-env", "::add-mask")), (form, line)
        assert "##[set-env" not in line, (form, line)
    if form == "markdown":
        assert not (found := live_in_markdown(text)), found


def live_in_markdown(text: str) -> list[str]:
    """Return the images, links and HTML of Markdown that lead to evil.example or run something."""
    from markdown_it import MarkdownIt

    found: list[str] = []

    def walk(tokens: Any) -> None:
        for token in tokens:
            if token.type in ("image", "link_open", "html_block", "html_inline"):
                whole = f"{token.attrs} {token.content}"
                if re.search(r"evil|onerror|<script|javascript:", whole):
                    found.append(f"{token.type}: {whole}")
            walk(token.children or ())

    walk(MarkdownIt("commonmark").enable("table").parse(text))
    return found
