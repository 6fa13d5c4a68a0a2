"""No backbone: the attention alone, for figures that are a module's increment. Place: ``alone``."""

from __future__ import annotations

from torch import nn

from attncheck.commands.figures.hosts.places import Attention, at


def build(attend: Attention, *, channels: int) -> nn.Module:
    """Return the attention for a map of so many channels: (B, C, H, W) -> its output."""
    return at(attend, "alone", channels)
