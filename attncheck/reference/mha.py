"""Multi-head attention, Vaswani et al. 2017, arXiv:1706.03762, sections 3.2.1 and 3.2.2."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.heads import hide, merge_heads, only_visible, over_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import layer_norm
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, norm, softmax


@mechanism(
    dims={"C": None, "D": None, "heads": None, "head_dim": None},
    derived={"I": "heads * head_dim"},
    options={
        "bias": True,
        "out_bias": True,
        "out": True,
        "norm_first": False,
        "sublayer": "bare",
    },
    before=layer_norm("C", when="norm_first"),
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("D", "I", bias="bias"),
    value=linear_slot("D", "I", bias="bias"),
    output=linear_slot("I", "C", bias="out_bias", when="out"),
    after=layer_norm("C", when="sublayer == normed"),
)
def mha(
    p: Any,
    o: SimpleNamespace,
    query: Tensor,
    key: Tensor | None = None,
    value: Tensor | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """Attend from queries to keys, each head on its own: (B, N, C) -> (B, N, C).

    Without keys the queries attend to themselves, without values the keys are the values. With
    ``norm_first`` the LayerNorm of a pre-norm block stands in the attention's own class.
    ``mask`` is True where a key is hidden: (B, M), (B, N, M) or (B, heads, N, M); a query that
    sees no key at all gets the output of a zero.
    """
    x = norm(p.before, query) if o.norm_first else query
    keys = x if key is None else key
    values = keys if value is None else value
    q_all = linear(p.query, x)
    k_all = linear(p.key, keys)
    v_all = linear(p.value, values)
    q = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    d = q.shape[-1]
    scores = q @ k.transpose(-1, -2)  # (B, heads, N, M)
    logits = scores / d**0.5  # eq. 1
    hidden = None if mask is None else over_heads(mask)
    masked = hide(logits, hidden)
    attention = softmax(masked, -1)
    weights = only_visible(attention, hidden)
    heads = weights @ v
    merged = merge_heads(heads)  # the heads side by side
    out = linear(p.output, merged) if o.out else merged
    if o.sublayer == "bare":
        return out
    added = query + out  # section 3.1, the sublayer: LayerNorm(x + Sublayer(x))
    y = norm(p.after, added) if o.sublayer == "normed" else added
    return y
