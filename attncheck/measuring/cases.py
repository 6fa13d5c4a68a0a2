"""Cases that several probes start from."""

from __future__ import annotations

from typing import Any

from attncheck.claim import Case
from attncheck.lazy import torch
from attncheck.subject import Subject
from attncheck.tolerance import close
from attncheck.trial import Trial


def training_case(subject: Subject, **changes: Any) -> Case:
    """Return the base case in training mode, with at least two samples.

    A batch of one is the business of a claim of its own.
    """
    dims = {"B": max(2, subject.dims["B"])} if "B" in subject.dims else {}
    return subject.base(dims=dims, train=True, **changes)


def draws_at_random(trial: Trial, module: torch.nn.Module) -> bool:
    """Say whether the output depends on the state of torch's generator."""
    inputs = trial.inputs()
    outputs = []
    with torch.no_grad():
        for seed in (11, 12):
            copies = {name: tensor.clone() for name, tensor in inputs.items()}
            torch.manual_seed(seed)
            outputs.append(trial.call(module, copies).main)
    return not close(*outputs)
