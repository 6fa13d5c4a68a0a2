"""When two results are equal: relative to what the numbers' format can hold."""

from __future__ import annotations

from attncheck.lazy import torch

CHAIN = 2**12
"""How many roundings of unit size a chain of layers may pile up in the worst order."""
TWICE = 400
"""How many make the same computation differ where it is done twice."""
EQUAL = 1e-7
"""Relative difference up to which float64 results are equal."""
SINGLE = 1e-6
"""Relative difference that a part computed in single precision may make."""
NEARLY = 1e-5
"""Relative difference up to which they are equal but for a constant (an eps, a float32 table)."""


def rounding(scale: float, dtype: torch.dtype, roundings: float = CHAIN) -> float:
    """Return the largest absolute difference that so many roundings make of values this large."""
    return torch.finfo(dtype).eps * roundings * scale


def budget(*references: torch.Tensor) -> float:
    """Return the largest absolute difference that rounding alone can make beside these values."""
    scale = max((float(r.detach().abs().max()) for r in references if r.numel()), default=1.0)
    dtypes = {r.dtype for r in references if r.is_floating_point()}
    return max(rounding(max(scale, 1e-3), dtype) for dtype in dtypes)


def difference(a: torch.Tensor, b: torch.Tensor) -> float:
    """Return the largest absolute difference; infinite where the NaNs are not the same."""
    if a.shape != b.shape:
        return float("inf")
    if a.numel() == 0:
        return 0.0
    a, b = a.detach(), b.detach()
    if a.dtype is torch.bool:
        return float(not torch.equal(a, b))
    if not torch.equal(a.isnan(), b.isnan()):
        return float("inf")
    return float(torch.nan_to_num(a - b, nan=0.0).abs().max())


def close(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Say whether two results are equal up to rounding."""
    return a.shape == b.shape and difference(a, b) <= budget(a, b)
