"""Shuffle attention, Zhang and Yang 2021, arXiv:2102.00240, equations 1 to 3."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid

from attncheck.reference.grouping_steps import (
    first_half,
    from_groups,
    into_groups,
    second_half,
    shuffle,
)
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import group_norm, tensor
from attncheck.reference.steps import join, mean_hw, norm, over_hw


@mechanism(
    dims={"C": None, "G": 8},
    derived={"n": "C // (2*G)"},
    cweight=tensor("n", "1", "1", start=0.0),
    cbias=tensor("n", "1", "1", start=1.0),
    sweight=tensor("n", "1", "1", start=0.0),
    sbias=tensor("n", "1", "1", start=1.0),
    gn=group_norm("n", "n"),
)
def shuffle_attention(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate half of each group by its means, half by its values: (B, C, H, W) -> same."""
    C = x.shape[1]
    t = into_groups(x, 2 * o.n)
    t_c = first_half(t)
    t_s = second_half(t)
    m = mean_hw(t_c)  # eq. 1
    z = over_hw(m)
    u_c = p.cweight * z
    l_c = u_c + p.cbias
    g_c = sigmoid(l_c)
    y_c = t_c * g_c  # eq. 2
    v = norm(p.gn, t_s)
    u_s = p.sweight * v
    l_s = u_s + p.sbias
    g_s = sigmoid(l_s)
    y_s = t_s * g_s  # eq. 3
    j = join(y_c, y_s)
    f = from_groups(j, C)
    y = shuffle(f, 2)
    return y
