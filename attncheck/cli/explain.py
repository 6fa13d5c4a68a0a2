"""``attncheck explain``."""

from __future__ import annotations

from typing import Annotated

import typer


def explain(
    name: Annotated[str, typer.Argument(help="A claim kind or a spec.", metavar="CLAIM-KIND|SPEC")],
) -> None:
    """Explain a claim kind, or a spec with its claims."""
    from attncheck.cli.output import show_page
    from attncheck.commands.explain import explain as page_of

    show_page(page_of(name))
