"""What a call shows with one of the switches of ``forward`` turned, and not without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from attncheck.lazy import torch
from attncheck.signature.convention import Argument
from attncheck.signature.forward import forward_parameters, named_parameters
from attncheck.subject.raising import SubjectError
from attncheck.subject.trial import Trial


def learns_with(trial: Trial, names: Sequence[str]) -> str:
    """Return the switch of ``forward`` with which all of these parameters get a gradient, or "".

    An auxiliary loss that is returned on demand teaches what the output alone does not.
    """
    call = trial.subject.convention
    given = {argument.parameter for argument in call.arguments}
    for parameter in named_parameters(forward_parameters(trial.module(initial=True))):
        if parameter.name in given or not isinstance(parameter.default, bool):
            continue
        literal = repr(not parameter.default)
        switch = Argument(parameter.name, "", (), keyword=True, literal=literal)
        changed = replace(call, arguments=(*call.arguments, switch))
        if set(names) <= _taught(replace(trial, subject=trial.subject.called(changed))):
            return f"{parameter.name}={literal}"
    return ""


def _taught(trial: Trial) -> set[str]:
    """Return the parameters that get a gradient from anything that a call returns."""
    try:
        module = trial.module()
        output = trial.outputs(module, trial.inputs())
        parts = [t for t in (output.main, *output.others) if t.requires_grad]
        wanted = {n: p for n, p in module.named_parameters() if p.requires_grad}
        if not parts or not wanted:
            return set()
        loss = torch.stack([part.square().sum() for part in parts]).sum()
        found = torch.autograd.grad(loss, list(wanted.values()), allow_unused=True)
    except (SubjectError, RuntimeError):
        return set()
    return {n for n, g in zip(wanted, found, strict=True) if g is not None and bool(g.any())}
