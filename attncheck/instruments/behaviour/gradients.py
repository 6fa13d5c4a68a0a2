"""Autograd's gradients of a trial, and what the output really does when a tensor moves."""

from __future__ import annotations

from dataclasses import dataclass

from attncheck.lazy import torch
from attncheck.subject.raising import blamed
from attncheck.subject.sampling import generator
from attncheck.subject.tolerance import TWICE, rounding
from attncheck.subject.trial import Tensors, Trial


@dataclass
class GradientDraw:
    """One module and one input, whose output is projected on fixed random vectors.

    A plain sum would be blind: after a LayerNorm or a softmax it is constant.

    Attributes:
        trial: the case; its mode is the module's.
        module: with random parameters.
        inputs: with gradients.
        frozen: copies of the values that parameters without gradient have from their author.
    """

    trial: Trial
    module: torch.nn.Module
    inputs: Tensors

    @classmethod
    def of(cls, trial: Trial, seed: int, *, keep_frozen: bool = True) -> GradientDraw:
        """Draw a module and inputs; a frozen parameter keeps its author's value if asked."""
        module = trial.module(draw_seed=seed)
        if keep_frozen and any(not p.requires_grad for p in module.parameters()):
            values = dict(trial.module(initial=True).named_parameters())
            with torch.no_grad():
                for name, parameter in module.named_parameters():
                    if not parameter.requires_grad and name in values:
                        parameter.copy_(values[name])
        drawn = trial.inputs(draw_seed=seed)
        inputs = {n: t.requires_grad_(t.is_floating_point()) for n, t in drawn.items()}
        return cls(trial, module, inputs)

    def tensors(self) -> Tensors:
        """Return what should learn or pass gradients on: parameters, then inputs as ``input x``."""
        learning = {n: p for n, p in self.module.named_parameters() if p.requires_grad}
        names = {a.input: a.parameter for a in self.trial.subject.convention.arguments}
        return {**learning, **{f"input {names.get(n, n)}": t for n, t in self.inputs.items()}}

    def gradients(self) -> dict[str, torch.Tensor | None]:
        """Return autograd's gradient of the projected output for every tensor."""
        tensors = self.tensors()
        value = self.value()
        if not value.requires_grad:
            return dict.fromkeys(tensors)
        with blamed("backward"):
            found = torch.autograd.grad(value, list(tensors.values()), allow_unused=True)
        return dict(zip(tensors, found, strict=True))

    def value(self) -> torch.Tensor:
        """Return the projected output: the main one and all others that carry gradients.

        Others without gradients are there to be looked at.
        """
        output = self.trial.outputs(self.module, self.inputs)
        total = _projected(output.main, 0)
        for index, other in enumerate(output.others):
            if other.requires_grad:
                total = total + _projected(other, index + 1)
        return total

    def main(self) -> torch.Tensor:
        """Return the main output alone, without gradient."""
        with torch.no_grad():
            return self.trial.run(self.module, self.inputs)


def _projected(tensor: torch.Tensor, index: int) -> torch.Tensor:
    source = generator(51_407 + index)
    vector = torch.randn(tensor.shape, generator=source, dtype=torch.float64)
    return (tensor * vector.to(tensor)).sum()


def moves_output(draw: GradientDraw, tensor: torch.Tensor, where: torch.Tensor) -> bool:
    """Say whether entries of a tensor, moved a little, move the main output to first order.

    Even orders cancel in a central difference, so that a saddle point does not count, nor does
    a dead ReLU, a rounding or a comparison.

    Args:
        draw: where.
        tensor: one of its tensors.
        where: a mask of the entries to move, all at once.
    """
    wide = draw.trial.dtype == torch.float64
    step = 1e-5 if wide else 1e-2
    size = float(tensor.detach().abs().mean()) + 0.1
    source = generator(88_471)
    move = torch.randn(tensor.shape, generator=source, dtype=torch.float64).to(tensor)
    move = move * where * (step * size)
    with torch.no_grad():
        start = tensor.detach().clone()
        tensor.copy_(start + move)
        up = draw.main()
        tensor.copy_(start - move)
        down = draw.main()
        tensor.copy_(start)
    if up.shape != down.shape:
        return True
    scale = float(up.abs().max()) or 1.0
    noise = rounding(scale, up.dtype, TWICE)
    return float((up - down).abs().max()) > max(noise, 1e-5 * step * scale)
