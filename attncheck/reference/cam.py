"""Channel attention, Fu et al. 2019 (DANet), arXiv:1809.02983, equations 3 and 4."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import tensor
from attncheck.reference.steps import flat_hw, from_flat_hw, perm, softmax


@mechanism(
    dims={},
    options={"inverted": False},
    gamma=tensor("1", start=0.0),
)
def cam(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Weigh all channels for each channel: (B, C, H, W) -> same."""
    H = x.shape[2]
    W = x.shape[3]
    f = flat_hw(x)  # (B, C, N)
    t = perm(f, 0, 2, 1)
    e = f @ t  # (B, C, C)
    top = e.amax(-1, keepdim=True)
    s = top - e if o.inverted else e  # the authors' code: what differs most weighs most
    a = softmax(s, -1)  # eq. 3
    m = a @ f
    n = from_flat_hw(m, H, W)
    w: Tensor = p.gamma * n
    y = w + x  # eq. 4
    return y
