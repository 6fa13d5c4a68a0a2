"""Compiled: the same, in one graph, for any batch."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from attncheck.instruments.behaviour import compiled
from attncheck.instruments.behaviour.symbolic import guarded_line
from tests.attention import Attention, FusedAttention, OnlineAttention
from tests.deciding import finding_of, subject_of
from tests.source.marked import marked


class AsksATensor(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        if logits.max() > 30:  # <- here
            return logits.clamp(max=30).softmax(-1)
        return logits.softmax(-1)


class TakesANumber(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        top = logits.max().item()  # <- here
        return (logits - top).softmax(-1)


class Prints(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        print("scores", tuple(logits.shape))  # <- here
        return logits.softmax(-1)


class Counts(Attention):
    calls = 0

    def normalise(self, logits: Tensor) -> Tensor:
        self.calls += 1  # <- here
        return logits.softmax(-1) * (self.calls > 0)


class FixesTheBatch(Attention):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__(dim, heads)
        self.zeros: dict[int, Tensor] = {}

    def normalise(self, logits: Tensor) -> Tensor:
        if logits.shape[0] not in self.zeros:  # <- here
            self.zeros[logits.shape[0]] = torch.zeros(logits.shape[0], 1, 1, 1)
        return (logits + self.zeros[logits.shape[0]]).softmax(-1)


class AnotherWhenCompiled(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        if torch.compiler.is_compiling():
            return logits.softmax(-2)
        return logits.softmax(-1)


class LosesAGradient(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        if torch.compiler.is_compiling():
            logits = logits.detach()
        return logits.softmax(-1)


class KeepsATable(Attention):
    """Made at the first call, for the length that is seen: compiled anew once, and never again."""

    table: Tensor | None = None

    def normalise(self, logits: Tensor) -> Tensor:
        n = logits.shape[-1]
        if self.table is None or self.table.shape[-1] != n:
            self.table = torch.arange(n, dtype=logits.dtype)
        return (logits - self.table).softmax(-1)


class Clamps(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        return torch.where(logits.amax() > 30, logits.clamp(max=30), logits).softmax(-1)


class Normalised(nn.Module):
    """Statistics of batches change in training: compiled, they change alike."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(c, c, 1), nn.BatchNorm2d(c)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.norm(self.conv(x)).sigmoid()


class ChoosesAConvolution(nn.Module):
    """torch itself compiles it anew for a larger batch: it has another kernel for that."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        parts = self.conv(x.reshape(b * (c // 8), 8, h, w))
        return x * parts.sigmoid().reshape(b, c, h, w)


class KernelOfElu(Attention):
    """The backward pass that torch makes of it fails by itself in the plain backend."""

    def attend(self, x: Tensor, keys: Tensor, mask: Tensor | None = None) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(keys)), self.split(self.v(keys))
        q, k = nn.functional.elu(q) + 1, nn.functional.elu(k) + 1
        weight = q @ k.sum(2)[..., None]
        return self.o((q @ (k.mT @ v) / weight).transpose(1, 2).flatten(2))


class Drops(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        return nn.functional.dropout(logits.softmax(-1), 0.5, self.training)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (AsksATensor, "the graph breaks"),
        (TakesANumber, "the graph breaks"),
        (Prints, "the graph breaks"),
        (Counts, "compiled anew"),
        (FixesTheBatch, "compiled anew"),
    ],
)
def test_what_ends_a_graph_is_named_with_its_line(module: type, words: str) -> None:
    finding = finding_of("torch-compile", module, "tokens")
    assert finding.status == "violated"
    assert words in finding.message
    assert finding.location is not None
    assert finding.location.line == marked(module)
    assert finding.witness is not None


@pytest.mark.parametrize(
    ("module", "words"),
    [(AnotherWhenCompiled, "the output differs"), (LosesAGradient, "the gradient of")],
)
def test_another_result_is_found(module: type, words: str) -> None:
    finding = finding_of("torch-compile", module, "tokens")
    assert finding.status == "violated"
    assert words in finding.message


@pytest.mark.parametrize(
    ("module", "spec"),
    [
        (Attention, "tokens"),
        (FusedAttention, "tokens"),
        (OnlineAttention, "tokens"),
        (KeepsATable, "tokens"),
        (Clamps, "tokens"),
        (Drops, "tokens"),
        (Normalised, "map"),
        (ChoosesAConvolution, "map"),
        (KernelOfElu, "tokens"),
    ],
)
def test_one_graph_with_the_same_results_holds(module: type, spec: str) -> None:
    finding = finding_of("torch-compile", module, spec)
    assert finding.status == "holds", finding.message


def test_without_a_compiler_nothing_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        return None

    monkeypatch.setattr(compiled.shutil, "which", missing)
    monkeypatch.delenv("CXX", raising=False)
    finding = finding_of("torch-compile", Attention, "tokens", parameters={"backend": "inductor"})
    assert finding.status == "undecided"
    assert "no C++ compiler" in finding.message


def test_it_is_a_limit_of_use_that_is_tried_only_when_asked_for() -> None:
    finding = finding_of("torch-compile", Prints, "tokens")
    assert (finding.advice, finding.limit) == (True, "compile")


def test_a_line_that_is_only_the_first_use_of_a_size_is_not_blamed() -> None:
    subject = subject_of(Attention, "tokens")
    use = f"b, n = x.shape  # {inspect.getsourcefile(Attention)}:15 in forward"
    kernel = "return F.conv2d(  # nn/modules/conv.py:560 in _conv_forward"
    first = f"- 0/0: 2 <= x.size()[0] <= 3  # {use}"
    assert guarded_line(f"{first} ({kernel})", subject) is not None
    told = "(user code shown is first use of this value--the guard itself is not due user code)"
    assert guarded_line(f"{first} {told} and {kernel}", subject) is None
