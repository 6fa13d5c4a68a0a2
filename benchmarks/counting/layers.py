"""Layers of torch, one at a time, derived by hand."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.nn import functional as F

from benchmarks.counting.case import Call, Case, First
from benchmarks.counting.products import call

KERNEL = "N·k²·c·o"
MAP = (1, 8, 8, 9)
HEADS = "b·(2·L·d² + 2·S·d² + 2·L·S·d): four projections, scores, weighted sums"
ENCODER = "b·(n·(4·d² + 2·d·f) + 2·n²·d)"
SCORES = "b·h·L·S·(d + d): scores, weighted sums"


def attention(**keywords: Any) -> nn.MultiheadAttention:
    return nn.MultiheadAttention(16, 2, batch_first=True, **keywords)


def sdpa(**keywords: Any) -> Call:
    return Call(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, **keywords))


LAYERS = {
    "softmax": Case(lambda: nn.Softmax(-1), ((4, 8),), "no contraction", 0),
    "mean pool": Case(lambda: nn.AdaptiveAvgPool2d(1), ((2, 8, 4, 5),), "no contraction", 0),
    "element-wise": Case(call(lambda x: (x * 2 + 1).sigmoid()), ((4, 8),), "no contraction", 0),
    "F.conv2d": Case(
        call(lambda x, w: F.conv2d(x, w, padding=1)), (MAP, (16, 8, 3, 3)), KERNEL, 72 * 9 * 8 * 16
    ),
    "conv, padding same": Case(
        lambda: nn.Conv2d(8, 16, 3, padding="same", bias=False), (MAP,), KERNEL, 72 * 9 * 8 * 16
    ),
    "conv, circular": Case(
        lambda: nn.Conv2d(8, 16, 3, padding=1, padding_mode="circular", bias=False),
        (MAP,),
        KERNEL,
        72 * 9 * 8 * 16,
    ),
    "conv, depthwise": Case(
        lambda: nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False), (MAP,), "N·k²·c", 72 * 9 * 8
    ),
    "conv, transposed": Case(
        lambda: nn.ConvTranspose2d(8, 4, 2, 2, bias=False),
        (MAP,),
        "N·c·o·k²: every input, every tap",
        72 * 128,
    ),
    "conv 1d, no batch": Case(
        lambda: nn.Conv1d(8, 16, 3, bias=False), ((8, 8),), "(n − 2)·k·c·o", 6 * 3 * 8 * 16
    ),
    "SDPA": Case(sdpa, ((2, 2, 16, 8),) * 3, SCORES, 2 * 2 * 16 * 16 * (8 + 8)),
    "SDPA, mask": Case(
        call(lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, m)),
        (*((2, 2, 16, 8),) * 3, (16, 16)),
        SCORES,
        2 * 2 * 16 * 16 * (8 + 8),
    ),
    "LSTM": Case(
        lambda: First(nn.LSTM(32, 16)), ((15, 2, 32),), "T·b·4·h·(i + h)", 30 * 4 * 16 * (32 + 16)
    ),
    "GRU": Case(lambda: First(nn.GRU(8, 8)), ((15, 2, 8),), "T·b·3·h·(i + h)", 30 * 3 * 8 * 16),
    "LSTM cell": Case(
        lambda: First(nn.LSTMCell(32, 16)), ((1, 32),), "b·4·h·(i + h)", 4 * 16 * (32 + 16)
    ),
    "linear, no batch": Case(lambda: nn.Linear(8, 8, bias=False), ((8,),), "i·o", 8 * 8),
    "multi-head, cross": Case(
        lambda: First(attention()),
        ((1, 2, 16), (1, 4, 16), (1, 4, 16)),
        HEADS,
        2 * 2 * 256 + 2 * 4 * 256 + 2 * 2 * 4 * 16,
    ),
    "encoder layer": Case(
        lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
        ((2, 4, 8),),
        ENCODER,
        2 * (4 * (4 * 64 + 2 * 8 * 16) + 2 * 16 * 8),
    ),
}

MORE_LAYERS = {
    "linear": Case(lambda: nn.Linear(8, 6), ((4, 8),), "n·i·o", 4 * 8 * 6),
    "linear, tokens": Case(lambda: nn.Linear(8, 6), ((2, 5, 8),), "b·n·i·o", 2 * 5 * 8 * 6),
    "bilinear": Case(
        lambda: nn.Bilinear(4, 5, 6, bias=False), ((3, 4), (3, 5)), "n·i·j·o", 3 * 4 * 5 * 6
    ),
    "embedding": Case(
        lambda: Call(lambda self: self.table.weight[:3], table=nn.Embedding(9, 4)),
        (),
        "no contraction",
        0,
    ),
    "batch norm": Case(lambda: nn.BatchNorm2d(3), ((2, 3, 4, 5),), "no contraction", 0),
    "layer norm": Case(lambda: nn.LayerNorm(8), ((4, 8),), "no contraction", 0),
    "group norm": Case(lambda: nn.GroupNorm(2, 8), (MAP,), "no contraction", 0),
    "RMS norm": Case(lambda: nn.RMSNorm(8), ((4, 8),), "no contraction", 0),
    "max pool": Case(lambda: nn.MaxPool2d(2), ((2, 3, 4, 6),), "no contraction", 0),
    "upsample": Case(lambda: nn.Upsample(scale_factor=2), ((2, 3, 4, 6),), "no contraction", 0),
    "conv": Case(lambda: nn.Conv2d(8, 16, 3, padding=1), (MAP,), KERNEL, 72 * 9 * 8 * 16),
    "conv, strided": Case(
        lambda: nn.Conv2d(8, 4, 3, stride=2), ((2, 8, 9, 7),), KERNEL, 2 * 4 * 3 * 9 * 8 * 4
    ),
    "conv, dilated": Case(
        lambda: nn.Conv2d(8, 4, 3, dilation=2), ((2, 8, 9, 7),), KERNEL, 2 * 5 * 3 * 9 * 8 * 4
    ),
    "conv, groups": Case(
        lambda: nn.Conv2d(8, 16, 3, padding=1, groups=2), (MAP,), "N·k²·c/2·o", 72 * 9 * 4 * 16
    ),
    "conv, transposed, groups": Case(
        lambda: nn.ConvTranspose2d(8, 4, 3, 2, groups=2), (MAP,), "N·c·o/2·k²", 72 * 8 * 2 * 9
    ),
    "conv 1d": Case(
        lambda: nn.Conv1d(8, 16, 3, padding=1), ((2, 8, 7),), "b·n·k·c·o", 2 * 7 * 3 * 8 * 16
    ),
    "conv 1d, transposed": Case(
        lambda: nn.ConvTranspose1d(8, 4, 3), ((2, 8, 7),), "b·n·c·o·k", 2 * 7 * 8 * 4 * 3
    ),
    "conv 3d": Case(
        lambda: nn.Conv3d(2, 3, 2), ((1, 2, 4, 5, 6),), "N·k³·c·o", 3 * 4 * 5 * 8 * 2 * 3
    ),
}
