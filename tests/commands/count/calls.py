"""58 calls as people type them, each with its multiply-accumulates as a hand derives them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
GPT_LAYER, N, D = 12 * 16 * 16, 10, 16


class HandCall(NamedTuple):
    """One call: its target in this folder, the words after it, MACs by hand.

    ``written_out`` are those of products that are only summed: no contraction, and named.
    """

    family: str
    target: str
    words: str
    macs: int
    written_out: int = 0


def _inputs(*texts: str) -> str:
    return " ".join(f"--input {text}" for text in texts)


CALLS = [
    # One input, whatever its axes are.
    HandCall("one", "layers.py:Squeeze", _inputs("2x32x7x5"), 2 * 2 * 32 * 8),
    HandCall("one", "layers.py:Squeeze(64,reduction=16)", _inputs("1x64x9x9"), 2 * 64 * 4),
    HandCall("one", "layers.py:Separable", _inputs("1x6x10x8"), 80 * (9 * 6 + 6 * 24)),
    HandCall("one", "layers.py:Separable", "--init c2=8 --init k=5 " + _inputs("1x6x10x8"),
             80 * (25 * 6 + 6 * 8)),
    HandCall("one", "layers.py:LastChannels", _inputs("2x12x4x4"), 2 * 16 * 12 * 24),
    HandCall("one", "layers.py:Tokens", _inputs("2x10x32"), 2 * (10 * 4 * 32**2 + 2 * 100 * 32)),
    HandCall("one", "layers.py:Perceptron", _inputs("16"), 2 * 16 * 40),
    HandCall("one", "layers.py:Perceptron", _inputs("7x16"), 7 * 2 * 16 * 40),
    HandCall("one", "layers.py:Perceptron", _inputs("2x3x4x5x16"), 120 * 2 * 16 * 40),
    HandCall("one", "layers.py:Audio", _inputs("2x6x25"), 2 * 11 * 10 * 6 * 5),
    HandCall("one", "layers.py:Audio", _inputs("6x25"), 11 * 10 * 6 * 5),
    HandCall("one", "layers.py:Video", _inputs("1x3x4x6x6"), 3 * 4 * 4 * 4 * 3 * 18),
    # Several, in the order of forward, widths of their own.
    HandCall("several", "layers.py:Fuse", _inputs("1x8x6x6", "1x8x6x6"), 36 * 16 * 8),
    HandCall("several", "layers.py:Fuse", _inputs("b=1x8x6x6", "a=1x8x6x6"), 36 * 16 * 8),
    HandCall("several", "layers.py:Coarse(12,4)", _inputs("1x12x4x4", "1x4x8x8"),
             16 * 12 * 4 + 64 * 9 * 16),
    HandCall("several", "layers.py:Coarse", "--init low=12 --init high=4 "
             + _inputs("1x12x4x4", "1x4x8x8"), 16 * 12 * 4 + 64 * 9 * 16),
    HandCall("several", "layers.py:Cross", _inputs("2x6x20", "2x9x28"),
             2 * (6 * 20 * 16 + 9 * 28 * 32 + 2 * 6 * 9 * 16)),
    HandCall("several", "layers.py:Pair", _inputs("2x5x8", "2x7x8"), 2 * 5 * 7 * 8),
    HandCall("several", "layers.py:Bilinear", _inputs("4x5", "4x7"), 4 * 5 * 7 * 3),
    HandCall("several", "layers.py:Filtered", _inputs("1x3x8x8", "5x3x3x3"), 64 * 5 * 3 * 9),
    HandCall("several", "layers.py:Weighted", _inputs("2x6x4", "2x6x1"), 0),
    HandCall("several", "layers.py:Attend", _inputs("2x5x24", "2x7x24", "2x7x24"),
             2 * (2 * 5 * 24**2 + 2 * 7 * 24**2 + 2 * 5 * 7 * 24)),
    HandCall("several", "layers.py:Attend", _inputs("2x5x24", "2x7x24", "2x7x24", "5x7:additive"),
             2 * (2 * 5 * 24**2 + 2 * 7 * 24**2 + 2 * 5 * 7 * 24)),
    HandCall("several", "layers.py:Additive", _inputs("2x7x10", "2x14"),
             2 * (7 * 10 * 6 + 14 * 6 + 7 * 6 + 7 * 10)),
    HandCall("several", "layers.py:Scored", _inputs("2x5x8", "2x7x8", "2x7x3", "5x7"),
             2 * 5 * 7 * (8 + 3)),
    HandCall("several", "layers.py:Trilinear", _inputs("3x4", "4x5", "5x6"), 3 * 4 * 5 + 3 * 5 * 6),
    HandCall("several", "layers.py:Graph", _inputs("11x9", "11x11"), 11 * 9 * 5 + 11 * 11 * 5),
    HandCall("several", "layers.py:Edges", _inputs("11x9", "2x20:int"), 20 * 18 * 4),
    HandCall("several", "layers.py:Cell", _inputs("3x8", "3x12"), 3 * 3 * 12 * (8 + 12)),
    # Lists, tuples and dicts of tensors.
    HandCall("lists", "forms.py:Concat", _inputs("[1x8x6x6,1x8x6x6]"), 36 * 16 * 8),
    HandCall("lists", "forms.py:Concat", _inputs("x=[1x8x6x6,1x8x6x6]"), 36 * 16 * 8),
    HandCall("lists", "forms.py:Head", _inputs("[1x4x8x8,1x8x4x4,1x16x2x2]"),
             6 * (64 * 4 + 16 * 8 + 4 * 16)),
    HandCall("lists", "forms.py:Named", _inputs("{p3:1x4x8x8,p4:1x6x4x4}"), 64 * 32 + 16 * 48),
    HandCall("lists", "forms.py:Memory", _inputs("2x3x8", "(2x9x8,2x9x8)"),
             2 * (3 * 64 + 2 * 3 * 9 * 8)),
    HandCall("lists", "layers.py:Recurrent", _inputs("2x5x8", "state=(1x2x12,1x2x12)"),
             2 * 5 * 4 * 12 * (8 + 12)),
    HandCall("lists", "forms.py:Many", _inputs("2x6", "2x6", "2x6"), 2 * 36),
    # Numbers, flags, texts.
    HandCall("plain", "forms.py:Reduce", _inputs("2x24x16", "6", "4"),
             2 * (24 * 256 + 6 * (4 * 256 + 2 * 256) + 2 * 24 * 6 * 16)),
    HandCall("plain", "forms.py:Reduce", _inputs("2x24x16", "H=6", "W=4"),
             2 * (24 * 256 + 6 * (4 * 256 + 2 * 256) + 2 * 24 * 6 * 16)),
    HandCall("plain", "forms.py:Sized", _inputs("1x4x3x3", "size=(8,6)"), 48 * 9 * 16),
    HandCall("plain", "forms.py:Sized", _inputs("1x4x3x3", "(8,6)"), 48 * 9 * 16),
    HandCall("plain", "forms.py:Repeated", _inputs("5x6", "4"), 4 * 5 * 36),
    HandCall("plain", "forms.py:Repeated", _inputs("5x6", "steps=3", "residual=True"), 3 * 5 * 36),
    HandCall("plain", "forms.py:Switched", _inputs("5x8"), 5 * 64),
    HandCall("plain", "forms.py:Switched", _inputs("5x8", "'wide'"), 5 * 8 * 32),
    HandCall("plain", "forms.py:Switched", _inputs("5x8", "return_both=True"), 5 * (64 + 256)),
    HandCall("plain", "forms.py:Timed", _inputs("2x4x8x8", "2"), 2 * (40 + 36 * 9 * 16)),
    HandCall("plain", "forms.py:Keywords", _inputs("hidden_states=2x5x8"), 10 * 64),
    HandCall("plain", "forms.py:Keywords", _inputs("hidden_states=5x8", "residual=5x8"),
             2 * 5 * 64),
    # Indices.
    HandCall("indices", "forms.py:Language", _inputs("2x9"), 18 * 8 * 100),
    HandCall("indices", "forms.py:Language", _inputs("2x9", "attention_mask=2x9:valid-true"),
             18 * 8 * 100),
    HandCall("indices", "forms.py:Translate", _inputs("2x7", "2x5"),
             2 * (2 * 5 * 7 * 8 + 5 * 8 * 200)),
    HandCall("indices", "forms.py:Retrieve", _inputs("2x7", "2x11x6"),
             2 * (7 * 36 + 7 * 11 * 6)),
    # Whole models.
    HandCall("models", "forms.py:SmallResNet", _inputs("1x3x64x64"),
             32**2 * 147 * 8 + 32**2 * 2 * 9 * 64
             + 16**2 * (9 * 8 * 16 + 9 * 16 * 16 + 8 * 16) + 160),
    HandCall("models", "forms.py:SmallResNet()", _inputs("1x3x64x64"),
             32**2 * 147 * 8 + 32**2 * 2 * 9 * 64
             + 16**2 * (9 * 8 * 16 + 9 * 16 * 16 + 8 * 16) + 160),
    HandCall("models", "forms.py:SmallViT", _inputs("2x3x32x32"),
             2 * (16 * 192 * 24 + 2 * (17 * 12 * 24**2 + 2 * 17**2 * 24) + 240)),
    HandCall("models", "forms.py:SmallGPT", _inputs(f"1x{N}"),
             2 * (N * GPT_LAYER + 2 * N * N * D) + N * D * 300),
    HandCall("models", "forms.py:SmallUNet", _inputs("1x1x16x16"),
             256 * 36 + 64 * 9 * 32 + 64 * 8 * 4 * 4 + 256 * 8),
    HandCall("models", "forms.py:detector", _inputs("1x3x16x16"), 64 * (27 * 4 + 4 * 2)),
]  # fmt: skip
