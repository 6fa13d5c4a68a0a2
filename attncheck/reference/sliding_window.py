"""Sliding-window attention, Beltagy et al. 2020, arXiv:2004.05150, section 3.1, and the causal one.

The causal window is that of Mistral 7B, Jiang et al. 2023, arXiv:2310.06825, section 2.
"""

from __future__ import annotations

from attncheck.reference.composed import attention
from attncheck.reference.corner import corner

sliding_window = corner(
    attention,
    "attncheck.reference.sliding_window:sliding_window",
    "Attend to the neighbours of each token: (B, N, C) -> (B, N, C).",
    absent=["past"],
    needed=["window"],
    cache=False,
    one_head=False,
    positions=("none", "half", "interleaved"),
    scale=True,
)
