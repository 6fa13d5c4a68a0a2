"""Attention weights that are returned beside the output are those that make it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.attention.callings import given, optional_parameters
from attncheck.instruments.attention.graph import record
from attncheck.instruments.attention.weights import factors
from attncheck.lazy import torch
from attncheck.signature.masks import key_axis, query_axis
from attncheck.source.mentions import inputs_not_read
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget, close
from attncheck.subject.trial import Trial

_FLAG = re.compile(r"(need|return|output|get|with|save)_?.*(weight|attn|attention|score|map)")


class ReturnedWeights(Claim, frozen=True, kw_only=True):
    """A map over queries and keys that comes back beside the output is what weighed the values.

    ## What it checks
    A second output of one number per query and key, returned always or where a flag asks for it
    (`need_weights=True`, `return_attention=True`): each query's numbers must sum to one, and they
    must be the weights with which the values are summed, head by head or their mean, or their
    logits. Where they are something else (weights of another layer, or of another mask) that is
    undecided, not a fault.

    ## Why it matters
    People draw these maps, prune heads by them and train on them.

    ## Example
    `return self.out(attn @ v), scores.softmax(1)` returns what was normalised over the wrong axis.
    """

    kind: ClassVar[str] = "returned-weights"
    turn: ClassVar[int] = 345

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.near({"B": 3, "N": 6, "M": 9})

    def check(self, trial: Trial) -> Outcome:
        data = trial.subject.convention.inputs
        keys = key_axis(data)
        if keys not in ("N", "M", "G") or trial.axes()[0] != "B":
            return skipped("no keys that weights could be of")
        flags = {p.name: True for p in optional_parameters(trial) if _FLAG.search(p.name)}
        asked = given(trial, flags) if flags else trial
        try:
            output = asked.outputs(asked.module(), asked.inputs())
        except SubjectError as error:
            return undecided(f"asked for with {', '.join(flags)}, {error}" if flags else str(error))
        sizes = (trial.dims.get(query_axis(data), 1), trial.dims[keys])
        batch = trial.dims.get("B", 1)
        # Some return the map alone where it is asked for.
        beside = [*output.others, *([output.main] if flags else [])]
        maps = [t for t in beside if t.shape[-2:] == sizes and _fits(t, batch)]
        if not maps:
            if flags and flags.keys() <= set(inputs_not_read(trial.subject)):
                return skipped(f"'{next(iter(flags))}' is never read")
            if flags:
                return undecided(f"'{next(iter(flags))}' brings no map over queries and keys")
            return skipped("nothing like attention weights comes back beside the output")
        nodes, _ = record(asked, asked.module(), asked.inputs())
        used = [w for f in factors(nodes) for w in _by_head(f, batch, sizes)]
        for one in maps:
            if (why := _unlike(one.detach(), used)) is not None:
                return undecided(why)
        return holds(maps=len(maps))


def _fits(tensor: torch.Tensor, batch: int) -> bool:
    """Say whether a map may be of all samples: heads may be an axis, or groups and heads two."""
    return (tensor.ndim in (3, 4, 5) and tensor.shape[0] % batch == 0) or tensor.ndim == 2


def _by_head(weights: torch.Tensor, batch: int, sizes: tuple[int, int]) -> Iterator[torch.Tensor]:
    """Yield weights as (B, heads, N, M), and their mean over heads."""
    queries, keys = sizes
    if weights.ndim < 2 or weights.shape[-1] != keys or weights.shape[-2] % queries:
        return
    if weights.numel() % (batch * queries * keys):
        return
    # Heads that share keys may be rows of one matrix, head by head or query by query.
    by_query = weights.reshape(-1, queries, weights.shape[-2] // queries, keys).transpose(1, 2)
    for rows in (weights, by_query) if weights.shape[-2] > queries else (weights,):
        apart = rows.reshape(batch, -1, *sizes)
        yield apart
        yield apart.mean(1, keepdim=True)


def _unlike(returned: torch.Tensor, used: list[torch.Tensor]) -> str | None:
    """Say in what way a map is no attention weights, None where it is."""
    if _among(returned.softmax(-1), used):
        return None  # the logits of the weights, as their name may say
    sums = returned.sum(-1)
    if bool((returned < -budget(returned)).any()) or not close(sums, torch.ones_like(sums)):
        low, high = float(sums.min()), float(sums.max())
        return (
            f"a map over queries and keys comes back whose rows sum to {low:.3g} to {high:.3g}: "
            "it is no attention weights, and what it is is not known"
        )
    if not used:
        return "weights come back, and what the values are summed with cannot be seen"
    if _among(returned, used):
        return None
    return "weights come back that are not those with which the values are summed"


def _among(returned: torch.Tensor, used: list[torch.Tensor]) -> bool:
    return any(
        returned.numel() == weights.numel() and close(returned.reshape(weights.shape), weights)
        for weights in used
    )
