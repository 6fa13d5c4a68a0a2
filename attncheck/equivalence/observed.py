"""What two more calls show of options that no tensor tells: later tokens seen, order felt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attncheck.lazy import torch
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


def contradictions(
    subject: Subject, module: torch.nn.Module, choices: list[dict[str, Any]]
) -> list[int]:
    """Return in how many ways each choice of options contradicts what calls show.

    A choice that does is tried last, not left out: a mistake may be what one sees.
    """
    if len({(v.get("causal"), v.get("positions")) for v in choices}) < 2:
        return [0 for _ in choices]
    ahead, order = _shown(subject, module)
    return [_against(values, ahead, order) for values in choices]


def _against(values: Mapping[str, Any], ahead: bool | None, order: bool | None) -> int:
    found = 0
    windowed = bool(values.get("window"))
    if ahead is not None and "causal" in values and not windowed:
        found += values["causal"] is ahead
    if order is not None and "positions" in values:
        found += ((values["positions"] != "none") or windowed) is not order
    return found


def _shown(subject: Subject, module: torch.nn.Module) -> tuple[bool | None, bool | None]:
    """Return whether the first output follows the last token, and the last one their order."""
    trial = Trial(subject, subject.base())
    inputs = trial.inputs()
    x = inputs[trial.main]
    axes = trial.axes()
    axis = next((i for i, name in enumerate(axes) if name == "N"), None)
    if axis is None or trial.output_axes[axis : axis + 1] != ("N",) or x.shape[axis] < 3:
        return None, None
    size = x.shape[axis]
    other = x.clone()
    drawn = trial.inputs(draw_seed=1)[trial.main]
    other.select(axis, size - 1).copy_(drawn.select(axis, size - 1))
    turned = [*range(1, size - 1), 0, size - 1]
    moved = x.index_select(axis, torch.tensor(turned, device=x.device))
    try:
        with torch.no_grad():
            seen, changed, order = (
                trial.run(module, {**inputs, trial.main: t}) for t in (x, other, moved)
            )
    except SubjectError:
        return None, None
    first = _differ(seen.select(axis, 0), changed.select(axis, 0))
    return first, _differ(seen.select(axis, size - 1), order.select(axis, size - 1))


def _differ(a: torch.Tensor, b: torch.Tensor) -> bool:
    return not torch.allclose(a, b, rtol=1e-6, atol=1e-8 * float(a.abs().max()))
