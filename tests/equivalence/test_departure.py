"""Where a subject leaves its definition: the step, the line, what stands there instead."""

import inspect
from dataclasses import replace
from typing import Any

import msgspec
import pytest
import torch
from torch import nn
from torch.nn import functional

from attncheck.auditing.decide import decide
from attncheck.probes.equivalence import Equivalence
from attncheck.spec.document import ChoiceEntry
from tests.deciding import finding_of, subject_of


class Gate(nn.Module):
    """Squeeze-and-excitation, whose steps its children replace."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(c, c // 4, 1), nn.Conv2d(c // 4, c, 1)

    def pooled(self, x: torch.Tensor) -> torch.Tensor:
        return functional.adaptive_avg_pool2d(x, 1)

    def inner(self, t: torch.Tensor) -> torch.Tensor:
        return t.relu()

    def bounded(self, t: torch.Tensor) -> torch.Tensor:
        return 1 / (1 + (-t).exp())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.bounded(self.up(self.inner(self.down(self.pooled(x)))))


class NoSigmoid(Gate):
    def bounded(self, t: torch.Tensor) -> torch.Tensor:
        return t


class ReluBeforeSigmoid(Gate):
    def bounded(self, t: torch.Tensor) -> torch.Tensor:
        return t.relu().sigmoid()


class TanhForSigmoid(Gate):
    def bounded(self, t: torch.Tensor) -> torch.Tensor:
        return torch.tanh(t)


class LargestForMean(Gate):
    def pooled(self, x: torch.Tensor) -> torch.Tensor:
        return x.amax((2, 3), keepdim=True)


class Linear(Gate):
    def inner(self, t: torch.Tensor) -> torch.Tensor:
        return t


class Silu(Gate):
    def inner(self, t: torch.Tensor) -> torch.Tensor:
        return t * t.sigmoid()


class HardSigmoid(Gate):
    def bounded(self, t: torch.Tensor) -> torch.Tensor:
        return functional.relu6(t + 3) / 6


class Normed(Gate):
    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.norm = nn.BatchNorm2d(c // 4)

    def inner(self, t: torch.Tensor) -> torch.Tensor:
        return self.norm(t).relu()


class Outer(Gate):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) + x


class Inside(nn.Module):
    """The gate behind a convolution, a norm and an activation."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.before = nn.Sequential(nn.Conv2d(c, c, 3, padding=1), nn.BatchNorm2d(c), nn.ReLU())
        self.gate = Gate(c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.gate(self.before(x))


class InsideAndWrong(Inside):
    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.gate = NoSigmoid(c)


class Returned(Gate):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.bounded(self.up(self.inner(self.down(self.pooled(x)))))


class ReturnedAndWrong(Returned):
    def inner(self, t: torch.Tensor) -> torch.Tensor:
        return t


class Heads(nn.Module):
    """Self-attention in one fused product, in an order of its own."""

    order = "qkv"

    def __init__(self, c: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.joint, self.out = nn.Linear(c, 3 * c), nn.Linear(c, c)

    def attend(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return functional.scaled_dot_product_attention(q, k, v)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = self.joint(x).chunk(3, -1)
        cut = {
            n: t.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for n, t in zip(self.order, parts, strict=True)
        }
        y = self.attend(cut["q"], cut["k"], cut["v"])
        return self.out(y.transpose(1, 2).flatten(2))


class KeysFirst(Heads):
    order = "kvq"


class OverQueries(KeysFirst):
    def attend(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return (q @ k.mT / q.shape[-1] ** 0.5).softmax(-2) @ v


class Unscaled(Heads):
    def attend(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return functional.scaled_dot_product_attention(q, k, v, scale=1.0)


class MergedByView(Heads):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (
            t.unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in self.joint(x).chunk(3, -1)
        )
        return self.out(self.attend(q, k, v).contiguous().view(x.shape))


class SecondSoftmax(Heads):
    def attend(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        weights = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)
        return weights.softmax(-1) @ v


class Added(Heads):
    """The output is added to itself where the input was meant."""

    def __init__(self, c: int, heads: int = 4) -> None:
        super().__init__(c, heads)
        self.norm = nn.LayerNorm(c)

    def other(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return y

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = super().forward(x)
        return self.norm(self.other(x, y) + y)


class AddAndNorm(Added):
    def other(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x


def departure(faulty: type[nn.Module], spec: str, **arguments: Any) -> tuple[Any, Any]:
    finding = finding_of("equivalence", faulty, spec, **arguments)
    assert finding.status == "violated", finding.message
    assert finding.evidence["identity"] == "departs"
    return finding, finding.evidence["departure"]


@pytest.mark.parametrize(
    ("faulty", "spec", "step", "said"),
    [
        (NoSigmoid, "se", "s = sigmoid(u)", "no sigmoid: s = u"),
        (ReluBeforeSigmoid, "se", "s = sigmoid(u)", "a ReLU more: s = σ(ReLU(u))"),
        (TanhForSigmoid, "se", "s = sigmoid(u)", "a tanh in place of sigmoid: s = tanh(u)"),
        (LargestForMean, "se", "z = mean_hw(x)", "a maximum in place of mean: z = max(x)"),
        (Linear, "se", "h = relu(a)", "no ReLU: h = a"),
        (ReturnedAndWrong, "se", "h = relu(a)", "no ReLU: h = a"),
        (OverQueries, "mha", "attention = softmax(masked, -1)", "the softmax over another axis"),
        (Unscaled, "mha", "logits = scores / d ** 0.5", "logits = scores"),
        (SecondSoftmax, "mha", "heads = weights @ v", "a softmax more"),
        (Added, "mha", "added = query + out", "out + out"),
    ],
)
def test_the_first_step_that_is_another_is_told_with_both_formulas(
    faulty: type[nn.Module], spec: str, step: str, said: str
) -> None:
    finding, found = departure(faulty, spec)
    assert found["step"] == step
    assert said in finding.message
    assert found["alone"]
    assert found["before"] + found["after"] >= 2


@pytest.mark.parametrize("faulty", [TanhForSigmoid, LargestForMean, SecondSoftmax, OverQueries])
def test_a_departure_stands_on_the_subjects_own_line(faulty: type[nn.Module]) -> None:
    spec = "mha" if issubclass(faulty, Heads) else "se"
    finding, _ = departure(faulty, spec)
    name = next(n for n in vars(faulty) if not n.startswith("__"))
    lines, start = inspect.getsourcelines(getattr(faulty, name))
    assert finding.location is not None
    assert start < finding.location.line < start + len(lines)


def test_heads_merged_by_a_view_are_the_right_numbers_in_another_order() -> None:
    finding, _ = departure(MergedByView, "mha")
    assert "in another order" in finding.message
    lines, start = inspect.getsourcelines(MergedByView.forward)
    assert finding.location is not None
    assert finding.location.line == start + len(lines) - 1


@pytest.mark.parametrize(
    ("right", "spec", "change"),
    [
        (Silu, "se", "SiLU between the two layers"),
        (HardSigmoid, "se", "a hard sigmoid as gate"),
        (Normed, "se", "a batch norm more"),
        (Outer, "se", "an outer residual"),
        (Inside, "se", "a projection before it"),
        (Returned, "se", "returns its gate"),
        (AddAndNorm, "mha", "a LayerNorm of the sum"),
    ],
)
def test_a_design_change_is_named_and_holds(right: type[nn.Module], spec: str, change: str) -> None:
    finding = finding_of("equivalence", right, spec)
    assert finding.status == "holds", finding.message
    assert finding.evidence["identity"] == "variant"
    assert any(change in said for said in finding.changes)


@pytest.mark.parametrize(("right", "spec"), [(Gate, "se"), (Heads, "mha"), (KeysFirst, "mha")])
def test_what_is_equal_in_another_style_is_proven(right: type[nn.Module], spec: str) -> None:
    finding = finding_of("equivalence", right, spec)
    assert finding.evidence["identity"] == "proven", finding.message


def test_a_fault_inside_a_host_is_no_variant() -> None:
    finding = finding_of("equivalence", InsideAndWrong, "se")
    assert finding.status != "holds"


def test_a_choice_that_a_spec_declares_holds_with_its_source() -> None:
    subject = subject_of(Linear, "se")
    choice = ChoiceEntry(change="no ReLU", source="a paper without it")
    spec = msgspec.structs.replace(subject.spec, choices=[choice])
    claim = msgspec.convert({}, Equivalence)
    finding = decide("equivalence", claim, replace(subject, spec=spec))
    assert finding.evidence["changes"] == ["no ReLU in h"]
    assert finding.evidence["sources"] == [{"what": "no ReLU", "source": "a paper without it"}]
