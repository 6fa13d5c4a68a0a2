"""The second counter: fvcore on a trace of the module, with our prices of its operators.

It shares neither code nor path with the first: a trace records what Python called, the first
sees what the dispatcher ran. fvcore stands on a private tracer of torch, so it must be able to
say that it cannot count.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

from attncheck.instruments.counting.fvcore_handles import HANDLES
from attncheck.lazy import torch
from attncheck.subject.raising import first_line


@dataclass(frozen=True)
class Second:
    """What fvcore says.

    Attributes:
        macs: multiply-accumulates, or None where it cannot count.
        reason: why it cannot, else "".
        by_operator: traced operator -> multiply-accumulates, as ``aten.bmm``.
    """

    macs: int | None
    reason: str = ""
    by_operator: Mapping[str, int] | None = None


def fvcore_count(
    module: torch.nn.Module,
    call: Callable[..., Any],
    inputs: Sequence[torch.Tensor],
) -> Second:
    """Count one call by tracing it.

    Args:
        module: what is counted; its parameters are the trace's constants.
        call: ``call(*inputs)`` runs the module and returns its tensors.
        inputs: the tensors that the trace follows; any shapes.

    The module's statistics may move in training mode: the caller keeps and restores its state.
    """
    if any(tensor.is_meta for tensor in inputs):
        return Second(None, "fvcore cannot trace on meta")
    if _hides(module):
        return Second(None, "fvcore cannot look into a scripted or compiled submodule")
    try:
        from fvcore.nn import FlopCountAnalysis
    except Exception as error:
        return Second(None, f"fvcore cannot be imported: {error}")
    silence = logging.getLogger("fvcore")
    level = silence.level
    silence.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            analysis = FlopCountAnalysis(_called(module, call), tuple(inputs))
            analysis.set_op_handle(**_handles())
            analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
            analysis.tracer_warnings("none")
            found = {name: int(count) for name, count in analysis.by_operator().items() if count}
            unseen = analysis.unsupported_ops()
    except Exception as error:
        return Second(None, f"fvcore raises {type(error).__name__}: {first_line(error)}")
    finally:
        silence.setLevel(level)
    if any("PythonOp" in name for name in unseen):
        return Second(None, "fvcore cannot look into a custom autograd function")
    return Second(sum(found.values()), "", {f"aten.{name}": n for name, n in found.items()})


def _handles() -> dict[str, Any]:
    """Our prices, and zero for everything else that fvcore prices of itself."""
    from importlib import import_module

    # fvcore.nn binds the name flop_count to a function.
    priced = import_module("fvcore.nn.flop_count")._DEFAULT_SUPPORTED_OPS

    def nothing(inputs: list[Any], outputs: list[Any]) -> int:
        return 0

    def named(name: str, handle: Any) -> Any:
        from collections import Counter

        return lambda inputs, outputs: Counter({name: handle(inputs, outputs)})

    ours = {f"aten::{name}": named(name, handle) for name, handle in HANDLES.items()}
    return {**dict.fromkeys(priced, nothing), **ours}


def _hides(module: torch.nn.Module) -> bool:
    return any(
        isinstance(part, torch.jit.ScriptModule) or type(part).__name__ == "OptimizedModule"
        for part in module.modules()
    )


def _called(module: torch.nn.Module, call: Callable[..., Any]) -> torch.nn.Module:
    """Return a module whose ``forward`` is the call, so that any convention can be traced."""

    class Called(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.subject = module

        def forward(self, *inputs: torch.Tensor) -> Any:
            return call(*inputs)

    # Making the child a submodule must not change its mode.
    called = Called()
    called.training = module.training
    return called
