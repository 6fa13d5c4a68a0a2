"""The layer of BLIP-2's Q-Former, Li et al. 2023, arXiv:2301.12597, section 3.1."""

from __future__ import annotations

from attncheck.reference.corner import corner
from attncheck.reference.decoder_block import decoder_block

q_former = corner(
    decoder_block,
    "attncheck.reference.q_former:q_former",
    "Let queries attend to each other, then to an image: (B, N, C), (B, M, D) -> (B, N, C).",
    norm_first=False,
    causal=False,
    activation=("gelu", "relu"),
)
