"""Additive attention, Bahdanau et al. 2015, arXiv:1409.0473, section 3.1 and appendix A.1.2."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, tanh

from attncheck.reference.heads import hide, only_visible
from attncheck.reference.mechanism import mechanism
from attncheck.reference.sequence_steps import as_states, like_states, over_states
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, softmax


@mechanism(
    dims={"C": None, "D": None, "A": None},
    options={"query_bias": True, "key_bias": True, "score_bias": True},
    query=linear_slot("C", "A", bias="query_bias"),
    key=linear_slot("D", "A", bias="key_bias"),
    score=linear_slot("A", "1", bias="score_bias"),
)
def bahdanau(
    p: Any, o: SimpleNamespace, query: Tensor, key: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Weigh the annotations of a source for a decoder's state: (B, C), (B, M, D) -> (B, D).

    Several states at once are (B, N, C) -> (B, N, D). ``mask`` is True where an annotation is
    hidden: (B, M), or (B, N, M).
    """
    states = as_states(query)  # (B, N, C)
    a_query = linear(p.query, states)  # W_a s
    a_key = linear(p.key, key)  # U_a h
    q = a_query[:, :, None]  # (B, N, 1, A)
    k = a_key[:, None]  # (B, 1, M, A)
    s = q + k
    t = tanh(s)
    u = linear(p.score, t)  # v_a
    e = u[..., 0]  # (B, N, M), the alignment model
    hidden = None if mask is None else over_states(mask)
    masked = hide(e, hidden)
    attention = softmax(masked, -1)  # eq. 6
    weights = only_visible(attention, hidden)
    c = weights @ key  # eq. 5
    context = like_states(c, query)
    return context
