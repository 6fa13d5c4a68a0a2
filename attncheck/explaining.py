"""What ``list``, ``explain`` and ``env`` say, as pages; nothing here imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attncheck.errors import UsageError, did_you_mean
from attncheck.page import Page, Section, Table

LISTS = ("specs", "claims", "subjects", "formats", "devices")
"""What ``attncheck list`` can list."""


def listing(what: str) -> Page:
    """Return the page of ``attncheck list WHAT``.

    Raises:
        UsageError: ``what`` is not one of ``LISTS``.
    """
    if what not in LISTS:
        raise UsageError(f"cannot list '{what}'", instead=did_you_mean(what, LISTS))
    return Page(what)


def explain(name: str) -> Page:
    """Return the page of ``attncheck explain NAME``: a claim kind or a spec.

    Raises:
        UsageError: no claim kind or spec has this name.
        SpecError: the spec's file cannot be understood.
    """
    return Page(name)


def environment_page(environment: Mapping[str, Any]) -> Page:
    """Return the page of ``attncheck env`` for the report's ``environment`` table."""
    rows = [[name, str(value)] for name, value in environment.items()]
    return Page(sections=[Section(table=Table(rows))])
