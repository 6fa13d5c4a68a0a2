"""How far a class is from its host's base, in float64: values, masks, caches, gradients."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from tests.operators.cases import MODULES, Case, Host
from tests.operators.relabelled import RELABELLED

TOKENS = 17
SAME = 1e-5
"""Within it two are equal: some tables of angles are made in float32."""

APART = 5e-4
"""Beyond it they are not: half precision is a thousandth."""


@cache
def _file(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"operators_{name[:-3]}", MODULES / name)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def built(file: str, name: str, host: Host) -> nn.Module:
    """Return a module as its author starts it, in float64 and in eval mode."""
    torch.manual_seed(0)
    module: nn.Module = getattr(_file(file), name)(**host.build)
    return module.double().eval()


def pair(case: Case) -> tuple[nn.Module, nn.Module]:
    """Return the base and the case's module with the base's parameters, made larger."""
    base, one = (
        built(case.host.file, case.host.base, case.host),
        built(case.file, case.name, case.host),
    )
    with torch.no_grad():
        for p in base.parameters():
            p.mul_(2.0)
    same: Any = RELABELLED.get(case.name, dict)
    one.load_state_dict(same(base.state_dict()))
    return base, one


def drawn(host: Host, seed: int = 1) -> tuple[Tensor, ...]:
    """Return random inputs."""
    width = next(iter(host.build.values()))
    draw = torch.Generator().manual_seed(seed)
    lengths = (TOKENS, TOKENS - 4) if host.memory else (TOKENS,)
    return tuple(torch.randn(3, n, width, generator=draw, dtype=torch.float64) for n in lengths)


def _first(out: Any) -> Tensor:
    return out[0] if isinstance(out, tuple) else out


def _mask(host: Host, tokens: int) -> dict[str, Tensor]:
    lengths = torch.tensor([tokens, tokens - 6, tokens - 3])
    hidden = torch.arange(tokens) >= lengths[:, None]
    mask = hidden if host.mask["hides"] else ~hidden
    return {host.mask["name"]: mask.long() if host.mask.get("number") else mask}


def plain(module: nn.Module, host: Host) -> Tensor:
    """Return the output."""
    return _first(module(*drawn(host)))


def masked(module: nn.Module, host: Host) -> Tensor:
    """Return the output with padding at the ends."""
    inputs = drawn(host)
    return _first(module(*inputs, **_mask(host, inputs[-1].shape[1])))


def stepwise(module: nn.Module, host: Host, seed: int = 1) -> Tensor:
    """Return the outputs of a prompt in two pieces and then token by token."""
    (x,) = drawn(host, seed)
    past, out = None, []
    flag = {host.cache["flag"]: True} if "flag" in host.cache else {}
    for piece in x.split((5, 3, *[1] * (TOKENS - 8)), dim=1):
        y, past = module(piece, **{host.cache["name"]: past}, **flag)
        out.append(y)
    return torch.cat(out, 1)


def again(module: nn.Module, host: Host) -> Tensor:
    """Return what a second request gets after another."""
    stepwise(module, host, seed=2)
    return stepwise(module, host)


def trained(module: nn.Module, host: Host) -> Tensor:
    """Return the output in training mode."""
    module.train()
    torch.manual_seed(3)
    return _first(module(*drawn(host)))


def gradients(module: nn.Module, host: Host) -> Tensor:
    """Return the sizes of all parameters' gradients, zero where there is none."""
    (_first(module(*drawn(host))) ** 2).sum().backward()
    return torch.stack(
        [torch.zeros(()) if p.grad is None else p.grad.norm() for p in module.parameters()]
    )


def _far(one: Tensor, other: Tensor) -> float:
    if one.shape != other.shape or not torch.equal(one.isnan(), other.isnan()):
        return float("inf")
    return float((one - other).nan_to_num().abs().max())


def ways(case: Case) -> dict[str, Callable[[nn.Module, Host], Tensor]]:
    """Return the ways of looking at a case's host that its class offers."""
    host = case.host
    found: dict[str, Callable[[nn.Module, Host], Tensor]] = {"outputs": plain}
    found |= {"masked": masked} if host.mask else {}
    taken = inspect.signature(getattr(_file(case.file), case.name).forward).parameters
    found |= {"cached": stepwise, "again": again} if host.cache.get("name") in taken else {}
    return found | {"gradients": gradients, "training": trained}


def apart(case: Case, way: str) -> float:
    """Return the distance from the base, looked at in one way."""
    look = ways(case)[way]
    base, one = pair(case)
    with torch.set_grad_enabled(way == "gradients"):
        return _far(look(base, case.host), look(one, case.host))


def starts_at_zero(case: Case) -> int:
    """Return how many numbers of the weights are zero as the author starts the module."""
    module = built(case.file, case.name, case.host)
    return sum(int((p == 0).sum()) for name, p in module.named_parameters() if "weight" in name)
