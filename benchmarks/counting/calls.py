"""How a product may be called: loops, shared layers, wrappers; each derived by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from benchmarks.counting.case import Call, Case

LAYER = "2·8·8, once"
ONCE = 2 * 8 * 8
X = (2, 8)


class Product(torch.autograd.Function):
    """A matrix product as a custom function."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, w)
        return x @ w

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        x, w = ctx.saved_tensors
        return gradients[0] @ w.T, x.T @ gradients[0]


class Scripted(nn.Module):
    """A layer behind a scripted child."""

    def __init__(self) -> None:
        super().__init__()
        self.child = torch.jit.script(nn.Sequential(nn.Linear(8, 8, bias=False), nn.ReLU()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.child(x)
        return out


def layered(function: Any) -> Any:
    """Return what builds a module with one layer, ``self.layer``, that ``function`` calls."""
    return lambda: Call(function, layer=nn.Linear(8, 8, bias=False))


def looped(self: Call, x: torch.Tensor, most: int) -> torch.Tensor:
    """Call the layer as often as the data say: here always ``most`` times."""
    times = 0
    while times < most and bool(torch.isfinite(x.detach().cpu()).all() if not x.is_meta else True):
        x, times = self.layer(x), times + 1
    return x


def stepped(self: Call, x: torch.Tensor) -> torch.Tensor:
    """Take a step down a gradient inside the call, as layers that learn at test time do."""
    with torch.enable_grad():
        w = self.layer.weight.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(((x.detach() @ w) ** 2).sum(), w)
    out: torch.Tensor = x @ (w - gradient)
    return out


def autocast(self: Call, x: torch.Tensor) -> torch.Tensor:
    """Call the layer in bfloat16."""
    with torch.autocast(x.device.type if not x.is_meta else "cpu", torch.bfloat16):
        out: torch.Tensor = self.layer(x)
    return out


def out_of_sight(layer: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Call a layer that is no submodule of what is counted."""
    out: torch.Tensor = layer(x)
    return out


def spectral() -> nn.Module:
    return nn.utils.parametrizations.spectral_norm(nn.Linear(8, 6))


CALLS = {
    "loop, three times": Case(
        layered(lambda self, x: looped(self, x, 3)), (X,), "3·2·8·8", 3 * ONCE
    ),
    "loop, once": Case(layered(lambda self, x: looped(self, x, 1)), (X,), LAYER, ONCE),
    "shared layer, twice": Case(
        layered(lambda self, x: self.layer(self.layer(x))), (X,), "2·2·8·8", 2 * ONCE
    ),
    "layer.forward() itself": Case(
        layered(lambda self, x: self.layer.forward(x)), (X,), LAYER, ONCE
    ),
    "scripted child": Case(Scripted, (X,), LAYER, ONCE),
    "autograd.Function": Case(lambda: Call(Product.apply), (X, (8, 8)), LAYER, ONCE),
    "dict and None returned": Case(
        layered(lambda self, x: {"y": self.layer(x), "weights": None}), (X,), LAYER, ONCE
    ),
    "None given": Case(
        layered(lambda self, x, mask: self.layer(x if mask is None else x * mask)),
        (X, None),
        LAYER,
        ONCE,
    ),
    "sizes given": Case(
        layered(lambda self, x, h, w: self.layer(x.view(h, w, 8))), ((4, 8), 2, 2), "4·8·8", 4 * 64
    ),
    "bfloat16": Case(
        lambda: Call(
            lambda self, x: self.layer(x.bfloat16()), layer=nn.Linear(8, 8, bias=False).bfloat16()
        ),
        (X,),
        LAYER,
        ONCE,
    ),
}

MORE_CALLS = {
    "autocast": Case(layered(autocast), (X,), LAYER, ONCE),
    "checkpoint": Case(
        layered(lambda self, x: checkpoint(self.layer, x, use_reentrant=False)), (X,), LAYER, ONCE
    ),
    "functional_call": Case(
        layered(
            lambda self, x: torch.func.functional_call(
                self.layer, dict(self.layer.named_parameters()), (x,)
            )
        ),
        (X,),
        LAYER,
        ONCE,
    ),
    "weight norm": Case(
        lambda: nn.utils.parametrizations.weight_norm(nn.Linear(8, 8)), (X,), LAYER, ONCE
    ),
    "spectral norm": Case(
        spectral,
        (X,),
        "2·i·o + o·i + o: the layer; W·v and u·(W·v); in training Wᵀ·u and W·v before it",
        2 * 48 + 48 + 6,
        in_training=2 * 48 + 48 + 6 + 2 * 48,
    ),
    "gradient inside": Case(
        layered(stepped), (X,), "3·2·8·8: before, the gradient of w, after", 3 * ONCE
    ),
    "layer out of sight": Case(
        lambda: Call(partial(out_of_sight, nn.Linear(8, 8))), (X,), LAYER, ONCE, on_meta=False
    ),
}
