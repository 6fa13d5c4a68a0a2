"""Which mechanism a module computes, and how that is known: what ``identify`` answers."""

from __future__ import annotations

from typing import Literal

import msgspec

from attncheck.data.report import Location

Known = Literal["proven", "variant", "departs", "named", "unknown"]


class Identity(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a module is. It is no verdict: a faulty module may equal another mechanism.

    Attributes:
        mechanism: a spec's id; None where no mechanism that we know is meant.
        known: ``proven`` equal to its definition; a ``variant`` of it after design changes;
            ``departs`` from it at a step, where all else is the definition's; ``named`` so, and
            nothing confirmed it; ``unknown``.
        changes: the design changes of a variant, in words.
        also: other mechanisms that it equals as well, each more general.
        step: the definition's step from which it departs.
        location: the line of its source that does.
        named: the mechanism that its name says, where that is neither this one nor akin to it.
        message: how it is known, in a sentence.
        families: the contracts whose inputs it takes: ``map``, ``tokens``, ``seq2seq``.
        call: how it was built and called, in words.
    """

    mechanism: str | None
    known: Known
    changes: list[str] = []
    also: list[str] = []
    step: str = ""
    location: Location | None = None
    named: str | None = None
    message: str = ""
    families: list[str] = []
    call: str = ""
