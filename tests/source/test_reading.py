"""What the source of a class says."""

import ast
from collections.abc import Callable

import pytest
import torch
from torch import nn

from attncheck.source import operations, remarks
from attncheck.source.files import OwnFiles
from attncheck.source.reading import made_at, made_by, written
from attncheck.source.statements import Statement, bound_before, rebound, span, statement_at
from attncheck.source.tracing import RETURNED, tracing
from tests.source.marked import marked


class Inner(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Sequential(  # <- fc
            nn.Linear(c, c),
            nn.ReLU(),
        )
        self.register_buffer("table", torch.ones(c))  # <- table

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.fc(x)  # <- first
        y = y.view(  # <- second
            -1,
        )
        return y + self.table  # <- result


class Outer(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.a, self.b = Inner(c), nn.Linear(c, c)  # <- both

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = [self.a(row) for row in x]
        return self.b(torch.stack(parts))  # <- out


def _statement(text: str) -> Statement:
    node = ast.parse(text).body[0]
    return Statement(1, 1, node, (node,))


def test_layers_buffers_and_tuples_are_found_where_they_are_made() -> None:
    assert made_at(Inner, "fc").line == marked(Inner, "fc")  # type: ignore[union-attr]
    assert made_at(Inner, "table").line == marked(Inner, "table")  # type: ignore[union-attr]
    assert made_at(Outer, "b").line == marked(Outer, "both")  # type: ignore[union-attr]


def test_a_dotted_name_leads_to_the_innermost_class_with_source() -> None:
    place = made_by(Outer(2), "a.fc.0.weight")
    assert place is not None
    assert place.line == marked(Inner, "fc")
    assert place.end_line == place.line + 3


def test_torch_is_never_read() -> None:
    assert written(nn.Linear) is None


def test_rebinding_is_found_and_said_in_lines() -> None:
    last = statement_at(__file__, marked(Inner, "result"))
    assert last is not None
    found = rebound(__file__, last, "y")
    assert [s.line for s in found] == [marked(Inner, "first"), marked(Inner, "second")]
    assert span(found) == f"lines {found[0].line} to {found[1].end_line}"
    assert span(found[:1]) == f"line {found[0].line}"


def test_a_statement_covers_its_lines_and_knows_what_went_in() -> None:
    path, line = __file__, marked(Inner, "second")
    statement = statement_at(path, line + 1)
    assert statement is not None
    assert (statement.line, statement.end_line) == (line, line + 2)
    assert [(n, s.line) for n, s in bound_before(path, statement)] == [
        ("y", marked(Inner, "first"))
    ]


@pytest.mark.parametrize(
    ("rule", "yes", "no"),
    [
        (remarks.softmax_without_dim, "F.softmax(t)", "F.softmax(t, 1)"),
        (remarks.softmax_without_dim, "nn.Softmax()", "nn.Softmax(-1)"),
        (remarks.softmax_without_dim, "t.softmax()", "t.softmax(-1)"),
        (remarks.dropout_always_on, "F.dropout(t, 0.1)", "F.dropout(t, 0.1, self.training)"),
        (remarks.dropout_always_on, "F.dropout(t, 0.1)", "self.dropout(t)"),
        (
            remarks.dropout_always_on,
            "f(q, k, v, dropout_p=self.p)",
            "f(q, k, v, dropout_p=self.p if self.training else 0.0)",
        ),
        (remarks.hard_coded_device, "t.cuda()", "t.to(x.device)"),
        (remarks.hard_coded_device, "torch.ones(3, device='cuda:0')", "torch.ones(3, device=d)"),
        (remarks.cut, "y = t.data.view(3)", "y = t.view(3)"),
        (remarks.in_place, "t += 1", "t = t + 1"),
        (remarks.in_place, "t[0] = 1", "s = t[0]"),
        (remarks.zero_initialisation, "nn.init.zeros_(w)", "nn.init.ones_(w)"),
        (remarks.zero_initialisation, "g = nn.Parameter(torch.zeros(1))", "g = torch.zeros(1)"),
        (operations.operand_twice, "y = a + a", "y = a + b"),
        (operations.operand_twice, "y = w3 * u3 + w5 * u3", "y = w3 * u3 + w5 * u5"),
    ],
)
def test_idioms_are_told_from_their_right_forms(
    rule: Callable[[Statement], object], yes: str, no: str
) -> None:
    assert rule(_statement(yes))
    assert not rule(_statement(no))


def test_a_trace_has_the_subjects_lines_and_values_and_nothing_of_torch() -> None:
    module = Outer(2)
    with tracing(OwnFiles(Outer, module)) as steps:
        module(torch.ones(3, 2))
    assert {step.path for step in steps} == {__file__}
    views = [step for step in steps if step.at[1] == marked(Inner, "second")]
    assert len({step.frame for step in views}) == 3
    assert steps[-1].line == marked(Outer, "out")
    assert steps[-1].values[RETURNED].shape == (3, 2)


def test_a_trace_keeps_what_an_in_place_line_changed() -> None:
    def double(t: torch.Tensor) -> torch.Tensor:
        t.mul_(2)
        return t

    with tracing(OwnFiles(double)) as steps:
        double(torch.ones(2))
    assert steps[0].values["t"].tensor.tolist() == [2, 2]
