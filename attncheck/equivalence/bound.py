"""Layers of the reference whose tensors are views of the subject's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attncheck.equivalence.units import is_rms_norm
from attncheck.lazy import torch


@dataclass(frozen=True)
class BoundLayer:
    """A matrix, read by the steps as ``layer.weight`` (out, in) and ``layer.bias``."""

    weight: torch.Tensor
    bias: torch.Tensor | None


@dataclass(frozen=True)
class BoundConv:
    """A convolution with the padding, dilation and groups that the *definition* states."""

    weight: torch.Tensor
    bias: torch.Tensor | None
    dilation: int
    groups: int
    stride: int
    padding: int

    @property
    def kernel_size(self) -> tuple[int, ...]:
        """The kernel's sizes, as a convolution module states them."""
        return tuple(self.weight.shape[2:])

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        apply = torch.nn.functional.conv1d if self.weight.ndim == 3 else torch.nn.functional.conv2d
        return apply(
            x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )


@dataclass(frozen=True)
class BoundNorm:
    """A norm of the subject as one unit: weight, bias, statistics and eps together.

    Running statistics are read as they were before the call, so that a call in training mode
    neither sees nor makes changes.
    """

    norm: Any
    training: bool

    @property
    def weight(self) -> torch.Tensor:
        """The scale, for a definition that reads it."""
        weight: torch.Tensor = self.norm.weight
        return weight

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        norm = self.norm
        functional = torch.nn.functional
        if is_rms_norm(norm):
            eps = getattr(norm, "eps", getattr(norm, "variance_epsilon", None))
            return functional.rms_norm(x, norm.weight.shape, norm.weight, eps)
        if hasattr(norm, "normalized_shape"):
            shape = _trailing(tuple(norm.normalized_shape), x)
            weight, bias = (
                None if t is None else t.reshape(shape) for t in (norm.weight, norm.bias)
            )
            return functional.layer_norm(x, shape, weight, bias, norm.eps)
        if hasattr(norm, "num_groups"):
            return functional.group_norm(x, norm.num_groups, norm.weight, norm.bias, norm.eps)
        batch = self.training or norm.running_mean is None
        mean = None if batch else norm.running_mean
        var = None if batch else norm.running_var
        return functional.batch_norm(x, mean, var, norm.weight, norm.bias, batch, 0.0, norm.eps)


def _trailing(shape: tuple[int, ...], x: torch.Tensor) -> tuple[int, ...]:
    """Return a LayerNorm's shape without the axes of size one that the definition has not."""
    while shape[-1:] == (1,) and x.shape[-len(shape) :] != shape:
        shape = shape[:-1]
    return shape
