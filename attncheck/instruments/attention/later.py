"""Optional masks that may hide the future: a causal definition's mask may be left to the caller."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from attncheck.instruments.attention.offers import ways_of
from attncheck.signature.convention import Argument
from attncheck.signature.masks import is_position
from attncheck.signature.tables import later_mask
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


def left_to_callers(subject: Subject) -> Iterator[Subject]:
    """Yield the subject called with each optional mask of rows, filled with what is later.

    Only where the definition may be causal or not, and nobody states the call: a layer of a
    language model may count positions as its caller's mask makes them mean, and has a default
    under which it is never used.
    """
    call = subject.convention
    if call.stated or not {True, False} <= {*subject.spec.options.get("causal", ())}:
        return
    try:
        ways = ways_of(subject, Trial(subject, subject.base()))[0]
    except SubjectError:  # it cannot be called at all
        return
    for way in ways:
        mask = way.argument
        axes = mask.order or mask.axes
        places = [axis for axis in axes if is_position(axis)]
        if mask in call.arguments or len(places) != 2 or places[0] != places[1]:
            continue
        table = later_mask(mask.meaning, axes)
        later = Argument(mask.parameter, "", (), keyword=mask.keyword, made=table)
        yield subject.called(replace(call, arguments=(*call.arguments, later)))
