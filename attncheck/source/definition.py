"""Where a subject's ``forward`` is written."""

from __future__ import annotations

import inspect
from typing import Any

from attncheck.report import Location
from attncheck.subject import Subject


def source_of(subject: Subject) -> Any:
    """Return what holds the subject's source: its class, its definition, or its factory."""
    factory: Any = subject.factory
    function = getattr(factory, "function", None)
    return function if callable(function) else factory


def forward_location(subject: Subject) -> Location | None:
    """Return the line of ``def forward``, or of the definition; None without source."""
    found = source_of(subject)
    method = getattr(found, "forward", found)
    try:
        path = inspect.getsourcefile(method)
        _, line = inspect.getsourcelines(method)
    except (OSError, TypeError):
        return None
    return Location(path, line) if path else None
