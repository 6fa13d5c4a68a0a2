"""VGG-16 without norms, Simonyan and Zisserman 2015, table 1 D. Place: ``convN`` behind each."""

from __future__ import annotations

from torch import nn

from attncheck.commands.figures.hosts.places import Attention, at

STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""Channels and convolutions of each stage."""


def build(attend: Attention, *, classes: int = 1000) -> nn.Module:
    """Return a network from (B, 3, 224, 224) to (B, classes)."""
    layers: list[nn.Module] = []
    inputs, number = 3, 0
    for outputs, depth in STAGES:
        for _ in range(depth):
            number += 1
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]
            layers.append(at(attend, f"conv{number}", outputs))
            inputs = outputs
        layers.append(nn.MaxPool2d(2))
    head = (nn.Linear(512 * 7 * 7, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU())
    return nn.Sequential(*layers, nn.Flatten(), *head, nn.Linear(4096, classes))
