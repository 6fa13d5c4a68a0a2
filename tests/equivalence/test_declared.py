"""A published design change is a variant, with its source; the mechanism's own gate is not one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from attncheck.catalogue import load
from attncheck.data.report import Finding, Status
from attncheck.equivalence.declared import edited
from attncheck.errors import SpecError
from attncheck.reference.se import se
from attncheck.signature.resolve import resolve
from attncheck.spec import ChoiceEntry
from attncheck.spec.shelf import spec_ids
from tests.deciding import finding_of


class Excitation(nn.Module):
    between: type[nn.Module] = nn.ReLU
    gate: type[nn.Module] = nn.Sigmoid

    def __init__(self, channels: int, reduction: int = 4) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels, channels // reduction, 1)
        self.up = nn.Conv2d(channels // reduction, channels, 1)
        self.act, self.bound = self.between(), self.gate()

    def forward(self, x: Tensor) -> Tensor:
        return x * self.bound(self.up(self.act(self.down(x.mean((2, 3), keepdim=True)))))


class MobileNet(Excitation):
    gate = nn.Hardsigmoid


class EfficientNet(Excitation):
    between = nn.SiLU


class Both(Excitation):
    between, gate = nn.SiLU, nn.Hardsigmoid


class Unbounded(Excitation):
    gate = nn.ReLU6


class Sublayer(nn.Module):
    """LayerNorm(x + attention(x)), as BERT's."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.inner = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x + self.inner(x, x, x, need_weights=False)[0])


def found(factory: type[nn.Module], spec: str) -> Finding:
    return finding_of("equivalence", factory, spec)


@pytest.mark.parametrize(
    ("factory", "spec", "sources"),
    [
        (MobileNet, "se", ["1905.02244"]),
        (EfficientNet, "se", ["1905.11946"]),
        (Both, "se", ["1905.02244", "1905.11946"]),
        (Sublayer, "mha", ["section 3.1"]),
    ],
)
def test_a_published_change_is_named_with_its_source(
    factory: type[nn.Module], spec: str, sources: list[str]
) -> None:
    finding = found(factory, spec)
    assert finding.status is Status.HOLDS
    assert finding.evidence["identity"] == "variant"
    changes = finding.evidence["changes"]
    for change, source in zip(changes, sources, strict=True):
        assert source in change["source"]
        assert change["what"] in finding.message


def test_what_no_source_declares_is_no_variant() -> None:
    assert found(Unbounded, "se").status is not Status.HOLDS


def test_the_mechanism_itself_has_no_change() -> None:
    finding = found(Excitation, "se")
    assert finding.evidence["identity"] == "proven"
    assert "changes" not in finding.evidence


@pytest.mark.parametrize("name", [n for n in spec_ids() if load(n).document.choices])
def test_every_declared_step_is_one_of_the_reference(name: str) -> None:
    document = load(name).document
    reference = resolve(document.reference)
    for choice in document.choices:
        assert choice.source
        assert bool(choice.step) is not bool(choice.option)
        if choice.step:
            edited(reference, [choice])
        else:
            assert choice.option.partition(" ")[0] in reference.defaults


def test_a_step_that_the_reference_has_not_is_an_error_of_the_spec() -> None:
    with pytest.raises(SpecError, match="no step"):
        edited(se, [ChoiceEntry("another", step="elsewhere = u")])


def test_an_edited_reference_computes_its_step() -> None:
    module = se(C=4, r=2).double()
    made = edited(se, [ChoiceEntry("none", step="s = torch.ones_like(u)")])
    x = torch.randn(1, 4, 2, 2, dtype=torch.float64)
    assert torch.equal(made.function(module, None, x), x)
