"""Attention with linear biases, Press et al. 2022, arXiv:2108.12409, section 3."""

from __future__ import annotations

from attncheck.reference.composed import attention
from attncheck.reference.corner import corner

alibi = corner(
    attention,
    "attncheck.reference.alibi:alibi",
    "Attend the less the further away, by each head's slope: (B, N, C) -> (B, N, C).",
    absent=["past"],
    causal=(True, False),
    counted=(False, True),
    cache=False,
    one_head=False,
    positions="alibi",
    scale=True,
)
