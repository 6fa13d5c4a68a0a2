"""The composed attention: its corners are it with options fixed; each option is its equation."""

from __future__ import annotations

import ast
import inspect
import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from attncheck.mutation.definition import Definition
from attncheck.reference import composed
from attncheck.reference.alibi import alibi
from attncheck.reference.causal import causal
from attncheck.reference.corner import Composed
from attncheck.reference.gqa import gqa
from attncheck.reference.kv_cache import kv_cache
from attncheck.reference.mqa import mqa
from attncheck.reference.postnorm_block import postnorm_block
from attncheck.reference.prenorm_block import prenorm_block
from attncheck.reference.rope import rope
from attncheck.reference.sliding_window import sliding_window
from attncheck.reference.t5_bias import t5_bias
from attncheck.subject.sampling import generator, randomise

CORNERS = [
    (alibi, composed.attention, {"positions": "alibi", "causal": True}),
    (causal, composed.attention, {"causal": True}),
    (gqa, composed.attention, {}),
    (kv_cache, composed.attention, {"causal": True, "cache": True}),
    (mqa, composed.attention, {"kv_heads": 1}),
    (postnorm_block, composed.after, {}),
    (prenorm_block, composed.before, {}),
    (rope, composed.attention, {"positions": "interleaved"}),
    (sliding_window, composed.attention, {"window": 3}),
    (t5_bias, composed.attention, {"positions": "t5", "scale": False}),
]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"causal": True},
    {"positions": "half", "part": 0.5},
    {"positions": "interleaved", "part": 2},
    {"positions": "alibi", "causal": True},
    {"window": 2},
    {"window": 2, "side": "half"},
    {"window": 1, "side": "each", "positions": "half"},
    {"qk_norm": "head"},
    {"qk_norm": "width", "rms": False},
    {"cap": 1.5},
    {"per": 3},
    {"sinks": True, "causal": True},
    {"gate": True},
]
DIMS = {"C": 8, "heads": 4, "kv_heads": 2, "head_dim": 4}


def made(mechanism: Any, **values: Any) -> torch.nn.Module:
    module = mechanism(**values).double().eval()
    randomise(module, 3)
    return module.requires_grad_(False)


def tokens(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator(5), dtype=torch.float64)


@pytest.mark.parametrize(
    ("corner", "whole", "fixed"), CORNERS, ids=lambda v: getattr(v, "__name__", "")
)
@pytest.mark.parametrize("more", OPTIONS, ids=str)
def test_a_corner_computes_what_the_whole_does_under_its_options(
    corner: Composed, whole: Composed, fixed: dict[str, Any], more: dict[str, Any]
) -> None:
    more = {n: v for n, v in more.items() if n not in fixed}
    if not set(more) <= set(corner.defaults):
        pytest.skip("it has no such option")
    sizes = {**DIMS, "F": 5, "window": 3, **more}
    module = made(corner, **{n: v for n, v in sizes.items() if n in corner.defaults})
    values = {**whole.defaults, **module.values, **fixed, "one_head": fixed.get("kv_heads") == 1}
    x, mask = tokens(2, 5, 8), torch.zeros(2, 5, dtype=torch.bool)
    mask[:, 3] = True
    given = [x] if corner is kv_cache else [x, mask]
    slots = SimpleNamespace(**{n: getattr(module, n, None) for n in whole.slots})
    options = SimpleNamespace(**values, training=False)
    expected, seen = whole.function(slots, options, *given), module(*given)
    for a, b in zip(_all(expected), _all(seen), strict=True):
        assert torch.equal(a, b)


def _all(found: Any) -> list[Tensor]:
    return torch.utils._pytree.tree_leaves(found)


@pytest.mark.parametrize(
    ("corner", "whole", "fixed"), CORNERS, ids=lambda v: getattr(v, "__name__", "")
)
def test_a_corners_lines_are_those_of_the_file(
    corner: Composed, whole: Composed, fixed: dict[str, Any]
) -> None:
    definition = Definition(corner)
    lines = inspect.getsource(composed).splitlines()
    for statement in definition.statements():
        called = [n.func for n in ast.walk(statement) if isinstance(n, ast.Call)]
        written = lines[definition.first_line + statement.lineno - 2]
        assert all(f"{ast.unparse(name).rpartition('.')[2]}(" in written for name in called)
    assert definition.path == composed.__file__


def rows(s: Any, t: Tensor) -> Tensor:
    return t @ s.weight.T + (0 if s.bias is None else s.bias)


def normal(s: Any, t: Tensor) -> Tensor:
    if not hasattr(s, "bias"):
        return t / (t.pow(2).mean(-1, keepdim=True) + s.eps).sqrt() * s.weight
    centred = t - t.mean(-1, keepdim=True)
    return centred / (centred.pow(2).mean(-1, keepdim=True) + s.eps).sqrt() * s.weight + s.bias


def turned(t: Tensor, m: int, o: Any) -> Tensor:
    r = int(t.shape[0] * o.part) if o.part <= 1 else int(o.part)
    out = t.clone()
    for i in range(r // 2):
        angle = m * o.base ** (-2 * i / r)
        a, b = (i, i + r // 2) if o.positions == "half" else (2 * i, 2 * i + 1)
        out[a] = t[a] * math.cos(angle) - t[b] * math.sin(angle)
        out[b] = t[a] * math.sin(angle) + t[b] * math.cos(angle)
    return out


def sees(i: int, j: int, o: Any) -> bool:
    if not o.window:
        return j <= i or not o.causal
    if o.side == "before":
        return 0 <= i - j < o.window
    return abs(i - j) <= (o.window // 2 if o.side == "half" else o.window)


def equation(p: Any, o: Any, x: Tensor) -> Tensor:
    """One sample, (N, C), by loops over heads, queries and keys."""
    q, k, v = rows(p.query, x), rows(p.key, x), rows(p.value, x)
    if o.qk_norm == "width":
        q, k = normal(p.q_wide, q), normal(p.k_wide, k)
    out = torch.zeros(x.shape[0], o.heads, o.head_dim, dtype=x.dtype)
    for h in range(o.heads):
        g = h // (o.heads // o.kv_heads)
        mine = slice(h * o.head_dim, (h + 1) * o.head_dim)
        theirs = slice(g * o.head_dim, (g + 1) * o.head_dim)
        for i in range(x.shape[0]):
            total = torch.exp(p.sinks[h]) if o.sinks else torch.zeros((), dtype=x.dtype)
            mixed = torch.zeros(o.head_dim, dtype=x.dtype)
            for j in range(x.shape[0]):
                a, b = q[i, mine], k[j, theirs]
                if o.qk_norm == "head":
                    a, b = normal(p.q_norm, a), normal(p.k_norm, b)
                if o.positions in ("half", "interleaved"):
                    a, b = turned(a, i, o), turned(b, j, o)
                logit = a @ b / math.sqrt(o.per or o.head_dim)
                if o.positions == "alibi":
                    logit = logit - 2 ** (-8 * (h + 1) / o.heads) * abs(i - j)
                if o.cap:
                    logit = o.cap * torch.tanh(logit / o.cap)
                if sees(i, j, o):
                    total = total + logit.exp()
                    mixed = mixed + logit.exp() * v[j, theirs]
            out[i, h] = mixed / total
    merged = out.flatten(1)
    if o.gate:
        merged = merged / (1 + torch.exp(-rows(p.gate, x)))
    return rows(p.output, merged)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_each_option_is_its_equation(options: dict[str, Any]) -> None:
    module = made(composed.attention, **DIMS, **options)
    x = tokens(2, 5, 8)
    expected = torch.stack([equation(module, SimpleNamespace(**module.values), t) for t in x])
    assert torch.allclose(module(x), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("options", OPTIONS[:5] + OPTIONS[5:6] + OPTIONS[8:], ids=str)
def test_tokens_fed_one_by_one_give_what_all_give_at_once(options: dict[str, Any]) -> None:
    module = made(composed.attention, **DIMS, **{"causal": True, **options}, cache=True)
    x = tokens(2, 5, 8)
    past, parts = None, []
    for piece in (x[:, :2], x[:, 2:3], x[:, 3:]):
        out, past = module(piece, past=past)
        parts.append(out)
    assert torch.allclose(torch.cat(parts, 1), module(x)[0], rtol=1e-12, atol=1e-12)


def test_an_option_counts_only_where_another_lets_it() -> None:
    plain = gqa.counting({**gqa.defaults})
    assert not {"base", "part", "side"} & plain
    assert {"base", "part"} <= gqa.counting({**gqa.defaults, "positions": "half"})
    assert "causal" not in gqa.counting({**gqa.defaults, "window": 3})
