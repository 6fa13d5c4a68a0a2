"""Nyströmformer, Xiong et al. 2021, arXiv:2102.03902, equations 13 to 15."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.heads import merge_heads, split_heads
from attncheck.reference.landmark_steps import largest_sums, segment_means
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import identity_like, linear, softmax


@mechanism(
    dims={"C": None, "heads": None, "head_dim": None, "landmarks": None},
    derived={"I": "heads * head_dim"},
    options={
        "bias": True,
        "out_bias": True,
        "out": True,
        "start": "sample",
        "rounds": 6,
    },
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("C", "I", bias="bias"),
    value=linear_slot("C", "I", bias="bias"),
    output=linear_slot("I", "C", bias="out_bias", when="out"),
)
def nystrom(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Attend by way of a few landmarks, the means of segments: (B, N, C) -> (B, N, C)."""
    q_all = linear(p.query, x)
    k_all = linear(p.key, x)
    v_all = linear(p.value, x)
    q = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    d = q.shape[-1]
    q_few = segment_means(q, o.landmarks)  # (B, heads, m, d)
    k_few = segment_means(k, o.landmarks)
    f_logits = q @ k_few.transpose(-1, -2) / d**0.5
    a_logits = q_few @ k_few.transpose(-1, -2) / d**0.5
    b_logits = q_few @ k.transpose(-1, -2) / d**0.5
    f = softmax(f_logits, -1)  # (B, heads, N, m)
    a = softmax(a_logits, -1)
    b = softmax(b_logits, -1)  # (B, heads, m, N)
    eye = identity_like(a)
    z = a.transpose(-1, -2) / largest_sums(a, o.start)
    for _ in range(o.rounds):
        az = a @ z
        inner = 7 * eye - az
        middle = 15 * eye - az @ inner
        outer = 13 * eye - az @ middle
        z = z @ outer / 4  # eq. 15: towards the pseudoinverse of a
    seen = b @ v
    heads = f @ z @ seen  # eq. 13
    merged = merge_heads(heads)
    out = linear(p.output, merged) if o.out else merged
    return out
