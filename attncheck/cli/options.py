"""The options that commands share, each declared once with its help, and how values are read.

What a command leaves out of these stands in its own file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from attncheck.data.formula import shortened
from attncheck.data.literals import parse_literal
from attncheck.errors import UsageError


def _not_sent(text: str) -> str:
    """Refuse to send measurements of time anywhere.

    Raises:
        UsageError: an engine is named.
    """
    if text:
        raise UsageError(
            "times are measured on this machine, by processes that have it for themselves",
            where="--executor",
            instead="run it without --executor on the machine that is to be measured",
        )
    return text


_Many = list[str] | None
_WORDS = (
    "Each a SPEC (an id or alias, or a path to a .toml), SPEC@SUBJECT, SPEC=TARGET, or a TARGET "
    "(path/to/file.py:Class or package.module:Class); targets after a SPEC are held against it. "
)

Subjects = Annotated[
    _Many,
    typer.Argument(
        metavar="SPEC|TARGET",
        help=_WORDS + "A SPEC alone means every subject that it lists; map, tokens and seq2seq "
        "are the contracts of families.",
    ),
]
References = Annotated[
    _Many,
    typer.Argument(
        metavar="SPEC|TARGET",
        help=_WORDS + "A SPEC alone means its reference, a TARGET alone is held to its family.",
    ),
]
Every = Annotated[bool, typer.Option("--all", help="Every spec that attncheck ships.")]

Init = Annotated[
    _Many,
    typer.Option(
        "--init",
        metavar="KEY=VALUE",
        help="A constructor argument: a Python literal, or a formula over dims (in_dim=C); "
        "config.n_embd=C for a field of a config.",
    ),
]
Dims = Annotated[_Many, typer.Option("--set", metavar="DIM=SIZE", help="A dim, such as C=64.")]
Inputs = Annotated[
    _Many,
    typer.Option(
        "--input",
        metavar="SHAPE",
        help="One input of forward: 2x32x8x6, NAME=2x32x8x6, NBC:7x2x48 in another order of axes, "
        "a mask: 2x8:pad-true, or a flag: causal=True.",
    ),
]
PlainInputs = Annotated[
    _Many,
    typer.Option(
        "--input",
        metavar="SHAPE",
        help="One argument of forward, in its order: 1x3x640x640, NAME=2x9, 2x9:int for indices, "
        "[1x64x8x8,1x32x16x16] or a tuple or dict, a mask: 2x8:pad-true, or a value: True, (8,6).",
    ),
]
Claims = Annotated[_Many, typer.Option("--claim", metavar="GLOB", help="Check these claims only.")]
Skips = Annotated[_Many, typer.Option("--skip", metavar="GLOB", help="Leave these claims out.")]

Binding = Annotated[
    _Many,
    typer.Option(
        "--for",
        metavar="USE",
        help="What it is wanted for: amp, deploy, train, yolo, hf, a use of your project's, or "
        "limits of use such as precision,export. They decide the verdict.",
    ),
]
Tried = Annotated[
    _Many,
    typer.Option(
        "--limits",
        metavar="LIMIT",
        help="Limits of use that are tried although they take seconds: compile,export, or all.",
    ),
]

Device = Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:1 or mps.")]
AnyDevice = Annotated[
    str, typer.Option("--device", help="cpu, cuda, cuda:1 or mps; meta: from shapes alone.")
]
Seed = Annotated[int, typer.Option("--seed", help="Other random draws.")]
Timeout = Annotated[
    float, typer.Option("--timeout", help="Seconds for one claim, or one point of a profile.")
]
MemoryLimit = Annotated[
    str, typer.Option("--memory-limit", metavar="SIZE", help="Memory of one child process.")
]
Jobs = Annotated[int, typer.Option("--jobs", help="Processes at once; 0 for one per core.")]
Executor = Annotated[
    str,
    typer.Option(
        "--executor",
        metavar="NAME[:ADDRESS]",
        help="Send the work to an engine: dask for a cluster of --jobs workers on this machine, "
        "dask:tcp://HOST:8786 for a scheduler that runs, or an installed plugin.",
    ),
]
NoExecutor = Annotated[
    str, typer.Option("--executor", callback=_not_sent, hidden=True, help="Refused.")
]
Threads = Annotated[int, typer.Option("--threads", help="Threads of torch in each process.")]

Strict = Annotated[
    bool,
    typer.Option("--strict", help="Undecided and variants count as violated, or as regressed."),
]
ReportFormat = Annotated[
    str, typer.Option("--format", help="How to show it; see: attncheck list formats.")
]
ReportFiles = Annotated[
    list[Path] | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write it, in its suffix's format."),
]
TableFormat = Annotated[
    str,
    typer.Option(
        "--format",
        help="How to show it: csv or latex for the tables, or see: attncheck list formats.",
    ),
]
ResultFormat = Annotated[
    str, typer.Option("--format", help="How to show it: text, json, markdown, csv or latex.")
]
ResultFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Write it as .json, .md, .csv, .tex or .txt."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]
Silent = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress, and no report in text on the screen.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]

AcceptedFile = Annotated[
    Path | None,
    typer.Option(
        "--accepted",
        metavar="FILE",
        help="Reviewed violations; accepted.toml beside the baseline where there is one.",
    ),
]

_MOST_SIZE, _MOST_SEED = 10**9, 2**31
_MOST_JOBS, _MOST_SECONDS = 1024, 10.0**6


def initials(texts: Sequence[str]) -> dict[str, Any]:
    """Return the constructor arguments of ``--init KEY=VALUE``.

    Raises:
        UsageError: a text is not of this form.
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, value = _pair(text, "--init", "reduction=16")
        try:
            found[name] = parse_literal(value)
        except UsageError as error:
            where = f"--init {name}"
            raise UsageError(error.what, where=where, instead=error.instead) from None
    return found


def several(texts: Sequence[str]) -> list[str]:
    """Return the names of ``--limits a,b --limits c``."""
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


def binding(texts: Sequence[str]) -> list[str]:
    """Return the limits of use that ``--for`` or else the project makes binding.

    Raises:
        UsageError: the project's ``pyproject.toml`` cannot be read.
    """
    from attncheck.catalogue.uses import always_for, limits_for

    here = Path.cwd()
    return limits_for(several(texts) or always_for(here), here)


def sizes(texts: Sequence[str]) -> dict[str, int]:
    """Return the dims of ``--set DIM=SIZE``.

    Raises:
        UsageError: a text is not of this form, or the size is no whole number.
    """
    found: dict[str, int] = {}
    for text in texts:
        name, value = _pair(text, "--set", "C=64")
        if not re.fullmatch(r"[+-]?\d+", value):
            raise UsageError(
                f"'{shortened(value)}' is no size", where=f"--set {name}", instead="write C=64"
            )
        if len(value) > 20 or abs(int(value)) > _MOST_SIZE:
            raise UsageError(
                f"{shortened(value)} is too large a size",
                where=f"--set {name}",
                instead=f"write at most {_MOST_SIZE}",
            )
        found[name] = int(value)
    return found


def numbers(text: str, option: str) -> list[int]:
    """Return the whole numbers of ``16,32,64``.

    Raises:
        UsageError: a part of the list is none.
    """
    parts = [part.strip() for part in text.split(",") if text]
    if not all(re.fullmatch(r"[0-9]+", part) for part in parts):
        raise UsageError(
            f"'{shortened(text)}' is no list of sizes", where=option, instead="write 16,32,64"
        )
    if any(len(part) > 10 or int(part) > _MOST_SIZE for part in parts):
        raise UsageError("too large a size", where=option, instead=f"write at most {_MOST_SIZE}")
    return [int(part) for part in parts]


def limits(
    *, timeout: float = 1.0, jobs: int = 0, seed: int = 0, option: str = "--timeout"
) -> None:
    """Complain about a time, a number of processes, or a seed that nothing could keep to.

    Raises:
        UsageError: one is out of range, or no number.
    """
    if not 0 < timeout <= _MOST_SECONDS:
        raise UsageError(
            "must be positive, and no more than 10^6", where=option, instead="write seconds"
        )
    if not 0 <= jobs <= _MOST_JOBS:
        raise UsageError(
            "no number of processes", where="--jobs", instead=f"write 0 to {_MOST_JOBS}"
        )
    if not -_MOST_SEED < seed < _MOST_SEED:
        raise UsageError(
            "too large a seed", where="--seed", instead=f"write less than {_MOST_SEED}"
        )


def _pair(text: str, option: str, example: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    names = name.strip().split(".") if option == "--init" else [name.strip()]
    if not equals or not all(map(str.isidentifier, names)) or not value.strip():
        raise UsageError(
            f"'{shortened(text)}' is not of the form NAME=VALUE",
            where=option,
            instead=f"write {example}",
        )
    return name.strip(), value.strip()
