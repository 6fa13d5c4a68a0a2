"""The command line. The only place that knows exit codes, and that imports typer."""

from __future__ import annotations

import sys

from attncheck.cli.beginning import is_lost
from attncheck.cli.descriptors import fill

_RUNS_MODULES = (
    "audit",
    "diff",
    "identify",
    "profile",
    "replay",
    "evaluate",
    "selftest",
    "calibrate",
)
_HELP = {"-h", "--help"}


def main() -> int:
    """Run the command line and return the exit status."""
    from attncheck.execution import interrupts

    fill()
    interrupts.listen()
    words = sys.argv[1:]
    runs = bool(words) and words[0] in _RUNS_MODULES and not _HELP & set(words)
    starts = runs and not is_lost()
    try:
        return _run(words, starts=starts)
    except KeyboardInterrupt:  # before or after the command itself
        from attncheck.cli.exits import Exit
        from attncheck.cli.streams import log

        log("attncheck: interrupted")
        return Exit.FAILED
    finally:
        interrupts.ending()
        if starts:
            from attncheck.execution.starting import cool_down

            cool_down()


def _run(words: list[str], *, starts: bool) -> int:
    if starts:
        # torch loads in the fork server while typer, the spec and its probes load here.
        from attncheck.auditing import AUDITED_WITH
        from attncheck.execution.starting import warm_up

        warm_up(
            everything="--all" in words or words[0] in ("evaluate", "profile", "selftest"),
            modules=AUDITED_WITH,
        )
    from attncheck.cli.app import run

    return run()


__all__ = ["main"]
