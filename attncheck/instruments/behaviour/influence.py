"""Whether a tensor has any influence on the output, by changing it and by NaN."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from attncheck.instruments.attention.masks import half_masked
from attncheck.instruments.behaviour.axes import training_case
from attncheck.lazy import torch
from attncheck.subject.raising import SubjectError
from attncheck.subject.sampling import generator
from attncheck.subject.tolerance import TWICE, rounding
from attncheck.subject.trial import Tensors, Trial

_DRAWS = 2


@dataclass
class Scene:
    """A module, its inputs and all of its outputs, in one mode and one draw."""

    trial: Trial
    module: torch.nn.Module
    inputs: Tensors
    outputs: list[torch.Tensor]

    @classmethod
    def of(cls, trial: Trial, seed: int, masks: Tensors | None = None) -> Scene:
        """Draw a module and inputs; masks are given to the call as they are.

        Raises:
            SubjectError: it cannot be called so.
        """
        module = trial.module(draw_seed=seed)
        scene = cls(trial, module, {**trial.inputs(draw_seed=seed), **(masks or {})}, [])
        scene.outputs = scene.look()
        return scene

    def look(self) -> list[torch.Tensor]:
        """Call the module and return every output; running statistics stay as they are."""
        buffers = [(b, b.clone()) for b in self.module.buffers()]
        with torch.no_grad():
            output = self.trial.outputs(self.module, self.inputs)
            for buffer, before in buffers:
                buffer.copy_(before)
        return [output.main, *output.others]

    def changes(self) -> bool:
        """Say whether any output differs from what it was, beyond rounding."""
        return any(_differs(a, b) for a, b in zip(self.outputs, self.look(), strict=False))

    def parameter(self, name: str) -> torch.Tensor | None:
        """Return a parameter, None where this draw has none of the name."""
        return dict(self.module.named_parameters()).get(name)


class Scenes:
    """Modules in eval and training mode, at the base size and others, with and without masks.

    They are drawn when they are asked for: what matters in the first needs no second.
    """

    def __init__(self, trial: Trial) -> None:
        subject = trial.subject
        base = subject.base(seed=trial.case.seed)
        self.error: SubjectError | None = None
        self._drawn: list[Scene] = []
        self._left = iter(
            [
                (Trial(subject, case), seed, masked)
                for seed in range(_DRAWS)
                for case in (base, training_case(subject), *list(subject.lattice())[-2:])
                for masked in ((False, True) if subject.convention.masks else (False,))
            ]
        )

    def __iter__(self) -> Iterator[Scene]:
        index = 0
        while index < len(self._drawn) or self._draw():
            yield self._drawn[index]
            index += 1

    def _draw(self) -> bool:
        for trial, seed, masked in self._left:
            try:
                self._drawn.append(Scene.of(trial, seed, half_masked(trial) if masked else {}))
            except SubjectError as error:
                self.error = error
                continue
            return True
        return False


def matters(scene: Scene, tensor: torch.Tensor, rows: slice = slice(None)) -> bool:
    """Say whether other values, modest or large, change any output."""
    for seed, scale in ((0, 1.0), (1, 4.0)):
        source = generator(33_391 + seed)
        noise = torch.randn(tensor.shape, generator=source, dtype=torch.float64)
        size = scale * (float(tensor.detach().abs().mean()) + 0.5)
        with _changed(tensor, rows, tensor.detach() + size * noise.to(tensor)):
            if scene.changes():
                return True
    return False


def is_read(scene: Scene, tensor: torch.Tensor, rows: slice = slice(None)) -> bool:
    """Say whether NaN in the tensor changes any output: then there is a path to it."""
    with _changed(tensor, rows, torch.full_like(tensor, float("nan"))):
        return scene.changes()


@contextmanager
def _changed(tensor: torch.Tensor, rows: slice, values: torch.Tensor) -> Iterator[None]:
    before = tensor.detach().clone()
    after = values.detach().clone()
    if after.ndim:
        after = before.clone()
        after[rows] = values.detach()[rows]
    with torch.no_grad():
        tensor.copy_(after)
        try:
            yield
        finally:
            tensor.copy_(before)


def _differs(a: torch.Tensor, b: torch.Tensor) -> bool:
    if a.shape != b.shape or not torch.equal(a.isnan(), b.isnan()):
        return True
    scale = float(a.nan_to_num(0.0, 0.0, 0.0).abs().max()) if a.numel() else 0.0
    noise = rounding(scale or 1.0, a.dtype, TWICE)
    return bool(((a - b).nan_to_num(0.0).abs() > noise).any())
