"""Large separable kernel attention, Lau et al. 2023, arXiv:2309.01439, equations 6 to 10."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import pointwise
from attncheck.reference.strip_steps import along_columns, along_rows


@mechanism(
    dims={"C": None, "k": 3, "l": 3},
    options={"dilation": 2, "bias": True},
    rows=conv_slot("C", "C", kernel="k", groups="C", rank=1, bias="bias"),
    columns=conv_slot("C", "C", kernel="k", groups="C", rank=1, bias="bias"),
    far_rows=conv_slot("C", "C", kernel="l", groups="C", rank=1, dilation="dilation", bias="bias"),
    far_columns=conv_slot(
        "C", "C", kernel="l", groups="C", rank=1, dilation="dilation", bias="bias"
    ),
    mix=linear_slot("C", "C", bias="bias"),
)
def lska(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate by a large kernel made of four strips: (B, C, H, W) -> same."""
    a = along_rows(p.rows, x)
    b = along_columns(p.columns, a)  # eq. 6 and 7: near
    c = along_rows(p.far_rows, b)
    d = along_columns(p.far_columns, c)  # eq. 8: far, with gaps
    g = pointwise(p.mix, d)  # eq. 9
    y = x * g  # eq. 10
    return y
