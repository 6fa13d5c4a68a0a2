"""The command line. The only place that knows exit codes, and that imports typer."""

from __future__ import annotations

import sys

from attncheck.cli.beginning import is_lost
from attncheck.cli.descriptors import fill

_RUNS_MODULES = ("audit", "profile", "replay", "evaluate", "selftest", "calibrate")
_HELP = {"-h", "--help"}


def main() -> int:
    """Run the command line and return the exit status."""
    fill()
    words = sys.argv[1:]
    starts = words[:1] and words[0] in _RUNS_MODULES and not _HELP & set(words)
    if starts and not is_lost():
        # torch loads in the fork server while typer, the spec and its probes load here.
        from attncheck.execution.starting import warm_up

        warm_up(everything="--all" in words or words[0] in ("evaluate", "profile", "selftest"))
    from attncheck.cli.app import run

    try:
        return run()
    finally:
        if starts:
            from attncheck.execution.starting import cool_down

            cool_down()


__all__ = ["main"]
