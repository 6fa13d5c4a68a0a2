"""Multi-head latent attention, DeepSeek-V2 2024, arXiv:2405.04434, section 2.1."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.heads import hide, merge_heads, only_visible, split_heads
from attncheck.reference.latent_steps import beside, one_head, rotate
from attncheck.reference.mechanism import mechanism
from attncheck.reference.sequence_steps import behind, either, frequencies, places
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.slots import rms_norm
from attncheck.reference.steps import linear, norm, softmax


@mechanism(
    dims={
        "C": None,
        "heads": None,
        "head_dim": None,
        "v_dim": None,
        "latent": None,
        "q_latent": None,
        "turned": None,
    },
    derived={"I": "heads * head_dim", "V": "heads * v_dim"},
    options={
        "q_low": True,
        "norm": "none",
        "rope": False,
        "causal": False,
        "pairing": "interleaved",
        "base": 10000.0,
        "bias": False,
        "out_bias": False,
    },
    q_down=linear_slot("C", "q_latent", bias="bias", when="q_low"),
    q_norm=rms_norm("q_latent", when="norm == both"),
    q_up=linear_slot("q_latent", "I", bias="bias", when="q_low"),
    query=linear_slot("C", "I", bias="bias", when="q_low == False"),
    q_rope=linear_slot(
        "q_latent*q_low + C*(1 - q_low)", "heads * turned", bias="bias", when="rope"
    ),
    kv_down=linear_slot("C", "latent", bias="bias"),
    k_rope=linear_slot("C", "turned", bias="bias", when="rope"),
    kv_norm=rms_norm("latent", when="norm != none"),
    k_up=linear_slot("latent", "I", bias="bias"),
    v_up=linear_slot("latent", "V", bias="bias"),
    output=linear_slot("V", "C", bias="out_bias"),
)
def mla(p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attend with keys and values from one latent vector per token: (B, N, C) -> (B, N, C).

    ``mask`` is True where a key is hidden: (B, N), (B, N, N) or (B, heads, N, N).
    """
    c_q = linear(p.q_down, x) if o.q_low else x
    n_q = norm(p.q_norm, c_q) if o.norm == "both" else c_q
    q_all = linear(p.q_up, n_q) if o.q_low else linear(p.query, x)
    q_content = split_heads(q_all, o.heads)  # (B, heads, N, d)
    here = places(q_content)
    if o.rope:
        q_plain = split_heads(linear(p.q_rope, n_q), o.heads)
        angle = here[:, None] * frequencies(q_plain.shape[-1], o.base, x)
        q_place = rotate(q_plain, angle, o.pairing)
        q = beside(q_content, q_place)
    else:
        q = q_content
    c_kv = linear(p.kv_down, x)  # with the rotary key all that a cache holds
    if o.rope:
        k_plain = one_head(linear(p.k_rope, x))  # one for all heads, from x itself
        k_place = rotate(k_plain, angle, o.pairing)
    n_kv = norm(p.kv_norm, c_kv) if o.norm != "none" else c_kv
    k_all = linear(p.k_up, n_kv)
    v_all = linear(p.v_up, n_kv)
    k_content = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)  # its heads may have a width of their own
    k = beside(k_content, k_place) if o.rope else k_content
    d = q.shape[-1]  # both parts together
    scores = q @ k.transpose(-1, -2)
    logits = scores / d**0.5
    gap = behind(here, here)
    future = gap < 0 if o.causal else None
    hidden = either(future, mask)
    masked = hide(logits, hidden)
    attention = softmax(masked, -1)
    weights = only_visible(attention, hidden)
    heads = weights @ v
    merged = merge_heads(heads)
    out = linear(p.output, merged)
    return out
