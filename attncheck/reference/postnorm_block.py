"""Transformer encoder layer, Vaswani et al. 2017, arXiv:1706.03762, sections 3.1 to 3.3."""

from __future__ import annotations

from attncheck.reference.composed import PLACES, after
from attncheck.reference.corner import corner

postnorm_block = corner(
    after,
    "attncheck.reference.postnorm_block:postnorm_block",
    "Attend, then think per token, each summed with its input and normalised: (B, N, C) -> same.",
    absent=["past"],
    cache=False,
    one_head=False,
    out=True,
    gate=False,
    sinks=False,
    positions=PLACES,
    scale=True,
)
