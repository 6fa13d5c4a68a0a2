"""Non-local block, Wang et al. 2018, arXiv:1711.07971, equations 1 to 6, over one image."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu

from attncheck.reference.mechanism import mechanism
from attncheck.reference.pooling_steps import block_maxima
from attncheck.reference.slots import batch_norm, tensor
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import flat_hw, from_flat_hw, norm, perm, pointwise, softmax


@mechanism(
    dims={"C": None},
    derived={"I": "C // 2"},
    options={
        "bias": True,
        "pairing": "embedded",
        "norm": True,
        "scale": False,
        "gamma": False,
        "subsample": False,
    },
    theta=linear_slot("C", "I", bias="bias", when="pairing != gaussian"),
    phi=linear_slot("C", "I", bias="bias", when="pairing != gaussian"),
    g=linear_slot("C", "I", bias="bias"),
    w_theta=tensor("I", when="pairing == concatenation"),
    w_phi=tensor("I", when="pairing == concatenation"),
    out=linear_slot("I", "C", bias="bias"),
    out_norm=batch_norm("C", when="norm", start=0.0),
    gamma=tensor("1", when="gamma", start=0.0),
)
def non_local(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Weigh all positions for each position: (B, C, H, W) -> same."""
    H = x.shape[2]
    W = x.shape[3]
    t_map = x if o.pairing == "gaussian" else pointwise(p.theta, x)
    f_map = x if o.pairing == "gaussian" else pointwise(p.phi, x)
    g_map = pointwise(p.g, x)
    f_seen = block_maxima(f_map, 2) if o.subsample else f_map  # section 3.3
    g_seen = block_maxima(g_map, 2) if o.subsample else g_map
    t = flat_hw(t_map)  # (B, I, N)
    f = flat_hw(f_seen)
    v = flat_hw(g_seen)
    N = f.shape[2]
    q = perm(t, 0, 2, 1)  # (B, N, I)
    if o.pairing == "concatenation":
        k = perm(f, 0, 2, 1)
        a_i = q @ p.w_theta  # the vector of eq. 5 in its two halves
        a_j = k @ p.w_phi
        c = a_i[:, :, None] + a_j[:, None, :]
        e = relu(c)
    else:
        e = q @ f  # (B, N, N), eq. 2 to 4
    d = t.shape[1]
    s = e / d**0.5 if o.scale else e
    weighted = o.pairing in ("dot", "concatenation")
    a = s / N if weighted else softmax(s, -1)
    u = perm(v, 0, 2, 1)
    m = a @ u  # eq. 1
    b = perm(m, 0, 2, 1)
    n = from_flat_hw(b, H, W)
    w = pointwise(p.out, n)
    r = norm(p.out_norm, w) if o.norm else w
    z: Tensor = p.gamma * r if o.gamma else r  # as in self-attention for images
    y = z + x  # eq. 6
    return y
