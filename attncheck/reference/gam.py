"""Global attention mechanism, Liu et al. 2021, arXiv:2112.05561, equations 1 and 2."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid

from attncheck.reference.grouping_steps import shuffle
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import conv, linear, norm, perm


@mechanism(
    dims={"C": None, "r": 4, "k": 7, "g": 1},
    derived={"h": "C // r"},
    options={"bias": True, "shuffle": False},
    squeeze=linear_slot("C", "h", bias="bias"),
    excite=linear_slot("h", "C", bias="bias"),
    reduce=conv_slot("C", "h", kernel="k", groups="g", bias="bias"),
    norm_reduce=batch_norm("h"),
    expand=conv_slot("h", "C", kernel="k", groups="g", bias="bias"),
    norm_expand=batch_norm("C"),
)
def gam(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate every value by its pixel's channels, then by its surroundings: (B, C, H, W) -> same."""
    t = perm(x, 0, 2, 3, 1)  # (B, H, W, C): the perceptron acts on each pixel
    a = linear(p.squeeze, t)
    h = relu(a)
    u = linear(p.excite, h)
    l_c = perm(u, 0, 3, 1, 2)
    g_c = sigmoid(l_c)
    x_c = x * g_c  # eq. 1
    b = conv(p.reduce, x_c)  # no pooling: neither positions nor channels are averaged away
    n = norm(p.norm_reduce, b)
    e = relu(n)
    f = conv(p.expand, e)
    l_s = norm(p.norm_expand, f)
    own = sigmoid(l_s)
    g_s = shuffle(own, o.g) if o.shuffle else own  # so that groups of channels meet
    y = x_c * g_s  # eq. 2
    return y
