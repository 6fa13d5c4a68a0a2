"""Pyramid squeeze attention (EPSANet), Zhang et al. 2021, arXiv:2105.14447, equations 3 to 10."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, relu, sigmoid

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import conv, linear, softmax


@mechanism(
    dims={"C": None, "r": 16, "g1": 1, "g2": 4, "g3": 8, "g4": 16},
    derived={"n": "C // 4", "h": "n // r"},
    options={"bias": False, "se_bias": True, "last_first": True},
    conv_1=conv_slot("C", "n", kernel=3, groups="g1", bias="bias"),
    conv_2=conv_slot("C", "n", kernel=5, groups="g2", bias="bias"),
    conv_3=conv_slot("C", "n", kernel=7, groups="g3", bias="bias"),
    conv_4=conv_slot("C", "n", kernel=9, groups="g4", bias="bias"),
    squeeze=linear_slot("n", "h", bias="se_bias"),
    excite=linear_slot("h", "n", bias="se_bias"),
)
def psa(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Weigh four scales against each other per channel: (B, C, H, W) -> same."""
    f_1 = conv(p.conv_1, x)  # eq. 3
    f_2 = conv(p.conv_2, x)
    f_3 = conv(p.conv_3, x)
    f_4 = conv(p.conv_4, x)
    f = torch.stack((f_1, f_2, f_3, f_4), 1)  # eq. 4, (B, 4, C/4, H, W)
    z = f.mean((3, 4))
    a = linear(p.squeeze, z)  # one perceptron for all scales
    e = relu(a)
    u = linear(p.excite, e)
    s = sigmoid(u)  # eq. 5
    w = softmax(s, 1)  # eq. 8: over the scales
    g = w[:, :, :, None, None]
    m = f * g  # eq. 9
    t = m.flip(1) if o.last_first else m  # the authors' code puts the largest kernel first
    y = t.flatten(1, 2)  # eq. 10
    return y
