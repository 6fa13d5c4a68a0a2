"""Cross-attention of learned queries, Jaegle et al. 2021 (Perceiver), arXiv:2103.03206."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.heads import hide, merge_heads, only_visible, over_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.set_steps import for_each
from attncheck.reference.slots import layer_norm, tensor
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, norm, softmax


@mechanism(
    dims={"C": None, "E": None, "L": None, "heads": None, "head_dim": None},
    derived={"I": "heads * head_dim"},
    options={
        "bias": True,
        "out_bias": True,
        "normed": False,
        "residual": False,
    },
    latents=tensor("L", "E"),
    norm_queries=layer_norm("E", when="normed"),
    norm_tokens=layer_norm("C", when="normed"),
    query=linear_slot("E", "I", bias="bias"),
    key=linear_slot("C", "I", bias="bias"),
    value=linear_slot("C", "I", bias="bias"),
    output=linear_slot("I", "E", bias="out_bias"),
)
def learned_queries(p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Sum up any number of tokens in L vectors: (B, N, C) -> (B, L, E).

    ``mask`` is True where a token is hidden: (B, N).
    """
    latents = for_each(p.latents, x)  # (B, L, E), the same for all samples
    n = norm(p.norm_queries, latents) if o.normed else latents
    t = norm(p.norm_tokens, x) if o.normed else x
    q_all = linear(p.query, n)
    k_all = linear(p.key, t)
    v_all = linear(p.value, t)
    q = split_heads(q_all, o.heads)  # (B, heads, L, d)
    k = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    d = q.shape[-1]
    scores = q @ k.transpose(-1, -2)
    logits = scores / d**0.5
    hidden = None if mask is None else over_heads(mask)
    masked = hide(logits, hidden)
    attention = softmax(masked, -1)  # over the tokens
    weights = only_visible(attention, hidden)
    heads = weights @ v
    merged = merge_heads(heads)
    out = linear(p.output, merged)
    y = latents + out if o.residual else out
    return y
