"""``attncheck list``."""

from __future__ import annotations

from typing import Annotated

import typer


def list_(
    what: Annotated[
        str, typer.Argument(help="specs, claims, subjects, formats or devices.")
    ] = "specs",
) -> None:
    """List specs, claim kinds, subjects, formats or devices."""
    from attncheck.cli.output import show_page
    from attncheck.commands.explain import listing

    show_page(listing(what))
