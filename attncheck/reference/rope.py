"""Self-attention with rotary positions, Su et al. 2021, arXiv:2104.09864, equations 16 and 34."""

from __future__ import annotations

from attncheck.reference.composed import attention
from attncheck.reference.corner import corner

rope = corner(
    attention,
    "attncheck.reference.rope:rope",
    "Turn queries and keys by their positions, then attend: (B, N, C) -> (B, N, C).",
    absent=["past"],
    cache=False,
    one_head=False,
    positions=("interleaved", "half"),
    scale=True,
)
