"""Grouped-query attention, Ainslie et al. 2023, arXiv:2305.13245, section 2.2."""

from __future__ import annotations

from attncheck.reference.composed import PLACES, attention
from attncheck.reference.corner import corner

gqa = corner(
    attention,
    "attncheck.reference.gqa:gqa",
    "Let neighbouring query heads share a key and a value head: (B, N, C) -> (B, N, C).",
    absent=["past"],
    cache=False,
    one_head=False,
    positions=PLACES,
    scale=True,
)
