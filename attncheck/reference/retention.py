"""Multi-scale retention, Sun et al. 2023 (RetNet), arXiv:2307.08621, section 2.2, parallel form."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor
from torch.nn.functional import silu

from attncheck.reference.corner import composed
from attncheck.reference.decay_steps import at_least_one, decays, even_angles, kept, rms_of
from attncheck.reference.heads import merge_heads, split_heads
from attncheck.reference.sequence_steps import (
    behind,
    frequencies,
    neighbours,
    other_neighbour,
    places,
)
from attncheck.reference.slots import group_norm, rms_norm
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, norm


@composed(
    dims={"C": None, "heads": None, "head_dim": None, "value_dim": None},
    options={
        "bias": False,
        "out_bias": False,
        "spread": "powers",
        "turn": "even",
        "rows": "divided",
        "norm": "bare",
        "eps": 1e-6,
        "base": 10000.0,
    },
    query=linear_slot("C", "heads * head_dim", bias="bias"),
    key=linear_slot("C", "heads * head_dim", bias="bias"),
    value=linear_slot("C", "heads * value_dim", bias="bias"),
    gate=linear_slot("C", "heads * value_dim", bias="bias"),
    head_norm=rms_norm("value_dim", when="norm == head"),
    group=group_norm("heads * value_dim", "heads", when="norm == group"),
    output=linear_slot("heads * value_dim", "C", bias="out_bias"),
)
def retention(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Let each head forget tokens at a rate of its own: (B, N, C) -> same."""
    q_all = linear(p.query, x)
    k_all = linear(p.key, x)
    v_all = linear(p.value, x)
    g_all = linear(p.gate, x)
    q_own = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k_own = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    d = q_own.shape[-1]
    here = places(x)
    theta = even_angles(d, o.base, x) if o.turn == "even" else frequencies(d, o.base, x)
    angle = neighbours(here[:, None] * theta)
    cos = angle.cos()
    sin = angle.sin()
    q_across = other_neighbour(q_own) * sin
    k_across = other_neighbour(k_own) * sin
    q_turned = q_own * cos + q_across
    k_turned = k_own * cos + k_across
    q = q_own if o.turn == "none" else q_turned
    k = k_own if o.turn == "none" else k_turned
    s = q @ k.transpose(-1, -2)
    scores = s if o.rows == "plain" else s / d**0.5
    gap = behind(here, here)
    gamma = decays(o.heads, o.spread, x)
    decay = kept(gamma, gap)  # (heads, N, N), eq. 5
    even = decay / decay.sum(-1, keepdim=True).sqrt() if o.rows == "divided" else decay
    weighed = scores * even
    most = at_least_one(weighed.abs().sum(-1, keepdim=True))
    weights = weighed / most if o.rows == "divided" else weighed  # no matter before a norm
    heads = weights @ v
    merged = merge_heads(heads)
    if o.norm == "group":
        normed = norm(p.group, merged.flatten(0, 1)).reshape(merged.shape)
    elif o.norm == "head":
        normed = merge_heads(norm(p.head_norm, heads))
    else:
        normed = merge_heads(rms_of(heads, o.eps))  # eq. 8: each head by itself
    g = silu(g_all)
    z = g * normed
    y = linear(p.output, z)
    return y
