"""FAVOR+ attention, Choromanski et al. 2021, arXiv:2009.14794, lemma 1 and section 2.2."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.heads import merge_heads, split_heads
from attncheck.reference.kernel_steps import constant, pair
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import buffer
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear


@mechanism(
    dims={"C": None, "heads": None, "m": None},
    options={"bias": True, "out_bias": True, "out": True, "stable": False, "eps": 1e-6},
    query=linear_slot("C", "C", bias="bias"),
    key=linear_slot("C", "C", bias="bias"),
    value=linear_slot("C", "C", bias="bias"),
    omega=buffer("m", "C // heads"),
    output=linear_slot("C", "C", bias="out_bias", when="out"),
)
def performer(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Attend by positive random features, linear in the length: (B, N, C) -> (B, N, C)."""
    q_all = linear(p.query, x)
    k_all = linear(p.key, x)
    v_all = linear(p.value, x)
    q_heads = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k_heads = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    d = q_heads.shape[-1]
    both = pair(q_heads, k_heads)  # (2, B, heads, N, d): one feature map for the two
    t = both / d**0.25  # together the 1/sqrt(d) of softmax attention
    features = p.omega.transpose(0, 1)  # (d, m), rows of omega are normal
    m = features.shape[1]
    t_w = t @ features
    squares = t * t
    t_square = squares.sum(-1, keepdim=True)
    t_log = t_w - t_square / 2  # lemma 1: exp(w·x - |x|²/2)
    q_log = t_log[0]
    k_log = t_log[1]
    q_most = constant(t_w[0]).amax(-1, keepdim=True)  # per query: cancels in the quotient
    k_top = constant(t_w[1]).amax(-1, keepdim=True)
    k_most = k_top.amax(-2, keepdim=True)  # one for all keys: another of each would not cancel
    q_exp = (q_log - q_most).exp() + o.eps if o.stable else q_log.exp()  # as the authors' code
    k_exp = (k_log - k_most).exp() + o.eps if o.stable else k_log.exp()
    q_phi = q_exp / m**0.5
    k_phi = k_exp / m**0.5
    context = k_phi.transpose(-1, -2) @ v  # (B, heads, m, d)
    total = k_phi.sum(-2)[..., None]
    above = q_phi @ context
    below = q_phi @ total
    heads = above / below if o.stable else above / (below + o.eps)
    merged = merge_heads(heads)
    y = linear(p.output, merged) if o.out else merged
    return y
