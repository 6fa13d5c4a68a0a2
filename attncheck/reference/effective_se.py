"""Effective squeeze-excitation, Lee and Park 2020, arXiv:1911.06667, equations 2 and 3."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid
from torch.nn.functional import hardsigmoid

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, mean_hw, over_hw


@mechanism(
    dims={"C": None},
    options={"bias": True, "gate": "hard"},
    fc=linear_slot("C", "C", bias="bias"),
)
def effective_se(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate each channel by one matrix on the channel means: (B, C, H, W) -> same."""
    z = mean_hw(x)
    u = linear(p.fc, z)
    s = hardsigmoid(u) if o.gate == "hard" else sigmoid(u)
    g = over_hw(s)
    y = x * g
    return y
