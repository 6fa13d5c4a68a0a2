"""Find lines of a test's own modules by the comments that mark them."""

from __future__ import annotations

import inspect
from typing import Any

from attncheck.blame import blame
from attncheck.data.report import Location
from attncheck.probes import find_kind
from attncheck.subject.claim import violated
from attncheck.subject.trial import Trial
from tests.deciding import subject_of


def marked(thing: Any, mark: str = "here") -> int:
    """Return the number of the line of a class or function that ends in ``# <- mark``."""
    lines, first = inspect.getsourcelines(thing)
    found = [first + i for i, line in enumerate(lines) if line.rstrip().endswith(f"# <- {mark}")]
    assert len(found) == 1, f"{len(found)} lines marked '{mark}'"
    return found[0]


def blamed(
    kind: str, factory: Any, spec: str = "map", *, inputs: tuple[str, ...] = (), **evidence: Any
) -> tuple[Location | None, list[int]]:
    """Return the location of a violation of this kind, and its line followed by related ones."""
    subject = subject_of(factory, spec, inputs=inputs)
    trial, found = Trial(subject, subject.base()), find_kind(kind)
    assert found is not None
    location, related = blame(trial, violated("", **evidence), found.located_by)
    return location, [place.line for place in [location, *related] if place is not None]
