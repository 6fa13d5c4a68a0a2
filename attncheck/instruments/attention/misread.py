"""Say what a mask that does not hide its keys does instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from attncheck.instruments.attention.graph import SOFTMAX, Node, record
from attncheck.instruments.attention.hearing import Hearing
from attncheck.lazy import torch
from attncheck.subject.tolerance import close
from attncheck.subject.trial import Trial

_LARGEST_SHIFT = 50.0
"""A constant beyond this is meant to hide; a smaller one only makes a key less likely."""


@dataclass(frozen=True)
class Misreading:
    """What a mask does: a word for the report's evidence, and the sentence."""

    word: str
    sentence: str


def blame(trial: Trial, hearing: Hearing, masks: Mapping[str, torch.Tensor]) -> Misreading:
    """Return what the mask does instead of hiding.

    Args:
        trial: the subject, called with the masks.
        hearing: what came of perturbing keys.
        masks: the masks by the names of their inputs.
    """
    heard_before = hearing.plain > hearing.noise
    loud = hearing.hidden & hearing.counts & heard_before
    quiet = ~hearing.hidden & hearing.counts & heard_before
    all_leak = bool((hearing.leaks == loud).all()) and bool(loud.any())
    if all_leak and bool((hearing.deaf == quiet).all()) and bool(quiet.any()):
        return Misreading(
            "inverted",
            "the masked keys are the only ones attended: the mask is read the other way round",
        )
    if close(torch.nan_to_num(hearing.output), torch.nan_to_num(hearing.unmasked)):
        return Misreading("ignored", "the mask changes nothing: the output is the same without it")
    if _transposed(hearing):
        return Misreading(
            "transposed", "the mask is applied with its rows and columns, queries and keys, swapped"
        )
    return _by_logits(trial, masks) or Misreading(
        "leaks", "keys that the mask hides still change the outputs of valid queries"
    )


def _transposed(hearing: Hearing) -> bool:
    hidden = hearing.hidden
    if hidden.shape[1] != hidden.shape[2] or torch.equal(hidden, hidden.transpose(1, 2)):
        return False
    silent = (hearing.masked <= hearing.noise) & hearing.counts
    wanted = hidden.transpose(1, 2) & hearing.counts
    return bool(wanted.any()) and torch.equal(silent, wanted)


def _by_logits(trial: Trial, masks: Mapping[str, torch.Tensor]) -> Misreading | None:
    """Compare what the softmaxes read with the mask and without."""
    module, inputs = trial.module(), trial.inputs()
    plain = _logits(record(trial, module, inputs)[0])
    masked = _logits(record(trial, module, {**inputs, **masks})[0])
    if not plain or len(plain) != len(masked):
        return None
    changes = [b - a for a, b in zip(plain, masked, strict=True) if a.shape == b.shape]
    if not changes:
        return None
    moved = torch.cat([c.flatten() for c in changes])
    if float(moved.abs().max()) == 0.0:
        return Misreading(
            "after the softmax",
            "the mask never reaches the softmax: it is applied to the weights afterwards, so a "
            "hidden key still takes its share and the rows no longer sum to one",
        )
    span = float(moved.max() - moved.min())
    if torch.isfinite(moved).all() and 1e-6 < span < _LARGEST_SHIFT:
        return Misreading(
            "added",
            f"the mask only shifts the logits, by {span:.3g} between hidden and visible keys: "
            "it is added as numbers, nothing is taken out of the softmax",
        )
    return None


def _logits(nodes: list[Node]) -> list[torch.Tensor]:
    return [n.arguments[0].value for n in nodes if n.op in SOFTMAX and n.from_input]
