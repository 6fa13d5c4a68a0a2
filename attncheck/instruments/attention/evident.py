"""What a mask shows of its meaning where it does not do what it means."""

from __future__ import annotations

from attncheck.instruments.attention.hearing import Hearing
from attncheck.instruments.attention.masks import MaskWay, encode, some_hidden
from attncheck.instruments.attention.misread import by_logits
from attncheck.signature.masks import possible_axes
from attncheck.subject.raising import SubjectError
from attncheck.subject.tolerance import close
from attncheck.subject.trial import Trial


def evident_of(ways: list[MaskWay], trial: Trial) -> MaskWay | None:
    """Return the first way of which the softmax's logits or weights show that it is meant."""
    data = trial.subject.convention.inputs
    usual = [("B",), *possible_axes(data)[:6]]  # others may be right in an order that is not tried
    for way in [w for w in ways if w.argument.axes in usual and not w.argument.order]:
        masked = Trial(way.applied(trial.subject), trial.case)
        hidden = some_hidden(way, masked)
        try:
            found = by_logits(masked, hidden, {way.argument.input: encode(hidden, way, masked)})
        except (SubjectError, KeyError, RuntimeError):
            continue
        if found is None or not found.evident:
            continue
        if found.word == "rows" and may_be_of_queries(way.argument.parameter):
            continue
        return way
    return None


def may_be_of_queries(name: str) -> bool:
    """Say whether a mask's name speaks of queries or outputs."""
    lowered = name.lower()
    return any(word in lowered for word in ("quer", "q_mask", "tgt", "target", "output", "loss"))


def of_rows_alone(hearing: Hearing) -> bool:
    """Say whether a mask changes the outputs of padding alone."""
    if hearing.output.ndim != 3 or hearing.output.shape != hearing.unmasked.shape:
        return False
    rows = hearing.counts.any(-1)
    return not bool(rows.all()) and close(
        hearing.output.nan_to_num()[rows], hearing.unmasked.nan_to_num()[rows]
    )
