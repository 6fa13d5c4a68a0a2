"""Matrix products however they are written, one operator at a time, derived by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from benchmarks.counting.case import Call, Case


def call(function: Callable[..., Any]) -> Callable[[], Call]:
    """Return what builds the function as a module."""
    return lambda: Call(function)


def einsum(equation: str) -> Callable[[], Call]:
    """Return what builds an einsum as a module."""
    return call(lambda *operands: torch.einsum(equation, *operands))


LEFT, RIGHT = (3, 4, 5), (3, 5, 4)
BATCHED = "b·n·k·m of (b, n, k) × (b, k, m)"

PRODUCTS = {
    "F.linear": Case(call(F.linear), ((4, 8), (8, 8)), "n·i·o", 4 * 8 * 8),
    "F.linear, 3d": Case(call(F.linear), ((4, 5, 8), (8, 8)), "b·n·i·o", 4 * 5 * 8 * 8),
    "bmm": Case(call(torch.bmm), (LEFT, RIGHT), BATCHED, 3 * 4 * 5 * 4),
    "tensor @": Case(call(lambda a, b: a @ b), (LEFT, RIGHT), BATCHED, 3 * 4 * 5 * 4),
    "matmul 2d × 3d": Case(call(torch.matmul), ((4, 5), (3, 5, 6)), BATCHED, 3 * 4 * 5 * 6),
    "matmul 4d, broadcast": Case(
        call(torch.matmul),
        ((2, 1, 4, 5), (1, 3, 5, 6)),
        "n·k·m for each of 2·3 pairs",
        2 * 3 * 4 * 5 * 6,
    ),
    "matmul 3d × 1d": Case(call(torch.matmul), ((2, 4, 5), (5,)), "b·n·k", 2 * 4 * 5),
    "matmul 1d × 3d": Case(call(torch.matmul), ((5,), (3, 5, 4)), "b·k·m", 3 * 5 * 4),
    "mv": Case(call(torch.mv), ((4, 5), (5,)), "n·k", 4 * 5),
    "baddbmm": Case(call(torch.baddbmm), ((3, 4, 4), LEFT, RIGHT), BATCHED, 3 * 4 * 5 * 4),
    "addbmm": Case(call(torch.addbmm), ((4, 4), LEFT, RIGHT), BATCHED, 3 * 4 * 5 * 4),
    "einsum, two": Case(einsum("bik,bkj->bij"), (LEFT, RIGHT), BATCHED, 3 * 4 * 5 * 4),
    "einsum, four indices": Case(
        einsum("bchw,bciw->bwhi"),
        ((2, 7, 11, 13), (2, 7, 11, 13)),
        "b·w·h·i·c: every index once",
        2 * 13 * 11 * 11 * 7,
    ),
    "einsum, ellipsis": Case(
        einsum("...ik,...kj->...ij"),
        ((2, 3, 4, 5), (2, 3, 5, 6)),
        "2·3·n·k·m",
        2 * 3 * 4 * 5 * 6,
    ),
    "einsum, no arrow": Case(einsum("ij,jk"), ((4, 5), (5, 6)), "n·k·m", 4 * 5 * 6),
    "einsum, Hadamard": Case(einsum("ij,ij->ij"), ((4, 5), (4, 5)), "nothing is summed", 0),
    "tensordot": Case(
        call(lambda a, b: torch.tensordot(a, b, ([1], [0]))),
        ((4, 5), (5, 6)),
        "n·k·m",
        4 * 5 * 6,
    ),
    "F.bilinear": Case(
        call(F.bilinear),
        ((3, 4), (3, 5), (5, 4, 5)),
        "n·i·j·o: torch sums over i and j at once",
        3 * 4 * 5 * 5,
    ),
    "unfold, matmul": Case(
        call(lambda x, w: w @ F.unfold(x, 3, padding=1)),
        ((1, 8, 8, 9), (16, 72)),
        "o·(c·k²)·N: the convolution that it is",
        16 * 72 * 72,
    ),
    "product, then sum": Case(
        call(lambda a, b: (a[..., None] * b[:, None]).sum(2)),
        (LEFT, RIGHT),
        BATCHED,
        3 * 4 * 5 * 4,
        written_out=3 * 4 * 5 * 4,
    ),
    "cdist": Case(
        call(torch.cdist), ((2, 30, 15), (2, 10, 15)), "b·n·m·d: each pair over d", 2 * 30 * 10 * 15
    ),
}

MORE_PRODUCTS = {
    "mm, transposed": Case(call(lambda a, b: a.T @ b.T), ((5, 4), (6, 5)), "n·k·m", 4 * 5 * 6),
    "linalg.matmul": Case(call(torch.linalg.matmul), ((2, 3, 5), (5, 4)), BATCHED, 2 * 3 * 5 * 4),
    "dot": Case(call(torch.dot), ((5,), (5,)), "k", 5),
    "vdot": Case(call(torch.vdot), ((5,), (5,)), "k", 5),
    "inner": Case(call(torch.inner), ((3, 5), (4, 5)), "n·m·k", 3 * 4 * 5),
    "outer": Case(call(torch.outer), ((4,), (5,)), "nothing is summed", 0),
    "kron": Case(call(torch.kron), ((2, 3), (4, 5)), "nothing is summed", 0),
    "addr": Case(call(torch.addr), ((4, 5), (4,), (5,)), "nothing is summed", 0),
    "addmv": Case(call(torch.addmv), ((4,), (4, 5), (5,)), "n·k", 4 * 5),
    "addmm": Case(call(torch.addmm), ((3, 4), (3, 5), (5, 4)), "n·k·m", 3 * 5 * 4),
    "in place": Case(
        call(lambda x, a, b: x.clone().addmm_(a, b).addbmm_(a[None], b[None])),
        ((3, 4), (3, 5), (5, 4)),
        "2·n·k·m",
        2 * 3 * 5 * 4,
    ),
    "multi_dot": Case(
        call(lambda *m: torch.linalg.multi_dot(m)),
        ((3, 5), (5, 7), (7, 2)),
        "the cheaper order: 5·7·2, then 3·5·2",
        5 * 7 * 2 + 3 * 5 * 2,
    ),
    "matrix power": Case(
        call(lambda a: torch.linalg.matrix_power(a, 3)), ((4, 4),), "2·n³", 2 * 4**3
    ),
    "cov": Case(call(torch.cov), ((4, 7),), "c²·n", 4 * 4 * 7, on_meta=False),
    "vecdot": Case(call(torch.linalg.vecdot), ((3, 5), (3, 5)), "n·k", 3 * 5, written_out=3 * 5),
    "linear, vector weight": Case(call(F.linear), ((4, 8), (8,)), "n·i", 4 * 8),
    "matmul 1d × 1d": Case(call(torch.matmul), ((5,), (5,)), "k", 5),
    "matmul 2d × 1d": Case(call(torch.matmul), ((4, 5), (5,)), "n·k", 4 * 5),
    "einsum, summed before": Case(
        einsum("ijq,jk->ik"), ((4, 5, 3), (5, 6)), "n·k·m once q is summed away", 4 * 5 * 6
    ),
    "einsum, three": Case(
        einsum("ij,jk,kl->il"), ((4, 5), (5, 6), (6, 3)), "from the left", 4 * 5 * 6 + 4 * 6 * 3
    ),
    "einsum, heads": Case(
        einsum("bnhd,bmhd->bhnm"), ((2, 4, 3, 5), (2, 6, 3, 5)), "b·h·n·m·d", 2 * 3 * 4 * 6 * 5
    ),
    "einsum, shared keys": Case(
        einsum("bhnd,bmd->bhnm"), ((2, 3, 4, 5), (2, 6, 5)), "b·h·n·m·d", 2 * 3 * 4 * 6 * 5
    ),
    "einsum, outer": Case(einsum("i,j->ij"), ((4,), (5,)), "nothing is summed", 0),
    "einsum, trace": Case(einsum("ii->"), ((4, 4),), "no product", 0),
    "cdist, p = 1": Case(
        call(lambda a, b: torch.cdist(a, b, p=1)), ((2, 9, 5), (2, 4, 5)), "b·n·m·d", 2 * 9 * 4 * 5
    ),
    "pdist": Case(call(F.pdist), ((6, 15),), "n·(n − 1)/2·d", 15 * 15),
    "vmap": Case(call(torch.vmap(torch.mv)), ((3, 4, 5), (3, 5)), "b·n·k", 3 * 4 * 5),
    "vmap, one matrix": Case(
        call(torch.vmap(torch.mv, in_dims=(None, 0))), ((4, 5), (3, 5)), "b·n·k", 3 * 4 * 5
    ),
}
