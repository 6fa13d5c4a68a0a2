"""Small exact backbones into which an attention goes where papers put it, for published figures.

A host is a function of ``attend`` (see :mod:`attncheck.hosts.places`) and of its own settings. Its
count of parameters is the known one of the network that it is named after.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from torch import nn

from attncheck.errors import UsageError, did_you_mean

HOSTS = {
    "bare": "attncheck.hosts.bare",
    "mobilenetv2": "attncheck.hosts.mobilenetv2",
    "resnet": "attncheck.hosts.resnet",
    "senet": "attncheck.hosts.senet",
    "swin": "attncheck.hosts.swin",
    "transformer": "attncheck.hosts.transformer",
    "vgg": "attncheck.hosts.vgg",
    "vit": "attncheck.hosts.vit",
    "yolov5": "attncheck.hosts.yolov5",
}
"""Host -> the module whose ``build(attend, **settings)`` makes it."""


def host(name: str) -> Callable[..., nn.Module]:
    """Return the function ``build(attend, **settings) -> nn.Module`` of a host.

    Raises:
        UsageError: there is no such host.
    """
    if name not in HOSTS:
        raise UsageError(f"no host '{name}'", instead=did_you_mean(name, HOSTS))
    build: Callable[..., Any] = importlib.import_module(HOSTS[name]).build
    return build
