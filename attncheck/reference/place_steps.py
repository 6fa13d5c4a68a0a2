"""Steps of positions on a map that are numbered, not learned."""

from __future__ import annotations

import torch
from torch import Tensor


def coordinates(H: int, W: int, numbered: str, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return two coordinates of each of H·W pixels, the pixels row by row: twice (H·W,).

    ``rows``: row, then column; ``columns``: column, then row; ``authors``: as if the pixels came
    column by column, which for H = W is ``rows`` and else tells no pixel's place.
    """
    place = torch.arange(H * W, device=x.device)
    if numbered == "columns":
        return place % W, place // W
    length = H if numbered == "authors" else W
    return place // length, place % length
