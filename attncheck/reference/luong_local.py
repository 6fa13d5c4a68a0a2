"""Local attention, Luong et al. 2015, arXiv:1508.04025, section 3.2, equations 9 and 10."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, exp, sigmoid, tanh

from attncheck.reference.heads import hide, only_visible
from attncheck.reference.mechanism import mechanism
from attncheck.reference.sequence_steps import as_states, like_states, places
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, softmax


@mechanism(
    dims={"C": None, "A": None, "window": None},
    options={
        "centre": "predicted",
        "score": "dot",
        "score_bias": False,
        "position_bias": False,
        "vector_bias": False,
        "attentional": False,
        "context_bias": False,
        "state_bias": False,
    },
    general=linear_slot("C", "C", bias="score_bias", when="score == general"),
    position=linear_slot("C", "A", bias="position_bias", when="centre == predicted"),
    vector=linear_slot("A", "1", bias="vector_bias", when="centre == predicted"),
    out_context=linear_slot("C", "C", bias="context_bias", when="attentional"),
    out_state=linear_slot("C", "C", bias="state_bias", when="attentional"),
)
def luong_local(p: Any, o: SimpleNamespace, query: Tensor, key: Tensor) -> Tensor:
    """Weigh the source near one position for each state: (B, N, C), (B, M, C) -> (B, N, C).

    ``monotonic``: state t looks around position t; ``predicted``: around one that it predicts,
    with a Gaussian. The window reaches ``window`` positions to each side. One state (B, C)
    predicts as well. ``attentional`` gives the state after it.
    """
    states = as_states(query)  # (B, N, C)
    there = places(key)  # (M,)
    if o.centre == "predicted":
        a = linear(p.position, states)
        h = tanh(a)
        u = linear(p.vector, h)  # (B, N, 1)
        share = sigmoid(u)
        centre = share * key.shape[1]  # eq. 9
    else:
        here = places(states)
        centre = here[None, :, None]
    gap = there - centre  # (B, N, M)
    distance = gap.abs()
    outside = distance > o.window
    right = linear(p.general, key) if o.score == "general" else key
    e = states @ right.transpose(-1, -2)
    near = hide(e, outside)
    align = softmax(near, -1)
    inside = only_visible(align, outside)
    if o.centre == "predicted":
        sigma = o.window / 2
        square = gap * gap
        spread = 2 * sigma**2
        ratio = square / spread
        gauss = exp(-ratio)
        weights = inside * gauss  # eq. 10: not normalised again
    else:
        weights = inside
    c = weights @ key
    if o.attentional:
        from_context = linear(p.out_context, c)  # W_c [c; h] in its two halves
        from_state = linear(p.out_state, states)
        joined = from_context + from_state
        new = tanh(joined)  # eq. 5
    else:
        new = c
    context = like_states(new, query)
    return context
