"""Pre-norm transformer block, Xiong et al. 2020, arXiv:2002.04745, table 1, right."""

from __future__ import annotations

from attncheck.reference.composed import PLACES, before
from attncheck.reference.corner import corner

prenorm_block = corner(
    before,
    "attncheck.reference.prenorm_block:prenorm_block",
    "Attend, then think per token, each normalised first and added: (B, N, C) -> same.",
    absent=["past"],
    cache=False,
    one_head=False,
    out=True,
    gate=False,
    sinks=False,
    positions=PLACES,
    scale=True,
)
