"""Frequency channel attention (FcaNet), Qin et al. 2021, arXiv:2012.11802, equations 8 to 10."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid

from attncheck.reference.cell_steps import cells, cosines
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, over_hw, sum_hw


@mechanism(
    dims={"C": None, "r": 16, "S": 7, "T": 7},
    derived={"h": "C // r"},
    options={
        "squeeze_bias": False,
        "excite_bias": False,
        "frequencies": "top16",
        "orthogonal": True,
    },
    squeeze=linear_slot("C", "h", bias="squeeze_bias"),
    excite=linear_slot("h", "C", bias="excite_bias"),
)
def fca(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate channels by one frequency of each: (B, C, H, W) -> same."""
    small = cells(x, o.S, o.T)  # a map of that size as it is
    basis = cosines(o.frequencies, o.C, small, o.orthogonal)  # eq. 4, (C, S, T)
    waves = small * basis
    z = sum_hw(waves)  # eq. 8 and 9, a group of channels per frequency
    a = linear(p.squeeze, z)
    h = relu(a)
    u = linear(p.excite, h)
    s = sigmoid(u)  # eq. 10
    g = over_hw(s)
    y = x * g
    return y
