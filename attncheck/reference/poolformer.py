"""Pooling as a token mixer, Yu et al. 2022 (PoolFormer), arXiv:2111.11418, equation 4."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.mechanism import mechanism
from attncheck.reference.pooling_steps import mean_near


@mechanism(dims={"k": 3}, options={})
def poolformer(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Take each pixel away from the mean around it: (B, C, H, W) -> same."""
    m = mean_near(x, o.k)
    y = m - x  # the block around it adds x again
    return y
