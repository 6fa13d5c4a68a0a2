"""A closed form is tried with every option, and with dims that a module fixes itself."""

from __future__ import annotations

from typing import Any

import msgspec
import torch
from torch import nn

from attncheck.instruments.counting.closed_form import ClosedForm, split, sums
from attncheck.instruments.memory import following
from attncheck.subject.subject import Subject
from tests.deciding import subject_of


class Own(nn.Module):
    """Takes the width alone."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Linear(c, c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def subject(**changes: Any) -> Subject:
    made = subject_of(Own, "map")
    spec = msgspec.structs.replace(made.spec, **changes)
    return Subject(
        spec, made.name, made.target, made.factory, made.binding, made.convention, made.overrides
    )


DIMS = {"B": 2, "C": 32, "C2": "C", "H": 7, "W": 11, "r": 4, "h": "C // r"}


def found(formula: str, count: int, **changes: Any) -> str | None:
    made = subject(**{"dims": DIMS, **changes})
    form = ClosedForm(made, [formula])
    choice = form.explain(made.dims, lambda values: values[0] == count)
    return None if choice is None else choice.describe(form.named)


def test_stated_dims_come_first() -> None:
    assert found("2*C*h", 2 * 32 * 8) == ""


def test_an_option_explains_the_count() -> None:
    options = {"bias": [True, False], "unnamed": [True, False]}
    assert found("2*C*h + bias*(h + C)", 512, options=options) == "bias = false"


def test_a_textual_option_is_a_number_in_the_formula() -> None:
    options = {"mode": ["dot", "concat-all"]}
    assert found("C*C + mode_concat_all*C", 1056, options=options) == "mode = concat-all"


def test_a_dim_that_the_module_fixes_itself_is_searched_for() -> None:
    assert found("2*C*h", 2 * 32 * 2) == "r = 11"  # the first of 11 … 16


def test_a_derived_width_may_be_the_modules_own() -> None:
    assert found("2*C*h", 2 * 32 * 7, dims={**DIMS, "h": "C // 4"}) == "h = 7"


def test_a_dim_of_the_inputs_is_never_searched_for() -> None:
    assert found("C*C", 31 * 31) is None


def test_bias_terms_are_told_apart() -> None:
    kept, biases = split("2*C*h + bias*2*(h + C) + 1", {"bias": [True, False]})
    assert biases == [("(h)", 2), ("(C)", 2)]
    assert kept == "2*(C)*(h) + 1"
    assert sums([3.0, 5.0], [1, 2]) == {0, 3, 5, 8, 10, 13}


def test_memory_follows_what_is_alive() -> None:
    x = torch.zeros(1000)
    with torch.no_grad(), following([x]) as memory:
        y = x + 1
        y = y + 1  # two at once, for a moment
        y = y.view(10, 100).add_(1)
        del y
        torch.zeros(500)
    assert memory.peak == 8000
