"""Attention with relative buckets, Raffel et al. 2020, arXiv:1910.10683, section 2.1."""

from __future__ import annotations

from attncheck.reference.composed import attention
from attncheck.reference.corner import corner

t5_bias = corner(
    attention,
    "attncheck.reference.t5_bias:t5_bias",
    "Attend with a learned bias per head and bucket of offsets: (B, N, C) -> (B, N, C).",
    absent=["past"],
    bias=(False, True),
    out_bias=(False, True),
    cache=False,
    one_head=False,
    positions="t5",
    scale=(False, True),
)
