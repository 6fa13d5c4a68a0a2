"""Agent attention, Han et al. 2023, arXiv:2312.08874, equations 4 to 6, as in the authors' code."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.agent_steps import along, pooled, resized
from attncheck.reference.grid_heads import heads_of_map, map_of_heads
from attncheck.reference.heads import merge_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.slots import tensor
from attncheck.reference.steps import conv, flat_hw, linear, perm, softmax


@mechanism(
    dims={"C": None, "heads": None, "window": 14, "A": 49},
    options={"bias": True, "out_bias": True, "placed": True, "near": True},
    query=linear_slot("C", "C", bias="bias"),
    key=linear_slot("C", "C", bias="bias"),
    value=linear_slot("C", "C", bias="bias"),
    an=tensor("heads", "A", "7", "7", when="placed"),
    ah=tensor("heads", "A", "window", when="placed"),
    aw=tensor("heads", "A", "window", when="placed"),
    na=tensor("heads", "A", "7", "7", when="placed"),
    ha=tensor("heads", "window", "A", when="placed"),
    wa=tensor("heads", "window", "A", when="placed"),
    near=conv_slot("C", "C", kernel=3, groups="C", bias=True, when="near"),
    output=linear_slot("C", "C", bias="out_bias"),
)
def agent(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Let a few agents gather from all tokens and hand out: (B, w·w, C) -> same."""
    w = o.window
    q_all = linear(p.query, x)
    k_all = linear(p.key, x)
    v_all = linear(p.value, x)
    q = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    d = q.shape[-1]
    q_map = map_of_heads(q, w, w)
    few = pooled(q_map, o.A)  # (B, C, A): the queries' means over parts of the map
    agents = heads_of_map(few, o.heads)  # (B, heads, A, d)
    gathers = agents @ k.transpose(-1, -2)
    s = gathers / d**0.5
    s_lines = along(p.ah[..., None], p.aw[..., None, :]) if o.placed else 0
    s_place = resized(p.an, w) + s_lines if o.placed else 0  # (heads, A, N)
    s_all = s + s_place
    gathered = softmax(s_all, -1) @ v  # eq. 4: (B, heads, A, d)
    hands = q @ agents.transpose(-1, -2)
    t = hands / d**0.5
    t_lines = (
        along(perm(p.ha, 0, 2, 1)[..., None], perm(p.wa, 0, 2, 1)[..., None, :]) if o.placed else 0
    )
    t_place = perm(resized(p.na, w) + t_lines, 0, 2, 1) if o.placed else 0  # (heads, N, A)
    t_all = t + t_place
    heads = softmax(t_all, -1) @ gathered  # eq. 5
    merged = merge_heads(heads)
    v_map = map_of_heads(v, w, w)
    c = conv(p.near, v_map) if o.near else v_map  # eq. 6: what lies near a token, of the values
    lies = perm(flat_hw(c), 0, 2, 1)
    z = merged + lies if o.near else merged
    y = linear(p.output, z)
    return y
