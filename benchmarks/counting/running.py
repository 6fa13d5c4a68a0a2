"""Every tool on every case, each in a process of its own.

Some tools patch torch and do not put it back when a module fails, so that the next count in the
process is wrong. A process that has imported the tool forks one for each case.
"""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from importlib import metadata
from multiprocessing.connection import Connection

from benchmarks.counting.cases import EVERY
from benchmarks.counting.tools import TOOLS, Answer, asked

Answers = dict[str, tuple[Answer, Answer]]
"""Case -> what a tool says in eval and in training."""
_SECONDS = 60


def versions() -> dict[str, str]:
    """Return the version of each tool that is installed."""
    found = {}
    for name, tool in TOOLS.items():
        try:
            found[name] = metadata.version(tool.package)
        except metadata.PackageNotFoundError:
            continue
    return found


def answers_of(tool: str) -> Answers:
    """Ask one tool everything, in a fresh interpreter.

    A tool that cannot be imported answers ``error`` to everything.
    """
    words = [sys.executable, "-m", "benchmarks.counting", "--tool", tool]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    return {name: (both[0], both[1]) for name, both in json.loads(done.stdout).items()}


def ask(tool: str) -> None:
    """Print what one tool says of all cases, as JSON."""
    import torch

    torch.set_num_threads(1)
    # What a first count imports, every fork then has.
    asked(TOOLS[tool], EVERY["more: linear"], train=False)
    print(json.dumps({name: _both(tool, name) for name in EVERY}))


def _both(tool: str, name: str) -> list[Answer]:
    context = multiprocessing.get_context("fork")
    said: list[Answer] = []
    while len(said) < 2:
        here, there = context.Pipe(duplex=False)
        child = context.Process(target=_answer, args=(tool, name, len(said), there), daemon=True)
        child.start()
        there.close()
        said += _heard(here, 2 - len(said))
        child.kill()
        child.join()
    return said


def _heard(here: Connection, most: int) -> list[Answer]:
    """Return what comes up to the first failure: after one, a process is not to be trusted."""
    said: list[Answer] = []
    while len(said) < most:
        try:
            said.append(here.recv() if here.poll(_SECONDS) else "hangs")
        except EOFError:
            said.append("error")
        if isinstance(said[-1], str):
            break
    return said


def _answer(tool: str, name: str, first: int, out: Connection) -> None:
    for train in (False, True)[first:]:
        out.send(asked(TOOLS[tool], EVERY[name], train))
