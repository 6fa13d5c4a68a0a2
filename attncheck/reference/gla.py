"""Gated linear attention, Yang et al. 2023, arXiv:2312.06635, equation 3 and section 4.4."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor
from torch.nn.functional import logsigmoid, silu

from attncheck.reference.heads import merge_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.slots import token_norm
from attncheck.reference.steps import linear, norm


@mechanism(
    dims={"C": None, "heads": None, "head_dim": None, "value_dim": None, "R": 16},
    derived={"I": "heads * head_dim", "V": "heads * value_dim"},
    options={
        "bias": False,
        "gate_bias": False,
        "out_bias": False,
        "scale": True,
        "tau": 16.0,
        "rms": True,
    },
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("C", "I", bias="bias"),
    value=linear_slot("C", "V", bias="bias"),
    fade=linear_slot("C", "R"),
    rate=linear_slot("R", "I", bias=True),
    head_norm=token_norm("value_dim", "rms"),
    gate=linear_slot("C", "V", bias="gate_bias"),
    output=linear_slot("V", "C", bias="out_bias"),
)
def gla(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Carry a state that each token fades and adds to: (B, N, C) -> same."""
    q_all = linear(p.query, x)
    k_all = linear(p.key, x)
    v_all = linear(p.value, x)
    few = linear(p.fade, x)  # (B, N, R)
    a_all = linear(p.rate, few)
    q_own = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    a = split_heads(a_all, o.heads)
    d = q_own.shape[-1]
    q = q_own / d**0.5 if o.scale else q_own
    slow = logsigmoid(a) / o.tau
    total = slow.cumsum(2)
    gap = total[:, :, :, None] - total[:, :, None]  # (B, heads, N, M, d)
    past = gap.clamp_max(0)  # later tokens are left out below
    left = past.exp()  # what is left of each channel: sigmoid(a)^(1/tau), of all tokens between
    pairs = q[:, :, :, None] * k[:, :, None]
    weighed = pairs * left
    s = weighed.sum(-1)  # (B, heads, N, M)
    seen = s.tril()
    heads = seen @ v  # eq. 3: what q reads from the state
    normed = norm(p.head_norm, heads)
    merged = merge_heads(normed)
    g_all = linear(p.gate, x)
    g = silu(g_all)
    z = g * merged
    y = linear(p.output, z)
    return y
