"""Causal self-attention, Vaswani et al. 2017, arXiv:1706.03762, section 3.2.3."""

from __future__ import annotations

from attncheck.reference.composed import PLACES, attention
from attncheck.reference.corner import corner

causal = corner(
    attention,
    "attncheck.reference.causal:causal",
    "Attend from each token to itself and those before it: (B, N, C) -> (B, N, C).",
    absent=["past"],
    causal=True,
    side="before",
    cache=False,
    one_head=False,
    positions=PLACES,
    scale=True,
)
