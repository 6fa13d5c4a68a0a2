"""External attention, Guo et al. 2021, arXiv:2105.02358, equations 5 to 8."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, softmax


@mechanism(
    dims={"C": None, "S": 64},
    options={"eps": 1e-9},
    memory_key=linear_slot("C", "S"),
    memory_value=linear_slot("S", "C"),
)
def external(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Attend to S learned keys and values, the same for all samples: (B, N, C) -> same."""
    e = linear(p.memory_key, x)  # eq. 5, (B, N, S)
    a = softmax(e, 1)  # eq. 7: over the tokens first
    total = a.sum(2, keepdim=True)
    s = total + o.eps
    w = a / s  # eq. 8: then over the keys
    y = linear(p.memory_value, w)  # eq. 6
    return y
