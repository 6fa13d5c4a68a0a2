"""``attncheck env``."""

from __future__ import annotations


def env() -> None:
    """Show the fingerprint of this machine and installation."""
    from attncheck.cli.output import show_page
    from attncheck.commands.explain import environment_page
    from attncheck.data.environment import fingerprint

    show_page(environment_page(fingerprint()))
