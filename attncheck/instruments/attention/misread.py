"""Say what a mask that does not hide its keys does instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from attncheck.instruments.attention.graph import SOFTMAX, Node, record
from attncheck.instruments.attention.hearing import Hearing
from attncheck.instruments.attention.weights import factor_of
from attncheck.lazy import torch
from attncheck.subject.tolerance import close
from attncheck.subject.trial import Tensors, Trial

_LARGEST_SHIFT = 50.0
"""A constant beyond this is meant to hide; a smaller one only makes a key less likely."""


@dataclass(frozen=True)
class Misreading:
    """What a mask does: a word for the report's evidence, and the sentence.

    Attributes:
        evident: what the mask means can be read off what it does, though it does it wrong.
    """

    word: str
    sentence: str
    evident: bool = False


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
    if of_other_samples(hearing):
        return Misreading(
            "batch",
            "the mask of one sample hides keys in another sample of the batch: its rows are laid "
            "on the batch in another order",
        )
    return by_logits(trial, hearing.hidden, masks) or Misreading(
        "leaks", "keys that the mask hides still change the outputs of valid queries"
    )


def _transposed(hearing: Hearing) -> bool:
    hidden = hearing.hidden
    if hidden.shape[1] != hidden.shape[2] or torch.equal(hidden, hidden.transpose(1, 2)):
        return False
    silent = (hearing.masked <= hearing.noise) & hearing.counts
    wanted = hidden.transpose(1, 2) & hearing.counts
    return bool(wanted.any()) and torch.equal(silent, wanted)


def of_other_samples(hearing: Hearing) -> bool:
    """Say whether each sample is masked as another one of the batch should be."""
    hidden, heard_before = hearing.hidden, hearing.plain > hearing.noise
    asked = hearing.counts & heard_before
    silent = (hearing.masked <= hearing.noise) & asked
    rolled = [hidden.roll(by, 0) for by in range(1, hidden.shape[0])]
    return any(
        bool(wanted.any()) and torch.equal(silent, wanted) and not torch.equal(wanted, right)
        for wanted, right in ((t & asked, hidden & asked) for t in (hidden.flip(0), *rolled))
    )


def by_logits(
    trial: Trial, hidden: torch.Tensor, masks: Mapping[str, torch.Tensor]
) -> Misreading | None:
    """Compare what the softmaxes read with the mask and without; None where that tells nothing.

    Args:
        trial: the subject, called with the masks.
        hidden: (B, N, M), what the masks hide.
        masks: the masks by the names of their inputs.
    """
    module, inputs = trial.module(), trial.inputs()
    plain = _softmaxes(trial, module, inputs)
    masked = _softmaxes(trial, module, {**inputs, **masks})
    if not plain or len(plain) != len(masked):
        return None
    pairs = [(a, b) for a, b in zip(plain, masked, strict=True) if _shape(a) == _shape(b)]
    if not pairs:
        return None
    if all(torch.equal(_logits(a), _logits(b)) for a, b in pairs):
        zeros = all(_zero_where(b, hidden) for _, b in pairs)
        return Misreading(
            "after the softmax",
            "the mask never reaches the softmax: it is applied to the weights afterwards, so a "
            "hidden key still takes its share and the rows no longer sum to one",
            zeros,
        )
    found = {_entries(_logits(a), _logits(b), hidden) for a, b in pairs}
    if len(found) == 1 and (one := found.pop()) is not None:
        return one
    changes = [_logits(b) - _logits(a) for a, b in pairs]
    moved = torch.cat([c.flatten() for c in changes])
    span = float(moved.max() - moved.min())
    if torch.isfinite(moved).all() and 1e-6 < span < _LARGEST_SHIFT:
        return Misreading(
            "added",
            f"the mask only shifts the logits, by {span:.3g} between hidden and visible keys: "
            "it is added as numbers, nothing is taken out of the softmax",
        )
    return None


def _softmaxes(trial: Trial, module: torch.nn.Module, inputs: Tensors) -> list[Node]:
    return [n for n in record(trial, module, inputs)[0] if n.op in SOFTMAX and n.from_input]


def _logits(softmax: Node) -> torch.Tensor:
    value: torch.Tensor = softmax.arguments[0].value
    return value


def _shape(softmax: Node) -> tuple[int, ...]:
    return tuple(_logits(softmax).shape)


def _entries(a: torch.Tensor, b: torch.Tensor, hidden: torch.Tensor) -> Misreading | None:
    """Say which entries of the logits a mask has changed, where they are others than the keys'."""
    wanted = _laid_out(hidden, a)
    if wanted is None:
        return None
    changed, free = a != b, a.isfinite()
    if torch.equal(changed & free, wanted & free):
        filled = set(b[changed].tolist())
        if len(filled) == 1 and abs(constant := float(filled.pop())) < _LARGEST_SHIFT:
            return Misreading(
                "filled",
                f"the scores of hidden keys are set to {constant:.3g}, which takes nothing "
                "out of the softmax: each still has its share",
                True,
            )
        return None
    square = hidden.shape[1] == hidden.shape[2]
    rows = _laid_out(hidden.transpose(1, 2), a) if square else None
    alike = bool((hidden == hidden[:, :1]).all())
    if rows is not None and alike and torch.equal(changed & free, rows & free):
        return Misreading(
            "rows",
            "the mask hides the rows of padded queries, not the columns of padded keys: every "
            "valid query still hears them",
            True,
        )
    if _of_other_samples(changed, hidden):
        if all(torch.equal(one, changed[0]) for one in changed):
            return Misreading(
                "other samples", "the mask of one sample hides the keys of every sample", True
            )
        return Misreading(
            "other samples",
            "the mask of one sample hides keys of another: its rows lie in another order than "
            "those of the scores, heads first where these have samples first or the reverse",
            True,
        )
    return None


def _of_other_samples(changed: torch.Tensor, hidden: torch.Tensor) -> bool:
    """Say whether every head's changed entries are what some sample hides, not always its own."""
    samples = len(hidden)
    if changed.ndim < 3 or samples < 2 or changed.shape[0] % samples:
        return False
    by_head = changed.reshape(samples, -1, *changed.shape[-2:])
    if by_head.shape[-2:] != hidden.shape[-2:]:
        return False
    own = True
    for sample, heads in enumerate(by_head):
        for head in heads:
            whose = [i for i, pattern in enumerate(hidden) if torch.equal(head, pattern)]
            if not whose:
                return False
            own = own and sample in whose
    return not own


def _laid_out(hidden: torch.Tensor, like: torch.Tensor) -> torch.Tensor | None:
    """Return (B, N, M) as logits of this shape have it: (B, heads, N, M), (B·heads, N, M)…"""
    if like.shape[-2:] != hidden.shape[-2:] or like.ndim not in (3, 4):
        return None
    if like.ndim == 4:
        fits = like.shape[0] in (1, len(hidden))
        return hidden[: like.shape[0], None].expand(like.shape) if fits else None
    times, left = divmod(len(like), len(hidden))
    return hidden.repeat_interleave(times, 0) if not left else None


def _zero_where(softmax: Node, hidden: torch.Tensor) -> bool:
    """Say whether the weights that meet the values are zero where keys are hidden, only there."""
    factor = factor_of(softmax)
    wanted = None if factor is None else _laid_out(hidden, factor)
    if factor is None or wanted is None or factor.numel() != softmax.value.numel():
        return False
    closed = softmax.value.reshape(factor.shape) == 0
    return torch.equal((factor == 0) & ~closed, wanted & ~closed)
