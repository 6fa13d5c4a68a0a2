"""A fixed small workload: what is timed beside a module that has no other reference."""

from __future__ import annotations

from collections.abc import Callable

from attncheck.lazy import torch

NAME = "fixed workload"
_SIZE = 192


def workload(device: str) -> Callable[[], torch.Tensor]:
    """Return a call of about 0.2 ms on a processor: a product, a softmax, a sum over 192 × 192.

    It is the same on every machine and in every version; ratios to it are comparable only on
    one machine.
    """
    grid = torch.arange(_SIZE * _SIZE, dtype=torch.float32, device=device)
    matrix = grid.reshape(_SIZE, _SIZE).remainder(17).sub(8).div(64)

    def run() -> torch.Tensor:
        with torch.no_grad():
            return torch.softmax(matrix @ matrix, dim=-1).mul_(2).sum()

    return run
