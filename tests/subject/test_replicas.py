"""A definition is built once for each draw, and who asks again gets a copy; a stranger's is not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
import torch
from torch import nn

from attncheck.auditing.request import Asked
from attncheck.auditing.select import select
from attncheck.auditing.work import open_subject
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial
from tests.deciding import subject_of


def _reference(spec: str) -> Subject:
    known, task = select(f"{spec}@reference", "", Asked())[0]
    return open_subject(task.job, known)[0]


def _tensors(module: nn.Module) -> Iterator[torch.Tensor]:
    return chain(module.parameters(), module.buffers())


def _state(module: nn.Module) -> dict[str, Any]:
    own = {name: (type(part), part.extra_repr()) for name, part in module.named_modules()}
    return {**own, "names": [*module.state_dict()], "mode": module.training}


@pytest.mark.parametrize("spec", ["cbam", "gqa", "sk", "t5-bias", "performer"])
@pytest.mark.parametrize("how", [{}, {"initial": True}, {"train": True, "dtype": torch.float32}])
def test_a_copy_is_what_building_it_again_would_be(spec: str, how: dict[str, Any]) -> None:
    subject, other = _reference(spec), _reference(spec)
    first, again = (Trial(subject, subject.base()).module(**how) for _ in range(2))
    drawn = torch.rand(3)
    built = Trial(other, other.base()).module(**how)
    assert torch.equal(drawn, torch.rand(3))  # the generator stands where building leaves it
    assert _state(again) == _state(built)
    for one, two, three in zip(*map(_tensors, (first, again, built)), strict=True):
        assert torch.equal(two, three)
        assert two.dtype == three.dtype
        assert two.requires_grad == three.requires_grad
        assert one.data_ptr() != two.data_ptr()
    inputs = Trial(subject, subject.base()).inputs(dtype=how.get("dtype"))
    trial = Trial(subject, subject.base())
    assert torch.equal(trial.run(again, inputs), trial.run(built, inputs))


def test_what_one_asker_does_to_its_copy_no_other_sees() -> None:
    subject = _reference("cbam")
    trial = Trial(subject, subject.base())
    built = [trial.module() for _ in range(2)]
    before = [[t.clone() for t in _tensors(one)] for one in built]
    for one in built:
        for part in one.modules():
            part.register_forward_hook(lambda *_: pytest.fail("another one's hook"))
        with torch.no_grad():
            for tensor in _tensors(one):
                tensor.add_(1)
        one.values.clear()
        one.extra = nn.Linear(2, 2)
    later = trial.module()
    assert all(map(torch.equal, before[0], _tensors(later)))
    trial.run(later, trial.inputs())


def test_other_draws_sizes_and_modes_are_other_modules() -> None:
    subject = _reference("se")
    trial = Trial(subject, subject.base())
    wide = trial.with_case(dims={"C": 2 * trial.dims["C"]})
    weights = [
        next(module.parameters())
        for module in (
            trial.module(),
            trial.module(draw_seed=1),
            trial.module(initial=True),
            trial.with_case(seed=1).module(),
            wide.module(),
        )
    ]
    for at, one in enumerate(weights):
        assert not any(torch.equal(one, other) for other in weights[:at])
    assert trial.module(train=True).training
    assert not trial.module(train=False).training


def test_a_constructor_of_a_strangers_class_runs_each_time() -> None:
    class Counted(nn.Module):
        made = 0

        def __init__(self, channels: int) -> None:
            super().__init__()
            Counted.made += 1
            self.conv = nn.Conv2d(channels, channels, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.conv(x)

    subject = subject_of(Counted)
    trial, before = Trial(subject, subject.base()), Counted.made
    for _ in range(3):
        trial.module()
    assert Counted.made == before + 3
