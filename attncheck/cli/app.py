"""The typer application: the commands, and what becomes of their errors."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import typer

from attncheck import __version__
from attncheck.cli import (
    auditing,
    calibrating,
    comparing,
    counting,
    evaluating,
    figuring,
    gating,
    pages,
    profiling,
    replaying,
    reporting,
    selftesting,
)
from attncheck.cli.exits import Exit
from attncheck.cli.streams import complain, log
from attncheck.errors import AttncheckError

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
app.command("audit")(auditing.audit)
app.command("count")(counting.count)
app.command("compare")(comparing.compare)
app.command("profile")(profiling.profile)
app.command("list")(pages.list_)
app.command("explain")(pages.explain)
app.command("env")(pages.env)
app.command("replay")(replaying.replay)
app.command("evaluate")(evaluating.evaluate)
app.command("selftest")(selftesting.selftest)
app.command("figures")(figuring.figures)
app.command("gate")(gating.gate)
app.command("baseline")(gating.baseline)
app.command("calibrate")(calibrating.calibrate)
app.command("report")(reporting.report)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"attncheck {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Hold PyTorch attention modules against what their papers say must be true."""


def run() -> int:
    """Run the command line and return the exit status; errors are told to people."""
    debug = "--debug" in sys.argv
    try:
        app(prog_name="attncheck")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else Exit.CONFORMS
    except AttncheckError as error:
        complain(error)
        if debug:
            traceback.print_exc()
    except KeyboardInterrupt:
        log("attncheck: interrupted")
    except Exception as error:
        log(f"attncheck: this is a mistake in attncheck: {type(error).__name__}: {error}")
        if debug:
            traceback.print_exc()
        else:
            log("  run it again with --debug and report what it says")
    return Exit.FAILED
