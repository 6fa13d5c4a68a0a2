"""Global attention, Luong et al. 2015, arXiv:1508.04025, equations 5, 7 and 8."""

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
    dims={"C": None, "D": None},
    derived={"A": "C"},
    options={
        "score": "general",
        "attentional": False,
        "key_bias": False,
        "query_bias": False,
        "pair_bias": False,
        "beside_bias": False,
        "vector_bias": False,
        "context_bias": False,
        "state_bias": False,
    },
    general_key=linear_slot("D", "C", bias="key_bias", when="score == general"),
    general_query=linear_slot("C", "D", bias="query_bias", when="score == general-query"),
    pair_query=linear_slot("C", "A", bias="pair_bias", when="score == concat"),
    pair_key=linear_slot("D", "A", bias="beside_bias", when="score == concat"),
    vector=linear_slot("A", "1", bias="vector_bias", when="score == concat"),
    out_context=linear_slot("D", "C", bias="context_bias", when="attentional"),
    out_state=linear_slot("C", "C", bias="state_bias", when="attentional"),
)
def luong(
    p: Any, o: SimpleNamespace, query: Tensor, key: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Weigh the source's states for a decoder's: (B, C), (B, M, D) -> context (B, D).

    Several states at once are (B, N, C). ``attentional`` gives the state after it, (B, C).
    ``mask`` is True where a source state is hidden: (B, M), or (B, N, M).
    """
    states = as_states(query)  # (B, N, C)
    if o.score == "concat":
        a_query = linear(p.pair_query, states)  # W_a [h_t; h_s] in its two halves
        a_key = linear(p.pair_key, key)
        q = a_query[:, :, None]
        k = a_key[:, None]
        s = q + k
        t = tanh(s)
        u = linear(p.vector, t)
        e = u[..., 0]  # (B, N, M)
    else:
        left = linear(p.general_query, states) if "query" in o.score else states
        right = linear(p.general_key, key) if o.score == "general" else key
        e = left @ right.transpose(-1, -2)
    hidden = None if mask is None else over_states(mask)
    masked = hide(e, hidden)
    attention = softmax(masked, -1)  # eq. 7
    weights = only_visible(attention, hidden)
    context = weights @ key
    if o.attentional:
        from_context = linear(p.out_context, context)  # W_c [c; h] in its two halves
        from_state = linear(p.out_state, states)
        joined = from_context + from_state
        new = tanh(joined)  # eq. 5
    else:
        new = context
    out = like_states(new, query)
    return out
