"""Precision and device that get lost: the first line whose result has another."""

from __future__ import annotations

from attncheck.blame.layers import made_for
from attncheck.blame.naming import names_in
from attncheck.data.report import Location
from attncheck.lazy import torch
from attncheck.source.paired import differs, inputs_with_masks, side_by_side, traced, values_of
from attncheck.source.places import Blame, at_statement, at_step
from attncheck.source.raised import where_raised
from attncheck.source.reading import made_at, sources_of
from attncheck.source.remarks import first, hard_coded_device
from attncheck.source.tracing import RETURNED, Step
from attncheck.subject.claim import Outcome
from attncheck.subject.raising import SubjectError
from attncheck.subject.trial import Trial


def dtype(trial: Trial, outcome: Outcome) -> Blame | None:
    """The first line that makes a floating point tensor of another dtype than the input's."""
    for kind in _dtypes(outcome):
        try:
            module = trial.module(dtype=kind)
        except SubjectError as error:
            return Blame(where_raised(error.error))
        run = traced(trial, module, trial.inputs(dtype=kind))
        if run.error is not None:
            return _raised(run.error, run.steps)
        for step in run.steps:
            for name, value in step.values.items():
                if value.number or not value.tensor.is_floating_point():
                    continue
                if value.tensor.dtype is not kind and name != RETURNED:
                    said = str(value.tensor.dtype).removeprefix("torch.")
                    note = f"`{name.split('[')[0]}` is {said} after this line, beside {kind}"
                    return Blame(at_step(step, note.replace("torch.", "")), made_for(step))
    return None


def _dtypes(outcome: Outcome) -> list[torch.dtype]:
    said = outcome.evidence.get("dtype") or outcome.evidence.get("dtypes") or []
    names = [said] if isinstance(said, str) else list(said)
    wanted = [getattr(torch, str(n).removeprefix("torch."), None) for n in names]
    found = [kind for kind in wanted if isinstance(kind, torch.dtype)]
    return found or [torch.bfloat16, torch.float16, torch.float32, torch.float64]


def _raised(error: Exception, steps: list[Step]) -> Blame:
    cause = error.error if isinstance(error, SubjectError) else error
    place = where_raised(cause)
    return Blame(place, made_for(steps[-1]) if steps else [])


def device(trial: Trial, outcome: Outcome) -> Blame | None:
    """Where a device is written down; else the first line with a tensor beside the meta device."""
    module = trial.module()
    for kind in dict.fromkeys(type(m) for m in module.modules()):
        for source in sources_of(kind):
            if found := first(source.statements, hard_coded_device):
                return Blame(at_statement(source.path, found, "a device is written down here"))
    module = module.to("meta")
    run = traced(trial, module, {n: t.to("meta") for n, t in inputs_with_masks(trial).items()})
    for step in run.steps:
        for name, value in step.values.items():
            if not value.number and value.tensor.device.type != "meta":
                note = f"`{name.split('[')[0]}` is made beside the input's device"
                return Blame(at_step(step, note), made_for(step))
    return _raised(run.error, run.steps) if run.error is not None else None


def layout(trial: Trial, outcome: Outcome) -> Blame | None:
    """The line that raises, or first differs, when the input's memory is laid out otherwise."""
    module, inputs = trial.module(), inputs_with_masks(trial)
    plain = traced(trial, module, inputs)
    for change in (_last_axis_second, _strided):
        changed = {n: change(t) for n, t in inputs.items()}
        run = traced(trial, module, changed, exact=True)
        if run.error is not None:
            return _raised(run.error, run.steps)
        for steps in side_by_side(plain, run):
            for _, (a, b) in values_of(steps):
                apart = differs(a.tensor, b.tensor)
                if apart is None or bool(apart.any()):
                    note = "from this line on the result follows the memory layout"
                    return Blame(at_step(steps[0], note), made_for(steps[0]))
    return None


def _last_axis_second(t: torch.Tensor) -> torch.Tensor:
    return (
        t.movedim(1, -1).clone(memory_format=torch.contiguous_format).movedim(-1, 1)
        if (t.ndim > 2)
        else t.t().clone().t()
        if t.ndim == 2
        else t.clone()
    )


def _strided(t: torch.Tensor) -> torch.Tensor:
    wide = torch.zeros((*t.shape[:-1], 2 * t.shape[-1]), dtype=t.dtype, device=t.device)
    wide[..., ::2] = t
    return wide[..., ::2]


def unregistered(trial: Trial, outcome: Outcome) -> Blame | None:
    """Tensors and layers kept where ``.to()`` and ``state_dict()`` do not find them."""
    module = trial.module()
    places: list[Location] = []
    wanted = names_in(outcome)
    for prefix, sub in module.named_modules():
        for name, value in vars(sub).items():
            if name.startswith("_"):
                continue
            dotted = f"{prefix}.{name}" if prefix else name
            if _hides(value) and (
                place := made_at(
                    type(sub),
                    name,
                    f"`self.{name}` is a plain attribute: torch does not know of it",
                )
            ):
                places.insert(0 if dotted in wanted else len(places), place)
    return Blame(places[0], places[1:]) if places else None


def _hides(value: object, depth: int = 2) -> bool:
    if isinstance(value, (torch.Tensor, torch.nn.Module)):
        return True
    if depth and isinstance(value, (list, tuple, set)):
        return any(_hides(item, depth - 1) for item in list(value)[:64])
    if depth and isinstance(value, dict):
        return any(_hides(item, depth - 1) for item in list(value.values())[:64])
    return False
