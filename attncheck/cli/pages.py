"""``list``, ``explain`` and ``env``: pages of text, made without torch."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from attncheck.cli.delivery import deliver
from attncheck.cli.streams import colourful, width

if TYPE_CHECKING:
    from attncheck.page import Page


def list_(
    what: Annotated[
        str, typer.Argument(help="specs, claims, subjects, formats or devices.")
    ] = "specs",
) -> None:
    """List specs, claim kinds, subjects, formats or devices."""
    from attncheck.explaining import listing

    _show(listing(what))


def explain(
    name: Annotated[str, typer.Argument(help="A claim kind or a spec.", metavar="CLAIM-KIND|SPEC")],
) -> None:
    """Explain a claim kind, or a spec with its claims."""
    from attncheck.explaining import explain as page_of

    _show(page_of(name))


def env() -> None:
    """Show the fingerprint of this machine and installation."""
    from attncheck.environment import fingerprint
    from attncheck.explaining import environment_page

    _show(environment_page(fingerprint()))


def _show(page: Page) -> None:
    from attncheck.formats import render_page

    screen = partial(render_page, page, color=colourful(sys.stdout), width=width())
    raise typer.Exit(deliver([], screen))
