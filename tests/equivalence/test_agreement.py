"""A faulty module still shows which tensors are which, and near which line its mistake is."""

import torch
from torch import nn

from attncheck.catalogue import load
from attncheck.equivalence.comparison import Probe
from attncheck.equivalence.diagnosis import Agreement, agreements
from attncheck.equivalence.search import assignments
from attncheck.mutation.definition import Definition, assigned
from attncheck.mutation.suspects import suspects
from attncheck.reference.mechanism import Mechanism
from attncheck.signature.resolve import resolve
from attncheck.subject.prepare import Request, prepare
from attncheck.subject.trial import Trial


class KeysScaled(nn.Module):
    """Self-attention whose scores are multiplied by the square root, not divided."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.one = nn.Linear(c, c)  # named and declared in no telling order
        self.two = nn.Linear(c, c)
        self.three = nn.Linear(c, c)
        self.four = nn.Linear(c, c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (
            layer(x).unflatten(-1, (2, -1)).transpose(1, 2)
            for layer in (self.three, self.four, self.one)
        )
        weights = (q @ k.mT * q.shape[-1] ** 0.5).softmax(-1)
        return self.two((weights @ v).transpose(1, 2).flatten(2))


def agreed() -> tuple[Mechanism, list[Agreement]]:
    document = load("mha").document
    mechanism = resolve(document.reference)
    assert isinstance(mechanism, Mechanism)
    subject, _ = prepare(document, Request("s", "s", KeysScaled, arguments={"c": 8}))
    trial = Trial(subject, subject.base())
    probe, module = Probe("base", trial, trial.inputs()), trial.module()
    candidates = list(assignments(mechanism, subject, module))[:24]
    return mechanism, agreements(mechanism, candidates, probe, module)


def test_the_assignment_that_agrees_most_is_the_true_one() -> None:
    _, (best, *others) = agreed()
    read = {slot: part.unit.owner for slot, part in best.assignment.parts.items()}
    assert read == {"query": "three", "key": "four", "value": "one", "output": "two"}
    assert any(len(other.shared) < len(best.shared) for other in others)


def test_the_line_of_the_mistake_is_suspected_and_those_far_from_it_are_not() -> None:
    mechanism, (best, *_) = agreed()
    definition = Definition(mechanism)
    near, users = suspects(definition, best.missing)
    source = {
        name: definition.first_line + statement.lineno - 1
        for statement in definition.statements()
        for name in assigned(statement)
    }
    assert source["logits"] in near
    assert source["attention"] in users | near
    assert not {source["v_all"], source["v"]} & (near | users)
