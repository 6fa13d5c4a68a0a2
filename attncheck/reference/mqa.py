"""Multi-query attention, Shazeer 2019, arXiv:1911.02150, section 3."""

from __future__ import annotations

from attncheck.reference.composed import PLACES, attention
from attncheck.reference.corner import corner

mqa = corner(
    attention,
    "attncheck.reference.mqa:mqa",
    "Let all query heads share one key and one value head: (B, N, C) -> (B, N, C).",
    absent=["past"],
    kv_heads=1,
    cache=False,
    one_head=True,
    positions=PLACES,
    scale=True,
)
