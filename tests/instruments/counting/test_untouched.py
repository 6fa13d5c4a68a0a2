"""Counting leaves the module and torch's global state as they were."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.modules import module as hooks

from attncheck.data.counts import Counts
from attncheck.instruments.counting.count import count, count_module
from attncheck.instruments.counting.parameters import inventory, never_used
from attncheck.subject.trial import Trial
from tests.deciding import subject_of


class Stateful(nn.Module):
    """Moves its statistics, draws at random, rebinds a buffer and adds one when it is called."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.norm, self.conv, self.drop = nn.BatchNorm2d(c), nn.Conv2d(c, c, 1), nn.Dropout(0.5)
        self.register_buffer("calls", torch.zeros(()))
        self.unused = nn.Linear(c, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls = self.calls + 1
        with torch.no_grad():
            self.conv.bias.add_(1)
        return self.drop(self.conv(self.norm(x)))


@pytest.mark.parametrize("train", [False, True], ids=["eval", "train"])
def test_state_mode_hooks_and_generators_are_as_before(
    train: bool, capfd: Any, caplog: pytest.LogCaptureFixture
) -> None:
    subject = subject_of(Stateful)
    trial = Trial(subject, subject.base(train=train))
    module, inputs = trial.module(), trial.inputs()
    module.norm.eval()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    modes = [part.training for part in module.modules()]
    given = {name: tensor.clone() for name, tensor in inputs.items()}
    generator = torch.get_rng_state()
    with caplog.at_level(logging.WARNING):
        counted = count_module(trial, module, inputs)
    assert counted.agree
    after = module.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert [part.training for part in module.modules()] == modes
    assert all(torch.equal(given[name], inputs[name]) for name in given)
    assert torch.equal(torch.get_rng_state(), generator)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    assert not hooks._global_forward_hooks
    assert not hooks._global_forward_pre_hooks
    assert all(parameter.grad is None for parameter in module.parameters())
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_a_count_is_plain_json_with_its_convention() -> None:
    import msgspec

    subject = subject_of(Stateful)
    counts = count(subject, subject.base())
    assert msgspec.json.decode(msgspec.json.encode(counts), type=Counts) == counts
    assert counts.dims == subject.dims
    assert counts.macs == 2 * 77 * 32 * 32
    assert counts.flops == 2 * counts.macs
    assert (counts.agree, counts.fvcore) == (True, counts.macs)
    assert counts.unused == ["unused.weight", "unused.bias"]
    assert counts.by_operator == {"aten.convolution": counts.macs}


class Raises(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Linear(c, c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x).nothing


def test_of_a_module_that_does_not_run_the_parameters_are_told() -> None:
    from attncheck.subject.prepare import Request, prepare

    subject = prepare(subject_of(Stateful).spec, Request("Raises", "Raises", factory=Raises))[0]
    counts = count(subject, subject.base())
    assert (counts.parameters, counts.macs) == (32 * 32 + 32, None)
    assert counts.unavailable.startswith("forward raises")


def test_a_tied_weight_counts_once_and_is_listed() -> None:
    module = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    module[1].weight = module[0].weight
    found = inventory(module)
    assert (found.total, found.tied) == (16, [["0.weight", "1.weight"]])


def test_parameters_that_share_memory_are_listed_as_tied() -> None:
    module = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    module[1].weight.data = module[0].weight.data
    assert inventory(module).tied == [["0.weight", "1.weight"]]


def test_a_frozen_parameter_is_listed() -> None:
    module = nn.Linear(4, 3)
    module.bias.requires_grad_(False)
    found = inventory(module)
    assert (found.total, found.trainable, found.frozen) == (15, 12, ["bias"])


def test_where_autograd_records_nothing_use_is_not_known() -> None:
    module = nn.Linear(4, 3)
    with torch.no_grad():
        assert never_used(module, [module(torch.ones(4))]) is None
