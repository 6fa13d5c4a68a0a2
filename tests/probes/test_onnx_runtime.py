"""As an ONNX model: the same in ONNX Runtime, where it is installed."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from attncheck.instruments.behaviour import onnx_model
from tests.attention import Attention, CrossAttention, FusedAttention
from tests.deciding import finding_of
from tests.source.marked import marked

installed = pytest.mark.skipif(bool(onnx_model.absent()), reason="needs attncheck[onnx]")


class Eigenvalues(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        spectrum = torch.linalg.eigvalsh(logits @ logits.mT)  # <- here
        return (logits / spectrum.amax(-1)[..., None, None]).softmax(-1)


class FixesTheBatch(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        batch = int(logits.shape[0])
        return logits.reshape(batch, -1, logits.shape[-1]).softmax(-1).reshape(logits.shape)


class Gate(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Linear(c, c)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        gate = self.fc(x.mean((2, 3))).sigmoid()
        return x * gate[..., None, None], gate


@installed
def test_an_operator_that_onnx_has_not_is_named_with_its_line() -> None:
    finding = finding_of("onnx-runtime", Eigenvalues, "tokens")
    assert finding.status == "violated"
    assert "ONNX has no function for aten._linalg_eigh" in finding.message
    assert finding.location is not None
    assert finding.location.line == marked(Eigenvalues)


@installed
def test_a_size_that_is_fixed_is_found() -> None:
    finding = finding_of("onnx-runtime", FixesTheBatch, "tokens")
    assert finding.status == "violated"
    assert "the model in ONNX Runtime raises at B=3" in finding.message


@installed
@pytest.mark.parametrize(
    ("module", "spec"),
    [(Attention, "tokens"), (FusedAttention, "tokens"), (CrossAttention, "seq2seq"), (Gate, "map")],
)
def test_what_computes_the_same_holds(module: type, spec: str) -> None:
    finding = finding_of("onnx-runtime", module, spec)
    assert finding.status == "holds", finding.message


def test_without_the_extra_nothing_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_model, "_NEEDED", ("no_such_onnx",))
    finding = finding_of("onnx-runtime", Attention, "tokens")
    assert finding.status == "undecided"
    assert "no_such_onnx not installed: pip install 'attncheck[onnx]'" in finding.message
