"""Linear context transform, Ruan et al. 2019, arXiv:1909.03834, section 3.3."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid

from attncheck.reference.context_steps import in_groups, standardised
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import group_norm, tensor
from attncheck.reference.steps import mean_hw, norm, over_hw


@mechanism(
    dims={"C": None, "G": 8},
    options={"form": "vectors"},
    weight=tensor("C", start=1.0, when="form == vectors"),
    bias=tensor("C", start=0.0, when="form == vectors"),
    scale=group_norm("C", "G", when="form == layer"),
)
def lct(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate each channel by its mean, normalised in its group: (B, C, H, W) -> same."""
    z = mean_hw(x)
    if o.form == "layer":
        u = norm(p.scale, z)  # the same as one GroupNorm
    else:
        t = in_groups(z, o.G)  # (B, G, C/G)
        n = standardised(t, 1e-5)  # over the channels of a group
        v = n.flatten(1)
        a = v * p.weight
        u = a + p.bias  # a line for each channel, no channel mixed with another
    s = sigmoid(u)
    g = over_hw(s)
    y = x * g
    return y
