"""Slot attention, Locatello et al. 2020, arXiv:2006.15055, algorithm 1, its slots handed over."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid, tanh

from attncheck.reference.mechanism import mechanism
from attncheck.reference.set_steps import third
from attncheck.reference.slots import layer_norm
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, norm, softmax


@mechanism(
    dims={"C": None, "D": None, "h": None, "steps": 3, "eps": 1e-8},
    options={"bias": False},
    norm_inputs=layer_norm("D"),
    norm_slots=layer_norm("C"),
    norm_feed=layer_norm("C"),
    query=linear_slot("C", "C", bias="bias"),
    key=linear_slot("D", "C", bias="bias"),
    value=linear_slot("D", "C", bias="bias"),
    update=linear_slot("C", "3*C", bias=True),
    state=linear_slot("C", "3*C", bias=True),
    feed=linear_slot("C", "h", bias=True),
    back=linear_slot("h", "C", bias=True),
)
def slot(p: Any, o: SimpleNamespace, slots: Tensor, inputs: Tensor) -> Tensor:
    """Let slots compete for what a set holds: (B, N, C), (B, M, D) -> (B, N, C)."""
    t = norm(p.norm_inputs, inputs)
    k = linear(p.key, t)
    v = linear(p.value, t)
    y = slots
    for _ in range(o.steps):
        s = norm(p.norm_slots, y)
        q = linear(p.query, s)
        e = q @ k.transpose(-1, -2)  # (B, N, M)
        logits = e / o.C**0.5
        w = softmax(logits, 1)  # over the slots, which compete
        b = w + o.eps
        a = b / b.sum(2, keepdim=True)  # a weighted mean over the inputs
        u = a @ v
        n = linear(p.update, u)  # a gated recurrent unit
        m = linear(p.state, y)
        r = sigmoid(third(n, 0) + third(m, 0))
        z = sigmoid(third(n, 1) + third(m, 1))
        c = tanh(third(n, 2) + r * third(m, 2))
        g = (1 - z) * c + z * y
        f = norm(p.norm_feed, g)
        d = linear(p.feed, f)
        h = relu(d)
        y = g + linear(p.back, h)
    return y
