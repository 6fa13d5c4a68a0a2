"""Attention pooling of tokens to one vector, Ilse et al. 2018, arXiv:1802.04712, eq. 7 to 9."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid, tanh

from attncheck.reference.heads import hide, only_visible
from attncheck.reference.mechanism import mechanism
from attncheck.reference.set_steps import of_tokens
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, softmax


@mechanism(
    dims={"C": None, "h": None},
    options={
        "form": "tanh",
        "bias": True,
        "score_bias": True,
        "scale": False,
        "key": False,
        "value": False,
        "out": False,
    },
    V=linear_slot("C", "h", bias="bias", when="form != linear"),
    U=linear_slot("C", "h", bias="bias", when="form == gated"),
    w=linear_slot("h", "1", bias="score_bias", when="form != linear"),
    key=linear_slot("C", "C", bias="bias", when="key"),
    query=linear_slot("C", "1", bias="score_bias", when="form == linear"),
    value=linear_slot("C", "C", bias="bias", when="value"),
    output=linear_slot("C", "C", bias="bias", when="out"),
)
def attention_pooling(p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the mean of all tokens, weighed by a learned score: (B, N, C) -> (B, C).

    ``mask`` is True where a token is hidden: (B, N).
    """
    C = x.shape[2]
    k = linear(p.key, x) if o.key else x
    if o.form == "linear":
        e = linear(p.query, k)  # (B, N, 1): one learned query for all samples
    else:
        u = linear(p.V, k)
        t = tanh(u)
        r = linear(p.U, k) if o.form == "gated" else u
        g = sigmoid(r)
        f = t * g if o.form == "gated" else t
        e = linear(p.w, f)
    s = e / C**0.5 if o.scale else e
    hidden = of_tokens(mask)
    masked = hide(s, hidden)
    weights = softmax(masked, 1)  # eq. 8 and 9, over the tokens
    a = only_visible(weights, hidden)
    v = linear(p.value, x) if o.value else x
    weighted = a * v
    z = weighted.sum(1)  # eq. 7
    y = linear(p.output, z) if o.out else z
    return y
