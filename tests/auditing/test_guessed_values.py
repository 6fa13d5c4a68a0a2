"""A value that only trying has found is worth a proof, and nothing less."""

from __future__ import annotations

import torch
from torch import Tensor, nn

import attncheck


class Shrunk(nn.Module):
    """Squeeze-and-excitation whose second parameter has a name that says nothing."""

    def __init__(self, channels: int, shrinkage: int) -> None:
        super().__init__()
        hidden = channels // shrinkage
        self.a, self.b = nn.Linear(channels, hidden), nn.Linear(hidden, channels)

    def gate(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.b(torch.relu(self.a(x.mean((2, 3))))))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(x)[:, :, None, None]


class NoSigmoid(Shrunk):
    def gate(self, x: Tensor) -> Tensor:
        out: Tensor = self.b(torch.relu(self.a(x.mean((2, 3)))))
        return out


def test_a_module_that_is_proven_under_a_guess_conforms_and_says_what_was_guessed() -> None:
    report = attncheck.audit(Shrunk, "se", isolate=False)
    (subject,) = report.subjects
    assert subject.verdict == "conforms"
    assert any("shrinkage=4 (assumed)" in note for note in subject.notes)


def test_nothing_is_said_against_a_module_under_a_guess() -> None:
    report = attncheck.audit(NoSigmoid, "se", isolate=False)
    assert not report.subjects
    (problem,) = report.problems
    assert "'shrinkage'" in problem.what
    assert "it runs with --init shrinkage=4" in problem.instead
