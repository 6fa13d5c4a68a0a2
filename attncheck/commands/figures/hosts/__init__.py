"""Small exact backbones into which an attention goes where papers put it, for published figures.

A host is a function of ``attend`` (see :mod:`attncheck.commands.figures.hosts.places`) and of its
own settings. Its count of parameters is the known one of the network that it is named after.
"""

from __future__ import annotations

import importlib
from typing import Any

from torch import nn

from attncheck.commands.figures.hosts.places import Attention
from attncheck.errors import UsageError, did_you_mean

_R18 = {"depths": (2, 2, 2, 2), "bottleneck": False}
_R34 = {"depths": (3, 4, 6, 3), "bottleneck": False}
_R101 = {"depths": (3, 4, 23, 3)}
_R152 = {"depths": (3, 8, 36, 3)}
_V1 = {"stride_in": "1x1"}
_X = {"groups": 32, "base_width": 4}
_TS = {
    "depths": (2, 3, 3, 2), "widths": (64, 128, 384, 384), "features": 1280,
    "first": "tiered-strided", "shortcut": "pool",
}  # fmt: skip
_CIFAR = {"first": "3x3", "classes": 100}

HOSTS: dict[str, tuple[str, dict[str, Any]]] = {
    "bare": ("bare", {}),
    "cifar-resnet-50": ("resnet", _CIFAR),
    "cifar-resnet-101": ("resnet", {**_R101, **_CIFAR}),
    "mobilenetv2": ("mobilenetv2", {}),
    "mobilenetv2-imgclsmob": ("mobilenetv2", {"widen_first": True, "classifier": "conv"}),
    "mobilenext": ("mobilenext", {}),
    "resnet-18": ("resnet", _R18),
    "resnet-26-t": ("resnet", {"depths": (2, 2, 2, 2), "first": "tiered", "shortcut": "pool"}),
    "resnet-33-ts": ("resnet", _TS),
    "resnet-34": ("resnet", _R34),
    "resnet-50": ("resnet", {}),
    "resnet-50-v1": ("resnet", _V1),
    "resnet-50-d": ("resnet", {"first": "deep", "shortcut": "pool"}),
    "resnet-50-t": ("resnet", {"first": "tiered-strided", "shortcut": "pool"}),
    "resnet-101": ("resnet", _R101),
    "resnet-101-v1": ("resnet", {**_R101, **_V1}),
    "resnet-152": ("resnet", _R152),
    "resnet-152-v1": ("resnet", {**_R152, **_V1}),
    "resnext-50": ("resnet", _X),
    "resnext-101": ("resnet", {**_R101, **_X}),
    "senet-154": ("senet", {}),
    "swin-tiny": ("swin", {}),
    "transformer-base": ("transformer", {}),
    "transformer-big": ("transformer", {"width": 1024, "hidden": 4096}),
    "vgg-16": ("vgg", {}),
    "vit-tiny": ("vit", {}),
    "vit-small": ("vit", {"width": 384}),
    "vit-base": ("vit", {"width": 768}),
    "yolov5-n": ("yolov5", {"width": 0.25}),
    "yolov5-s": ("yolov5", {}),
    "yolov5-m": ("yolov5", {"depth": 0.67, "width": 0.75}),
    "yolov5-l": ("yolov5", {"depth": 1.0, "width": 1.0}),
    "yolov5-x": ("yolov5", {"depth": 1.33, "width": 1.25}),
}
"""Host -> the file that builds it, and the settings that make it this one.

``v1`` has the stride of a bottleneck in its 1×1 convolution, the others (v1.5) in the 3×3;
``cifar`` has a 3×3 stem without pooling and 100 classes.
"""


def host(name: str, attend: Attention, **settings: Any) -> nn.Module:
    """Build a host with the attention in its places; ``settings`` change what it is named after.

    Raises:
        UsageError: there is no such host.
    """
    if name not in HOSTS:
        raise UsageError(f"no host '{name}'", instead=did_you_mean(name, HOSTS))
    file, own = HOSTS[name]
    module = importlib.import_module(f"attncheck.commands.figures.hosts.{file}")
    built: nn.Module = module.build(attend, **{**own, **settings})
    return built
