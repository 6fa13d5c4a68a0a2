"""Induced set attention of the Set Transformer, Lee et al. 2019, arXiv:1810.00825, eq. 9, 10."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu

from attncheck.reference.heads import merge_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.set_steps import for_each_sample
from attncheck.reference.slots import layer_norm, tensor
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, norm, softmax


@mechanism(
    dims={"C": None, "E": None, "heads": None, "m": 16},
    options={"bias": True, "norms": True, "scale": "model"},
    inducing=tensor("m", "E"),
    query1=linear_slot("E", "E", bias="bias"),
    key1=linear_slot("C", "E", bias="bias"),
    value1=linear_slot("C", "E", bias="bias"),
    norm11=layer_norm("E", when="norms"),
    feed1=linear_slot("E", "E", bias="bias"),
    norm21=layer_norm("E", when="norms"),
    query2=linear_slot("C", "E", bias="bias"),
    key2=linear_slot("E", "E", bias="bias"),
    value2=linear_slot("E", "E", bias="bias"),
    norm12=layer_norm("E", when="norms"),
    feed2=linear_slot("E", "E", bias="bias"),
    norm22=layer_norm("E", when="norms"),
)
def isab(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Attend to a set through a few learned points: (B, N, C) -> (B, N, E)."""
    width = o.E if o.scale == "model" else o.E // o.heads
    i = for_each_sample(p.inducing, x)  # (B, m, E)
    q_all1 = linear(p.query1, i)
    k_all1 = linear(p.key1, x)
    v_all1 = linear(p.value1, x)
    q1 = split_heads(q_all1, o.heads)
    k1 = split_heads(k_all1, o.heads)
    v1 = split_heads(v_all1, o.heads)
    s1 = q1 @ k1.transpose(-1, -2)
    e1 = s1 / width**0.5
    a1 = softmax(e1, -1)
    heads1 = a1 @ v1
    c1 = merge_heads(heads1)
    t1 = q_all1 + c1
    h1 = norm(p.norm11, t1) if o.norms else t1
    f1 = linear(p.feed1, h1)
    r1 = relu(f1)
    u1 = h1 + r1
    g = norm(p.norm21, u1) if o.norms else u1  # eq. 10, (B, m, E)
    q_all2 = linear(p.query2, x)
    k_all2 = linear(p.key2, g)
    v_all2 = linear(p.value2, g)
    q2 = split_heads(q_all2, o.heads)
    k2 = split_heads(k_all2, o.heads)
    v2 = split_heads(v_all2, o.heads)
    s2 = q2 @ k2.transpose(-1, -2)
    e2 = s2 / width**0.5
    a2 = softmax(e2, -1)
    heads2 = a2 @ v2
    c2 = merge_heads(heads2)
    t2 = q_all2 + c2
    h2 = norm(p.norm12, t2) if o.norms else t2
    f2 = linear(p.feed2, h2)
    r2 = relu(f2)
    u2 = h2 + r2
    y = norm(p.norm22, u2) if o.norms else u2  # eq. 9
    return y
