"""The command line. The only place that knows exit codes, and that imports typer."""

from __future__ import annotations

from attncheck.cli.app import main

__all__ = ["main"]
