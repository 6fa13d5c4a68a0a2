"""Class-specific residual attention, Zhu and Wu 2021, arXiv:2108.02456, equations 2 to 7."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import flat_hw, pointwise, softmax


@mechanism(
    dims={"C": None, "C2": None},
    options={"la": 0.2, "peak": "max", "T": 1.0, "normed": False},
    fc=linear_slot("C", "C2"),
)
def csra(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Score classes by the mean and the peak of their maps: (B, C, H, W) -> (B, C2)."""
    s_map = pointwise(p.fc, x)
    s = flat_hw(s_map)  # (B, C2, N)
    length = p.fc.weight.norm(dim=1)
    t = s / length[:, None] if o.normed else s  # the authors' code: unit classifiers
    base = t.mean(2)
    if o.peak == "max":
        peak = t.amax(2)  # the limit of a large temperature
    else:
        e = o.T * t
        a = softmax(e, 2)
        m = t * a
        peak = m.sum(2)
    r = o.la * peak
    y: Tensor = base + r  # eq. 7
    return y
