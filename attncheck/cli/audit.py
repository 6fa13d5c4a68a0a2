"""``attncheck audit``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attncheck.cli import held, parsing
from attncheck.cli.exits import Exit, exit_of
from attncheck.cli.streams import complain, log
from attncheck.errors import UsageError
from attncheck.execution import interrupts
from attncheck.execution.limits import memory_bytes

if TYPE_CHECKING:
    from attncheck.auditing.run import SubjectAudited
    from attncheck.auditing.select import Selection
    from attncheck.cli.output import OutputFile
    from attncheck.data.report import Report
    from attncheck.execution.limits import Limits

_Many = list[str]


def audit(
    spec: Annotated[
        str,
        typer.Argument(
            help="An id or alias (gam), one of its subjects (gam@article), a path to a .toml, "
            "or a family: map, tokens, seq2seq."
        ),
    ] = "",
    target: Annotated[
        str,
        typer.Argument(
            help="path/to/file.py:Class or package.module:Class; "
            "without it, every subject that the spec lists."
        ),
    ] = "",
    every: Annotated[
        bool, typer.Option("--all", help="Audit every subject of every spec.")
    ] = False,
    claim: Annotated[
        _Many | None, typer.Option("--claim", metavar="GLOB", help="Check these claims only.")
    ] = None,
    skip: Annotated[
        _Many | None, typer.Option("--skip", metavar="GLOB", help="Leave these claims out.")
    ] = None,
    init: Annotated[
        _Many | None,
        typer.Option(
            "--init",
            metavar="KEY=VALUE",
            help="A constructor argument: a Python literal, or a formula over dims (in_dim=C).",
        ),
    ] = None,
    dims: Annotated[
        _Many | None, typer.Option("--set", metavar="DIM=SIZE", help="A dim, such as C=64.")
    ] = None,
    inputs: Annotated[
        _Many | None,
        typer.Option(
            "--input",
            metavar="SHAPE",
            help="One input of forward: 2x32x8x6, NAME=2x32x8x6, or a mask: 2x8:pad-true.",
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:0, mps.")] = "cpu",
    dtype: Annotated[str, typer.Option(help="float64, float32, bfloat16 or float16.")] = "",
    seed: Annotated[int, typer.Option(help="Other random parameters and inputs.")] = 0,
    timeout: Annotated[
        float, typer.Option(help="Seconds for one claim; twenty times that for a subject.")
    ] = 30.0,
    memory_limit: Annotated[
        str, typer.Option(metavar="SIZE", help="Memory of one subject's process.")
    ] = "4GiB",
    jobs: Annotated[int, typer.Option(help="Subjects at once; 0 for one per core.")] = 0,
    strict: Annotated[bool, typer.Option("--strict", help="Undecided counts as violated.")] = False,
    format_name: Annotated[
        str, typer.Option("--format", help="How to show the report; see: attncheck list formats.")
    ] = "text",
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write the report, in its suffix's format."
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            metavar="BASE",
            help="Hold what is found against this report, as gate does; the exit status is gate's.",
        ),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress, and no report in text.")
    ] = False,
) -> None:
    """Check the claims of a spec on implementations, each in a process of its own."""
    from attncheck.auditing.request import Asked
    from attncheck.auditing.select import select, select_all
    from attncheck.cli.output import hand_over, outputs
    from attncheck.execution.limits import Limits
    from attncheck.formats import find_format

    parsing.limits(timeout=timeout, jobs=jobs, seed=seed)
    if every == bool(spec):
        raise UsageError("name a spec, or say --all", instead="see: attncheck list specs")
    asked = Asked(
        arguments=parsing.initials(init or []),
        dims=parsing.sizes(dims or []),
        inputs=inputs or [],
        claims=claim or [],
        skips=skip or [],
        dtype=dtype,
        device=device,
        seed=seed,
    )
    limits = Limits(timeout, 20 * timeout, memory_bytes(memory_limit))
    shown = find_format(format_name)
    files = outputs(output or [])
    on = held.ground(baseline, written=[file.path for file in files]) if baseline else None
    selections = select_all(asked) if every else select(spec, target, asked)
    with interrupts.held():
        report = report_of(selections, limits, jobs, files, quiet=quiet, debug=debug)
        code = exit_of(report, strict=strict)
        if files and not report.subjects:
            log("attncheck: nothing was audited, so no report is written")
            files, code = [], Exit.FAILED
        screen = not quiet if format_name == "text" and report.subjects else format_name != "text"
        code = hand_over(report, shown, files, code, screen=screen)
    if on is not None and report.subjects:
        answer = held.show_held(on, report, output or [], format_name, strict=strict, quiet=quiet)
        code = code if code is Exit.FAILED else answer
    raise typer.Exit(code)


def report_of(
    selections: list[Selection],
    limits: Limits,
    jobs: int,
    files: Sequence[OutputFile] = (),
    *,
    quiet: bool,
    debug: bool,
) -> Report:
    """Run everything and return the report; problems are told on standard error as well.

    JSON files hold what is finished while the rest runs.
    """
    from attncheck.auditing.run import run
    from attncheck.cli.kept import Kept
    from attncheck.cli.progress import live_line

    with live_line([task for _, task in selections], quiet=quiet) as listen:
        audit = run(selections, limits, jobs, listen, Kept(files).add)
    for entry in audit.entries:
        if entry.problem is not None:
            _tell(entry, debug=debug)
    if audit.report.partial:
        log("attncheck: interrupted; what follows is what was finished")
    return audit.report


def _tell(entry: SubjectAudited, *, debug: bool) -> None:
    from attncheck.errors import AttncheckError

    problem, refused = entry.problem, entry.result.refused
    assert problem is not None
    assert refused is not None
    place = f"{problem.spec}@{problem.subject}" + (f": {problem.where}" if problem.where else "")
    complain(AttncheckError(problem.what, where=place, instead=problem.instead))
    if refused.kind == "internal":
        log("".join(refused.traceback) if debug else "  run it again with --debug and report it")
