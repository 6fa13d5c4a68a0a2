"""Style-based recalibration, Lee et al. 2019, arXiv:1903.10829, equations 1 to 5."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid, stack

from attncheck.reference.grouping_steps import guarded_std_hw, std_hw
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm, tensor
from attncheck.reference.steps import mean_hw, norm, over_hw


@mechanism(
    dims={"C": None},
    options={"unbiased": True, "guarded": False},
    weight=tensor("C", "2", start=0.0),
    scale=batch_norm("C", rank=1),
)
def srm(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate each channel by its own mean and deviation: (B, C, H, W) -> same."""
    mu = mean_hw(x)  # eq. 1
    sigma = guarded_std_hw(x, o.unbiased) if o.guarded else std_hw(x, o.unbiased)  # eq. 2
    t = stack((mu, sigma), -1)  # eq. 3, (B, C, 2)
    w = t * p.weight
    z = w.sum(-1)  # eq. 4: each channel by itself
    n = norm(p.scale, z)
    s = sigmoid(n)
    g = over_hw(s)
    y = x * g  # eq. 5
    return y
