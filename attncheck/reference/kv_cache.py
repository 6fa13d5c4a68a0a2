"""Decoding with a cache of keys and values, Shazeer 2019, arXiv:1911.02150, section 2.4."""

from __future__ import annotations

from attncheck.reference.composed import PLACES, attention
from attncheck.reference.corner import corner

kv_cache = corner(
    attention,
    "attncheck.reference.kv_cache:kv_cache",
    "Attend to the cached tokens and to these up to each: (B, N, C) -> (B, N, C) and a cache.",
    absent=["mask"],
    causal=True,
    side="before",
    cache=True,
    one_head=False,
    positions=PLACES,
    scale=True,
)
