"""The typer application: the commands, and what becomes of their errors."""

from __future__ import annotations

import importlib
import io
import sys
import traceback
from collections.abc import Sequence
from functools import partial
from typing import Annotated

import typer

from attncheck import __version__
from attncheck.cli.beginning import check
from attncheck.cli.exits import Exit
from attncheck.cli.leftovers import leaving_none
from attncheck.cli.output import mistake
from attncheck.cli.streams import complain, log, prepare, settle
from attncheck.data.harmless import one_line
from attncheck.errors import AttncheckError, reason_of

COMMANDS = {
    "audit": "audit:audit",
    "scan": "scan:scan",
    "diff": "diff:diff",
    "identify": "identify:identify",
    "count": "count:count",
    "compare": "compare:compare",
    "profile": "profile:profile",
    "list": "list:list_",
    "explain": "explain:explain",
    "env": "env:env",
    "replay": "replay:replay",
    "evaluate": "evaluate:evaluate",
    "selftest": "selftest:selftest",
    "figures": "figures:figures",
    "gate": "gate:gate",
    "baseline": "baseline:baseline",
    "calibrate": "calibrate:calibrate",
    "report": "report:report",
}
"""Command -> module of this package and function."""

_INTERRUPTED = 130
"""What typer makes of Ctrl-C."""


def assembled(words: Sequence[str]) -> typer.Typer:
    """Return the application with the command that the words begin with, or with all.

    Each command costs time before it runs, and most runs are of one.
    """
    app = typer.Typer(
        name="attncheck",
        help="Hold PyTorch attention modules against what their papers say must be true.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="exit status: 0 conforms, 1 violates, 2 could not do the work, 3 undecided",
    )
    app.callback()(options)
    for name in [words[0]] if words and words[0] in COMMANDS else COMMANDS:
        module, _, function = COMMANDS[name].partition(":")
        found = importlib.import_module(f"attncheck.cli.{module}")
        app.command(name)(getattr(found, function))
    return app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"attncheck {__version__}")
        raise typer.Exit


def options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Hold PyTorch attention modules against what their papers say must be true."""


def run() -> int:
    """Run the command line and return the exit status; no report of an earlier run is left."""
    words = sys.argv[1:]
    prepare()
    try:
        return leaving_none(words, partial(_run, words))
    finally:
        settle()


def _run(words: Sequence[str]) -> int:
    """Run the command line and return the exit status; errors are told to people."""
    try:
        if words and words[0] in COMMANDS and not {"-h", "--help"} & set(words):
            check(words)
        code = assembled(words)(words, prog_name="attncheck", standalone_mode=False)
        return code if isinstance(code, int) else Exit.CONFORMS
    except SystemExit as leaving:
        if leaving.code == _INTERRUPTED:
            log("attncheck: interrupted")
            return Exit.FAILED
        return leaving.code if isinstance(leaving.code, int) else Exit.CONFORMS
    except AttncheckError as error:
        complain(error)
        if "--debug" in words:
            log(traceback.format_exc())
    except KeyboardInterrupt:
        log("attncheck: interrupted")
    except OSError as error:  # no room, no more files: of the machine, not of ours
        complain(AttncheckError(reason_of(error), where=str(error.filename or "")))
        if "--debug" in words:
            log(traceback.format_exc())
    except Exception as error:
        if (said := _usage(error)) is None:
            mistake(error)
        else:
            log(said)
    return Exit.FAILED


def _usage(error: Exception) -> str | None:
    """Return what typer says of a command line, which it repeats; None for any other error."""
    show = getattr(error, "show", None)
    if show is None or not hasattr(error, "exit_code"):
        return None
    said = io.StringIO()
    show(file=said)
    return "\n".join(one_line(line, 2000) for line in said.getvalue().rstrip("\n").split("\n"))
