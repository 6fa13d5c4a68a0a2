"""Attention of language models as it is put together: one definition with options.

- attention: Vaswani et al. 2017, arXiv:1706.03762, section 3.2
- shared heads: Shazeer 2019, arXiv:1911.02150, and Ainslie et al. 2023, arXiv:2305.13245
- rotary positions: Su et al. 2021, arXiv:2104.09864, equations 16 and 34
- ALiBi: Press et al. 2022, arXiv:2108.12409, section 3
- buckets: Raffel et al. 2020, arXiv:1910.10683, section 2.1
- windows: Beltagy et al. 2020, arXiv:2004.05150, section 3.1; Jiang et al. 2023, arXiv:2310.06825
- queries and keys normalised: Qwen3, arXiv:2505.09388, and OLMo 2, arXiv:2501.00656
- capped logits: Gemma 2, arXiv:2408.00118, section 2
- sinks: gpt-oss, arXiv:2508.10925
- gated output: Qiu et al. 2025, arXiv:2505.06708

``gqa``, ``rope``, ``causal`` and others are its corners: names for some of its options.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid, tanh

from attncheck.reference.bias_steps import bucket, per_head, rows_of, slopes
from attncheck.reference.block_steps import activated
from attncheck.reference.corner import composed
from attncheck.reference.heads import hide, merge_heads, only_visible, split_heads
from attncheck.reference.sequence_steps import (
    among_seen,
    behind,
    beside_keys,
    either,
    first_channels,
    frequencies,
    neighbours,
    other_channels,
    other_half,
    other_neighbour,
    places,
    repeat_heads,
    rotary_width,
    without_last,
)
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.slots import tensor, token_norm
from attncheck.reference.steps import join, linear, norm, perm, softmax

DIMS = {"C": None, "heads": None, "kv_heads": None, "head_dim": None}
SLOTS = {
    "query": linear_slot("C", "heads * head_dim", bias="bias"),
    "key": linear_slot("C", "kv_heads * head_dim", bias="bias"),
    "value": linear_slot("C", "kv_heads * head_dim", bias="bias"),
    "gate": linear_slot("C", "heads * head_dim", bias="bias", when="gate"),
    "q_norm": token_norm("head_dim", "rms", when="qk_norm == head"),
    "k_norm": token_norm("head_dim", "rms", when="qk_norm == head"),
    "q_wide": token_norm("heads * head_dim", "rms", when="qk_norm == width"),
    "k_wide": token_norm("kv_heads * head_dim", "rms", when="qk_norm == width"),
    "table": tensor("buckets", "heads", when="positions == t5"),
    "sinks": tensor("heads", when="sinks"),
    "output": linear_slot("heads * head_dim", "C", bias="out_bias", when="out"),
}
PLACES = ("none", "half", "interleaved", "alibi")
OPTIONS = {
    "bias": True,
    "out_bias": True,
    "out": True,
    "causal": False,
    "positions": "none",
    "base": 10000.0,
    "part": 1.0,
    "buckets": 32,
    "farthest": 128,
    "window": 0,
    "side": "before",
    "qk_norm": "none",
    "rms": True,
    "scale": True,
    "per": 0,
    "cap": 0.0,
    "sinks": False,
    "gate": False,
    "one_head": False,
    "cache": False,
    "counted": False,
}


def projected(p: Any, o: SimpleNamespace, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return queries (B, heads, N, d), keys and values (B, kv_heads, N, d)."""
    q_all = linear(p.query, x)
    k_all = linear(p.key, x)
    v_all = linear(p.value, x)
    q_even = norm(p.q_wide, q_all) if o.qk_norm == "width" else q_all
    k_even = norm(p.k_wide, k_all) if o.qk_norm == "width" else k_all
    q_raw = split_heads(q_even, o.heads)  # (B, heads, N, d)
    k_raw = split_heads(k_even, o.kv_heads)
    v_own = split_heads(v_all, o.kv_heads)
    q = norm(p.q_norm, q_raw) if o.qk_norm == "head" else q_raw
    k_own = norm(p.k_norm, k_raw) if o.qk_norm == "head" else k_raw
    return q, k_own, v_own


def turned(
    p: Any, o: SimpleNamespace, q: Tensor, k_own: Tensor, here: Tensor
) -> tuple[Tensor, Tensor]:
    """Turn queries and keys, or their first channels, by their positions: same shapes."""
    width = q.shape[-1]
    r = width if o.part == 1 else rotary_width(width, o.part)
    theta = frequencies(r, o.base, q)  # how fast each pair of channels turns
    angle = here[:, None] * theta  # (N, d/2)
    wide = join(angle, angle, -1) if o.positions == "half" else neighbours(angle)
    cos = wide.cos()
    sin = wide.sin()
    q_first = q if o.part == 1 else first_channels(q, r)
    k_first = k_own if o.part == 1 else first_channels(k_own, r)
    q_partner = other_half(q_first) if o.positions == "half" else other_neighbour(q_first)
    k_partner = other_half(k_first) if o.positions == "half" else other_neighbour(k_first)
    q_along = q_first * cos  # eq. 34
    q_across = q_partner * sin
    q_turned = q_along + q_across
    k_along = k_first * cos
    k_across = k_partner * sin
    k_turned = k_along + k_across
    q_placed = q_turned if o.part == 1 else join(q_turned, other_channels(q, r), -1)
    k_placed = k_turned if o.part == 1 else join(k_turned, other_channels(k_own, r), -1)
    return q_placed, k_placed


def scored(
    p: Any, o: SimpleNamespace, q_placed: Tensor, k: Tensor, gap: Tensor, mask: Tensor | None
) -> Tensor:
    """Return the logits of all pairs, biases by distance included: (B, heads, N, M)."""
    d = q_placed.shape[-1]
    scores = q_placed @ k.transpose(-1, -2)
    breadth = o.per if o.per else d  # a width that the model states
    scaled = scores / breadth**0.5 if o.scale else scores  # T5 folds the scale into its start
    if o.positions == "alibi":
        if o.causal:  # counted: BLOOM's positions are those among the tokens that are shown
            far = among_seen(gap, mask) if o.counted and mask is not None else gap
        else:
            far = gap.abs()
        m = slopes(o.heads, q_placed)  # one for each head, never learned
        rate = per_head(m)
        penalty = rate * far
        placed = scaled - penalty  # the further, the less
    elif o.positions == "t5":
        ahead = -gap
        index = bucket(ahead, o.buckets, o.farthest, not o.causal)
        values = rows_of(p.table, index)  # (N, M, heads)
        place = perm(values, 2, 0, 1)
        placed = scaled + place
    else:
        placed = scaled
    if o.cap:
        small = placed / o.cap
        bent = tanh(small)
        logits = o.cap * bent  # never beyond the cap
    else:
        logits = placed
    return logits


def unseen(p: Any, o: SimpleNamespace, gap: Tensor) -> Tensor | None:
    """Return what the mechanism itself hides, (N, M), None where all is seen."""
    if o.window:
        if o.side == "before":
            oldest = o.window - 1  # with itself, as many keys as the window has
            future = gap < 0
            past_it = gap > oldest
            outside = future | past_it
        else:
            reach = o.window // 2 if o.side == "half" else o.window
            distance = gap.abs()
            outside = distance > reach
    else:
        outside = gap < 0 if o.causal else None
    return outside


def weighed(
    p: Any, o: SimpleNamespace, logits: Tensor, hidden: Tensor | None, mask: Tensor | None
) -> Tensor:
    """Return the weights of all keys for each query: (B, heads, N, M)."""
    masked = hide(logits, hidden)
    if o.sinks:
        sink = beside_keys(p.sinks, masked)  # (B, heads, N, 1)
        joined = join(masked, sink, -1)
        shares = softmax(joined, -1)
        attention = without_last(shares)  # what the sink gets goes nowhere
    else:
        attention = softmax(masked, -1)
    weights = attention if mask is None else only_visible(attention, hidden)
    return weights


def attended(
    p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None, past: Any
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what attention gives to each token, (B, N, C), and its keys and values."""
    q, k_own, v_own = projected(p, o, x)
    own = places(q)
    here = own if past is None else own + past[0].shape[2]  # the new tokens come after the cached
    if o.positions in ("half", "interleaved"):
        q_placed, k_placed = turned(p, o, q, k_own, here)
    else:
        q_placed = q
        k_placed = k_own
    k_kept = k_placed if past is None else join(past[0], k_placed, 2)
    v_kept = v_own if past is None else join(past[1], v_own, 2)
    times = o.heads // o.kv_heads
    k = k_kept if o.one_head else repeat_heads(k_kept, times)  # one for each group of query heads
    v = v_kept if o.one_head else repeat_heads(v_kept, times)
    there = places(k)
    gap = behind(here, there)  # how far each key lies behind each query
    logits = scored(p, o, q_placed, k, gap, mask)
    outside = unseen(p, o, gap)
    hidden = either(outside, mask)
    weights = weighed(p, o, logits, hidden, mask)
    heads = weights @ v
    merged = merge_heads(heads)
    if o.gate:
        g_all = linear(p.gate, x)
        g = sigmoid(g_all)
        passed = merged * g  # before the output's matrix
    else:
        passed = merged
    out = linear(p.output, passed) if o.out else passed
    return out, k_kept, v_kept


@composed(dims=DIMS, options=OPTIONS, **SLOTS)
def attention(
    p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None, past: Any = None
) -> Any:
    """Attend from tokens to tokens: (B, N, C) -> (B, N, C), and a cache where ``o.cache``.

    ``mask`` is True where a key is hidden besides: (B, M), (B, N, M) or (B, heads, N, M). ``past``
    is the cache that the call before has returned: keys and values, (B, kv_heads, T, d).
    """
    out, k_kept, v_kept = attended(p, o, x, mask, past)
    return (out, (k_kept, v_kept)) if o.cache else out


def fed(p: Any, o: SimpleNamespace, t: Tensor) -> Tensor:
    """Think per token: (B, N, C) -> same; gated as in Shazeer 2020, arXiv:2002.05202."""
    if o.gated:
        w_all = linear(p.gate_up, t)
        w = activated(w_all, o.activation)
        f = linear(p.up, t)
        a = w * f
    else:
        f = linear(p.up, t)
        a = activated(f, o.activation)
    thought = linear(p.down, a)
    return thought


LAYERS = {
    "gate_up": linear_slot("C", "F", bias="ffn_bias", when="gated"),
    "up": linear_slot("C", "F", bias="ffn_bias"),
    "down": linear_slot("F", "C", bias="ffn_bias"),
}
BLOCK = {
    **OPTIONS,
    "ffn_bias": True,
    "activation": "relu",
    "gated": False,
    "layer_scale": False,
    "rms": False,
}


@composed(
    dims={**DIMS, "F": None},
    options={"form": "usual", **BLOCK},
    norm1=token_norm("C", "rms", when="form != after"),
    **SLOTS,
    after1=token_norm("C", "rms", when="form in closed, after"),
    scale1=tensor("C", when="layer_scale"),
    norm2=token_norm("C", "rms", when="form in usual, closed, apart"),
    **LAYERS,
    after2=token_norm("C", "rms", when="form in closed, after"),
    scale2=tensor("C", when="layer_scale"),
)
def before(
    p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None, past: Any = None
) -> Any:
    """Attend, then think per token, each normalised first and added: (B, N, C) -> same.

    ``mask`` is True where a key is hidden: (B, N), (B, N, N) or (B, heads, N, N).
    """
    n = x if o.form == "after" else norm(p.norm1, x)
    out, k_kept, v_kept = attended(p, o, n, mask, past)
    even = norm(p.after1, out) if o.form in ("closed", "after") else out
    added = even * p.scale1 if o.layer_scale else even
    s = x + added  # nothing on the way from input to output is normalised
    if o.form == "together":
        t = n
    elif o.form == "after":
        t = s
    else:
        t = norm(p.norm2, x) if o.form == "apart" else norm(p.norm2, s)
    thought = fed(p, o, t)
    calm = norm(p.after2, thought) if o.form in ("closed", "after") else thought
    more = calm * p.scale2 if o.layer_scale else calm
    y = s + more
    return (y, (k_kept, v_kept)) if o.cache else y


@composed(
    dims={**DIMS, "F": None},
    options={"inside": False, **BLOCK},
    **SLOTS,
    norm1=token_norm("C", "rms"),
    **LAYERS,
    norm2=token_norm("C", "rms"),
)
def after(
    p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None, past: Any = None
) -> Any:
    """Attend, then think per token, each summed with its input and normalised: (B, N, C) -> same.

    ``mask`` is True where a key is hidden: (B, N), (B, N, N) or (B, heads, N, N).
    """
    out, k_kept, v_kept = attended(p, o, x, mask, past)
    s = norm(p.norm1, out) if o.inside else x + out
    t = x + s if o.inside else norm(p.norm1, s)  # LayerNorm(x + Sublayer(x))
    thought = fed(p, o, t)
    u = norm(p.norm2, thought) if o.inside else t + thought
    y = t + u if o.inside else norm(p.norm2, u)
    return (y, (k_kept, v_kept)) if o.cache else y
