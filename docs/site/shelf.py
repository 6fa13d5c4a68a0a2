"""Every spec and claim kind, read once."""

from __future__ import annotations

from functools import lru_cache

from attncheck.catalogue import Spec, load
from attncheck.probes import all_kinds, find_kind
from attncheck.spec import SpecDocument, read_document
from attncheck.spec.shelf import spec_ids
from attncheck.subject.claim import Claim


@lru_cache(maxsize=1)
def specs() -> dict[str, Spec]:
    """Return every spec by its id, merged with its family's."""
    return {name: load(name) for name in spec_ids()}


@lru_cache(maxsize=1)
def own() -> dict[str, SpecDocument]:
    """Return what each spec's own file says, without its family's."""
    return {name: read_document(spec.path)[0] for name, spec in specs().items()}


@lru_cache(maxsize=1)
def kinds() -> dict[str, type[Claim]]:
    """Return every claim kind by its name."""
    return {name: kind for name in all_kinds() if (kind := find_kind(name)) is not None}


def limits() -> list[str]:
    """Return every limit of use, sorted."""
    return sorted({kind.limit for kind in kinds().values() if kind.limit})
