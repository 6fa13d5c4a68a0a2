"""Context anchor attention, Cai et al. 2024 (PKINet), arXiv:2403.06258, equations 4 to 6."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid
from torch.nn.functional import silu

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import norm, pointwise
from attncheck.reference.strip_steps import along_columns, along_rows, mean_around


@mechanism(
    dims={"C": None, "k": 11, "l": 11},
    options={"bias": True},
    conv1=linear_slot("C", "C"),
    bn1=batch_norm("C"),
    rows=conv_slot("C", "C", kernel="k", groups="C", rank=1, bias="bias"),
    columns=conv_slot("C", "C", kernel="l", groups="C", rank=1, bias="bias"),
    conv2=linear_slot("C", "C"),
    bn2=batch_norm("C"),
)
def caa(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate by what two long strips see of the means around: (B, C, H, W) -> same."""
    m = mean_around(x, 7)
    a = pointwise(p.conv1, m)
    b = norm(p.bn1, a)
    f = silu(b)  # eq. 4
    u = along_rows(p.rows, f)  # eq. 5, a kernel 1×k
    v = along_columns(p.columns, u)  # a kernel l×1
    c = pointwise(p.conv2, v)
    d = norm(p.bn2, c)
    e = silu(d)
    g = sigmoid(e)  # eq. 6
    y = x * g
    return y
