"""``attncheck calibrate``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from attncheck.cli import options
from attncheck.cli.exits import Exit
from attncheck.cli.streams import log
from attncheck.errors import DeviceError, OutputError, UsageError, reason_of

if TYPE_CHECKING:
    from attncheck.data.noise import Noise
    from attncheck.data.page import Page

_FEWEST, _MOST = 8, 1024


def calibrate(
    device: options.Device = "cpu",
    threads: options.Threads = 1,
    pairs: Annotated[int, typer.Option(help="Pairs of fresh processes in one window.")] = 12,
    windows: Annotated[int, typer.Option(help="Repetitions; the noisiest counts.")] = 3,
    format_name: options.ResultFormat = "text",
    output: options.ResultFiles = None,
    executor: options.NoExecutor = "",
    quiet: options.Quiet = False,
) -> None:
    """Measure this machine's noise floor: how much the times of unchanged code differ.

    It is kept for `attncheck profile`, whose reports carry it; a gate refuses budgets below it.
    Exit status: 0 measured, 2 could not be measured.
    """
    import msgspec

    from attncheck.cli.output import check_result, show_result, write_whole
    from attncheck.commands.calibrate import calibrate as measured
    from attncheck.data.noise import noise_path

    if not (_FEWEST <= pairs <= _MOST and 1 <= windows <= _MOST and 1 <= threads <= _MOST):
        raise UsageError(
            f"it takes at least {_FEWEST} pairs, one window and one thread",
            instead=f"and at most {_MOST} of each",
        )
    if device.partition(":")[0] not in ("cpu", "cuda"):
        raise DeviceError(f"no device '{device}' to calibrate", instead="cpu or cuda")
    files = output or []
    check_result(format_name, files)
    found = measured(device, threads, pairs, windows, None if quiet else _told)
    path = noise_path(device, threads)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, msgspec.json.encode(found) + b"\n")
    except OSError as error:
        raise OutputError(f"cannot write it: {reason_of(error)}", where=str(path)) from None
    code = show_result(found, lambda: _page(found), format_name, files, Exit.CONFORMS)
    raise typer.Exit(code)


def _page(noise: Noise) -> Page:
    from attncheck.data import stats
    from attncheck.data.page import Page, Section, Table

    rows: list[list[str]] = []
    confidence = noise.confidence
    for number, ratios in enumerate(noise.windows, start=1):
        interval = stats.order_interval(ratios, noise.confidence)
        assert interval is not None
        confidence = interval.confidence
        rows.append(
            [
                str(number),
                f"{stats.median(ratios) - 1:+.2%}",
                f"{interval.low - 1:+.2%} to {interval.high - 1:+.2%}",
                f"{min(ratios) - 1:+.1%} to {max(ratios) - 1:+.1%}",
            ]
        )
    pairs = len(noise.windows[0])
    columns = ["window", "median", f"{confidence:.1%} interval", "all pairs"]
    threads = f"{noise.threads} thread{'s' if noise.threads > 1 else ''}"
    return Page(
        f"noise floor {noise.floor:.2%}  {noise.device}: {noise.device_name}, {threads}, "
        f"torch {noise.torch}",
        [
            Section(
                paragraphs=[
                    f"The same code against itself, {pairs} pairs of fresh processes that take "
                    "turns, in each window. Any difference is noise; a budget below the floor is "
                    "refused by the gate."
                ],
                table=Table(rows, columns),
            )
        ],
    )


def _told(done: int, of: int) -> None:
    """Say on a terminal how far it is."""
    if sys.stderr.isatty():
        end = "\n" if done == of else ""
        log(f"calibrating: {done} of {of} pairs", end, start="\r")
