"""Where a host asks for an attention, and what it does with the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Place:
    """One place in a host.

    Attributes:
        name: such as ``stage3/block5/residual``: papers name places by stage and block.
        channels: of the map, or features of the tokens, that an attention finds there.
    """

    name: str
    channels: int


Attention = Callable[[Place], nn.Module | None]
"""Returns the module for a place, or None where nothing is to be inserted."""


def nothing(_: Place) -> None:
    """Insert no attention anywhere: the plain backbone."""


def at(attend: Attention, name: str, channels: int) -> nn.Module:
    """Return the attention for a place, or a module that does nothing."""
    return attend(Place(name, channels)) or nn.Identity()
