"""Exported: any batch, any size, the same results."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.attention import Attention, CrossAttention, FusedAttention, TimeMajorAttention
from tests.deciding import finding_of
from tests.source.marked import marked


class FixesTheBatch(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        batch = int(logits.shape[0])  # <- here
        return logits.reshape(batch, -1, logits.shape[-1]).softmax(-1).reshape(logits.shape)


class LoopsOverTokens(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        rows = [logits[:, :, i].softmax(-1) for i in range(logits.shape[2])]  # <- here
        return torch.stack(rows, 2)


class AsksATensor(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        if logits.max() > 30:  # <- here
            return logits.clamp(max=30).softmax(-1)
        return logits.softmax(-1)


class BranchesOnASize(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        if logits.shape[-1] < 8:  # <- here
            return logits.softmax(-1)
        return torch.cat([part.softmax(-1) for part in logits.split(1, 1)], 1)


class CallsNumPy(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        return (logits / np.sqrt(logits.shape[-1])).softmax(-1)  # <- here


class TakesARoot(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        return (logits / math.sqrt(logits.shape[-1])).softmax(-1)  # <- here


class AnotherWhenExported(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        return logits.softmax(-2 if torch.compiler.is_compiling() else -1)


class RootOfASize(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        return (logits / logits.shape[-1] ** 0.5).softmax(-1)


class Causal(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        n = logits.shape[-1]
        later = torch.ones(n, n, dtype=torch.bool, device=logits.device).triu(1)
        return logits.masked_fill(later, -math.inf).softmax(-1)


class Windows(nn.Module):
    """Takes multiples of four alone: no other size is asked of it."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(dim, 3 * dim)

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n // 4, 4, 3 * c).chunk(3, -1)
        return ((q @ k.mT).softmax(-1) @ v).reshape(b, n, c)


class Gate(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Linear(c, c)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        return x * self.fc(x.reshape(b, c, h * w).mean(-1)).sigmoid()[..., None, None]


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (FixesTheBatch, "exported for any batch size, the program takes 2 alone"),
        (LoopsOverTokens, "exported for any size N, the program takes 7 alone"),
        (TakesARoot, "exported for any size N, the program takes 7 alone"),
        (AsksATensor, "data-dependent"),
        (BranchesOnASize, "the exported program raises at B="),
        (CallsNumPy, "torch.export raises"),
    ],
)
def test_what_is_fixed_is_named_with_its_line(module: type, words: str) -> None:
    finding = finding_of("torch-export", module, "tokens")
    assert finding.status == "violated"
    assert words in finding.message
    assert finding.location is not None
    assert finding.location.line == marked(module)


def test_another_result_is_found() -> None:
    finding = finding_of("torch-export", AnotherWhenExported, "tokens")
    assert finding.status == "violated"
    assert "differs by" in finding.message


@pytest.mark.parametrize(
    ("module", "spec"),
    [
        (Attention, "tokens"),
        (FusedAttention, "tokens"),
        (TimeMajorAttention, "tokens"),
        (CrossAttention, "seq2seq"),
        (RootOfASize, "tokens"),
        (Causal, "tokens"),
        (Gate, "map"),
    ],
)
def test_what_serves_any_size_holds(module: type, spec: str) -> None:
    finding = finding_of("torch-export", module, spec)
    assert finding.status == "holds", finding.message


def test_sizes_that_the_module_itself_refuses_are_not_asked_of_the_program() -> None:
    finding = finding_of("torch-export", Windows, "tokens", inputs=("2x8x48",))
    assert finding.status == "holds", finding.message


def test_the_axes_that_were_free_are_told() -> None:
    assert "B, H, W" in finding_of("torch-export", Gate, "map").message
