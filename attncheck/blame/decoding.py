"""Decoding with a cache: the line on which the first wrong piece leaves the full pass."""

from __future__ import annotations

from itertools import pairwise

from attncheck.instruments.attention.caches import CacheWay, Decoder
from attncheck.lazy import torch
from attncheck.source.paired import traced
from attncheck.source.places import Blame
from attncheck.source.reading import all_made_at, source_of, written
from attncheck.source.stepwise import mentions, part_departs
from attncheck.subject.raising import SubjectError
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Trial


def wrong_piece(
    decoders: tuple[Decoder, Decoder], plain: Decoder, x: torch.Tensor, cuts: list[int]
) -> Blame | None:
    """Return the line on which the first wrong piece departs; where none is, the cache's last use.

    Args:
        decoders: two of the same kind: one is fed, the other follows it and is traced.
        plain: one without a cache.
        x: the tokens.
        cuts: where the pieces end.
    """
    fed, follower = decoders
    size = x.shape[1]
    given = plain.given(x, 0, size)
    full = plain.trial.run(plain.module, given)
    fed.begin()
    follower.begin()
    for start, end in pairwise([0, *cuts]):
        try:
            got = fed.step(x, start, end)
            right = difference(got, full[:, start:end]) <= budget(full)
        except (SubjectError, LookupError):
            right = False
        if right:
            follower.step(x, start, end)
            continue
        whole = traced(plain.trial, plain.module, given)
        piece = follower.piece(start, end)
        part = traced(piece, follower.module, follower.given(x, start, end))
        found = part_departs(whole, part, start, end, size)
        return found or _use(plain.trial, fed.way)
    return _use(plain.trial, fed.way)


def _use(trial: Trial, way: CacheWay) -> Blame | None:
    """Return the last line that uses the cache: of ``forward``, or where it is kept."""
    found = source_of(trial.subject)
    if way.inside and isinstance(found, type):
        kept = all_made_at(found, way.inside, "it is kept here")
        return Blame(kept[-1], kept[:-1]) if kept else None
    source = written(getattr(found, "forward", found))
    if source is None or not way.parameter:
        return None
    first, last = getattr(source.node, "lineno", 0), getattr(source.node, "end_lineno", 0)
    places = list(mentions(source.path, first + 1, last, way.parameter))
    return Blame(places[-1]) if places else None
