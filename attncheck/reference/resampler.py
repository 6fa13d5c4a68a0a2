"""Perceiver resampler, Alayrac et al. 2022 (Flamingo), arXiv:2204.14198, section 3.1, fig. 5.

One or two layers, with the details of public code: two norms before each attention, none of the
matrices with a bias, one norm at the end. Positions in time are added to the tokens before it.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.block_steps import activated
from attncheck.reference.heads import hide, merge_heads, only_visible, over_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.set_steps import for_each, with_visible
from attncheck.reference.slots import layer_norm, tensor
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import join, linear, norm, softmax


def _layer(name: str, when: str = "") -> dict[str, Any]:
    """Return the slots of one layer: attention of the queries, then two layers for each."""
    return {
        f"{name}_norm_tokens": layer_norm("C", when=when),
        f"{name}_norm_queries": layer_norm("C", when=when),
        f"{name}_query": linear_slot("C", "heads * head_dim", when=when),
        f"{name}_key": linear_slot("C", "heads * head_dim", when=when),
        f"{name}_value": linear_slot("C", "heads * head_dim", when=when),
        f"{name}_output": linear_slot("heads * head_dim", "C", when=when),
        f"{name}_norm": layer_norm("C", when=when),
        f"{name}_up": linear_slot("C", "F", when=when),
        f"{name}_down": linear_slot("F", "C", when=when),
    }


@mechanism(
    dims={"C": None, "L": None, "heads": None, "head_dim": None, "F": None},
    options={"repeats": 1, "activation": "gelu"},
    latents=tensor("L", "C"),
    **_layer("m0"),
    **_layer("m1", "repeats == 2"),
    last=layer_norm("C"),
)
def resampler(p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Sum up any number of tokens in L vectors: (B, N, C) -> (B, L, C).

    ``mask`` is True where a token is hidden: (B, N).
    """
    r = for_each(p.latents, x)  # (B, L, C), the same for all samples
    of_tokens = None if mask is None else over_heads(mask)
    hidden = with_visible(of_tokens, o.L)
    blocks = [
        (
            (p.m0_norm_tokens, p.m0_norm_queries, p.m0_query, p.m0_key, p.m0_value, p.m0_output),
            (p.m0_norm, p.m0_up, p.m0_down),
        ),
        (
            (p.m1_norm_tokens, p.m1_norm_queries, p.m1_query, p.m1_key, p.m1_value, p.m1_output),
            (p.m1_norm, p.m1_up, p.m1_down),
        ),
    ]
    for attends, thinks in blocks[: o.repeats]:
        norm_tokens, norm_queries, query, key, value, output = attends
        ahead, up, down = thinks
        t = norm(norm_tokens, x)
        n = norm(norm_queries, r)
        seen = join(t, n)  # queries are keys, too
        q_all = linear(query, n)
        k_all = linear(key, seen)
        v_all = linear(value, seen)
        q = split_heads(q_all, o.heads)  # (B, heads, L, d)
        k = split_heads(k_all, o.heads)
        v = split_heads(v_all, o.heads)
        d = q.shape[-1]
        scores = q @ k.transpose(-1, -2)
        logits = scores / d**0.5
        masked = hide(logits, hidden)
        attention = softmax(masked, -1)
        weights = only_visible(attention, hidden)
        heads = weights @ v
        merged = merge_heads(heads)
        out = linear(output, merged)
        u = r + out
        w = norm(ahead, u)
        f = linear(up, w)
        g = activated(f, o.activation)
        thought = linear(down, g)
        r = u + thought
    y = norm(p.last, r)
    return y
