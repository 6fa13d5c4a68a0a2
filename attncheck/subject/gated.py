"""A module that returns its gate, and leaves the product with the input to its caller."""

from __future__ import annotations

from attncheck.lazy import torch


def over(x: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:
    """Return a gate with axes of size one behind it, as many as it takes: (B, C) over a map."""
    if gate.ndim < x.ndim and gate.shape == x.shape[: gate.ndim]:
        return gate.reshape(*gate.shape, *[1] * (x.ndim - gate.ndim))
    return gate


def is_gate_of(x: torch.Tensor, output: torch.Tensor) -> bool:
    """Say whether an output is no map like the input, but may be a gate over it."""
    gate = over(x, output)
    if gate.ndim != x.ndim or gate.shape == x.shape or gate.shape[0] != x.shape[0]:
        return False
    return gate.numel() > len(x) and all(
        a in (1, b) for a, b in zip(gate.shape, x.shape, strict=True)
    )
