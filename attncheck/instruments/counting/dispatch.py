"""The first counter: what the dispatcher ran, operator by operator, priced as it runs.

It sees what a module did, not what it was declared as: loops, shared layers, functional calls,
custom autograd functions, fused kernels. It works on ``meta``, where it costs nothing. Which
submodules are running is known without a hook on any of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from attncheck.instruments.counting.formulas import PRICES
from attncheck.instruments.counting.free import base_name, is_free, work_of
from attncheck.instruments.counting.hidden import Hidden
from attncheck.lazy import torch
from attncheck.subject.dispatcher import watching


@dataclass
class Tally:
    """What ran inside :func:`counting`.

    Attributes:
        macs: multiply-accumulates of contractions; a bias, a norm, a pooling counts none.
        elementwise: element-wise work, one per element of the largest tensor of each operator.
        by_operator: operator -> multiply-accumulates, dearest first when read by ``count``.
        calls: operator -> how often it ran, priced operators only.
        by_module: submodule's name -> what ran in it and in its children; "" is the root.
        innermost: submodule's name -> what ran in it and in none of its children.
        unpriced: operators that are neither priced nor known to be free -> how often they ran.
        hidden: contractions that are written without a contraction operator, and the reverse.
    """

    macs: int = 0
    elementwise: int = 0
    by_operator: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    by_module: Counter[str] = field(default_factory=Counter)
    innermost: Counter[str] = field(default_factory=Counter)
    unpriced: Counter[str] = field(default_factory=Counter)
    hidden: Hidden = field(default_factory=Hidden)

    def record(self, operator: Any, args: Any, kwargs: Any, out: Any, path: tuple[str, ...]) -> int:
        """Price one call that has run; ``path`` names the submodules that it ran in."""
        name = short_name(operator)
        if not hasattr(operator, "_schema"):
            macs = _registered(operator, args, kwargs, out)
            if macs is None:
                self.unpriced[name] += 1
                return 0
        else:
            inputs, outputs = tensors_in((args, kwargs)), tensors_in(out)
            macs = price(operator, args, kwargs, out)
            if macs is None:
                if is_free(operator):
                    self.elementwise += work_of(operator, inputs, outputs)
                    view = bool(getattr(operator, "is_view", False))
                    name, axes = base_name(operator), args[1] if len(args) > 1 else None
                    self.hidden.saw(name, inputs, outputs, view=view, axes=axes)
                else:
                    self.unpriced[name] += 1
                return 0
            self.hidden.priced(macs, inputs, outputs)
        self.macs += macs
        self.by_operator[name] += macs
        self.calls[name] += 1
        self.innermost[path[-1] if path else ""] += macs
        for submodule in path:
            self.by_module[submodule] += macs
        return macs


@contextmanager
def counting(module: torch.nn.Module | None = None) -> Iterator[Tally]:
    """Count everything that runs inside; with ``module``, by its submodules too.

    Nothing of the module is touched: hooks are torch's global ones and leave with the context.
    """
    tally, stack = Tally(), Stack(module)

    def run(mode: Any, operator: Any, args: Any, kwargs: Any) -> Any:
        if _decomposes(operator) and not any(each.is_nested for each in tensors_in((args, kwargs))):
            with mode:
                result = operator.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
        out = operator(*args, **kwargs)
        tally.record(operator, args, kwargs, out, stack.path)
        return out

    with ExitStack() as exits:
        exits.enter_context(stack.watching())
        exits.enter_context(_uncompiled())
        exits.enter_context(watching(run))
        yield tally


def price(operator: Any, args: Any, kwargs: Any, out: Any) -> int | None:
    """Return a call's multiply-accumulates: torch's formula, else ours, else None.

    A formula of torch that refuses the shapes (grouped heads, nested tensors) gives way to ours.
    """
    macs = _registered(operator, args, kwargs, out)
    if macs is None and (ours := PRICES.get(_plain(operator))) is not None:
        try:
            macs = ours(_named(operator, args, kwargs), out)
        except (AssertionError, AttributeError, IndexError, KeyError, RuntimeError, ValueError):
            return None
    return macs


def short_name(operator: Any) -> str:
    """Return ``aten.bmm`` for an overload of it."""
    schema = getattr(operator, "_schema", None)
    return str(operator) if schema is None else str(schema.name).replace("::", ".")


def _plain(operator: Any) -> str:
    """Return the short name; an in-place operator has the price of the one it is named after."""
    name = short_name(operator)
    return name if name in PRICES else name.removesuffix("_")


def tensors_in(tree: Any) -> list[torch.Tensor]:
    """Return the tensors in a nest of lists, tuples and dicts, in order.

    What an operator takes and gives has no other containers, and there are many of them.
    """
    if isinstance(tree, torch.Tensor):
        return [tree]
    if isinstance(tree, dict):
        tree = tree.values()
    elif not isinstance(tree, (list, tuple)):
        return []
    return [tensor for each in tree for tensor in tensors_in(each)]


@lru_cache(maxsize=1024)
def _formula(operator: Any) -> Callable[..., Any] | None:
    """Return torch's own formula for an operator."""
    formula: Callable[..., Any] | None
    formula = _registry().get(getattr(operator, "_overloadpacket", operator))
    return formula


@lru_cache(maxsize=1)
def _registry() -> dict[Any, Any]:
    """Return torch's formulas; the compiler of GPU kernels that it asks for is not loaded."""
    import sys

    loaded: dict[str, Any] = dict.fromkeys({"triton"} - set(sys.modules))
    sys.modules.update(loaded)
    try:
        from torch.utils.flop_counter import flop_registry
    finally:
        for name in loaded:
            del sys.modules[name]
    return flop_registry


def _registered(operator: Any, args: Any, kwargs: Any, out: Any) -> int | None:
    if (formula := _formula(operator)) is None:
        return None
    try:
        return int(formula(*args, **kwargs, out_val=out)) // 2
    except (AssertionError, AttributeError, IndexError, RuntimeError, TypeError, ValueError):
        return None


@lru_cache(maxsize=1024)
def _decomposes(operator: Any) -> bool:
    """Say whether to look inside: under ``inference_mode`` composite operators arrive whole."""
    if not hasattr(operator, "decompose") or _formula(operator) or _plain(operator) in PRICES:
        return False
    inside = torch._C.DispatchKey.CompositeImplicitAutograd
    return bool(operator.has_kernel_for_dispatch_key(inside))


def _named(operator: Any, args: Any, kwargs: Any) -> dict[str, Any]:
    names = [argument.name for argument in operator._schema.arguments]
    return {**dict(zip(names, args, strict=False)), **kwargs}


@contextmanager
def _uncompiled() -> Iterator[None]:
    """Run compiled submodules as written: a compiled kernel hides its operators."""
    import sys

    if "torch._dynamo" not in sys.modules:
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield


class Stack:
    """The submodules of a module that are being called, outermost first.

    Attributes:
        path: their names, the root as ``""``.
    """

    def __init__(self, module: torch.nn.Module | None) -> None:
        named = [] if module is None else list(module.named_modules())
        self._names = {id(submodule): name for name, submodule in named}
        self._entered: list[str] = []

    @property
    def path(self) -> tuple[str, ...]:
        """Each name once, however often a module calls itself."""
        return tuple(dict.fromkeys(self._entered))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Follow calls while the context is open."""
        if not self._names:
            yield
            return
        from torch.nn.modules.module import (
            register_module_forward_hook,
            register_module_forward_pre_hook,
        )

        def enter(module: torch.nn.Module, _: Any) -> None:
            if id(module) in self._names:
                self._entered.append(self._names[id(module)])

        def leave(module: torch.nn.Module, _: Any, __: Any) -> None:
            if id(module) in self._names and self._entered:
                self._entered.pop()

        before = register_module_forward_pre_hook(enter)
        after = register_module_forward_hook(leave, always_call=True)
        try:
            yield
        finally:
            before.remove()
            after.remove()
