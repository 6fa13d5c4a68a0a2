"""How each tool is asked for the MACs of one call, as its own documentation says.

Every tool gets the same root module around the case, since some count nothing in a root without
children. Tools that state FLOPs as twice the MACs are halved; fvcore calls MACs flops.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from benchmarks.counting.case import Case

Answer = int | str
"""MACs; or what else the tool did, in a word."""


class Root(nn.Module):
    """The case under a root, called with positional arguments or with named ones in order."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, *inputs: Any, **named: Any) -> Any:
        return self.inner(*inputs, *named.values())


def attncheck(root: nn.Module, given: tuple[Any, ...]) -> Answer:
    """Count by the dispatcher; what is written out or has no price is named."""
    from attncheck.instruments.counting.dispatch import counting

    with counting(root) as tally:
        root(*given)
    named = bool(tally.unpriced or tally.hidden.written_out)
    return f"named, {tally.macs} without" if named else tally.macs


def flop_counter_mode(root: nn.Module, given: tuple[Any, ...]) -> Answer:
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as mode:
        root(*given)
    return int(mode.get_total_flops()) // 2


def fvcore(root: nn.Module, given: tuple[Any, ...]) -> Answer:
    from fvcore.nn import FlopCountAnalysis

    return int(FlopCountAnalysis(root, given).total())


def thop(root: nn.Module, given: tuple[Any, ...]) -> Answer:
    from thop import profile

    return int(profile(root, inputs=given, verbose=False)[0])


def _ptflops(backend: str) -> Callable[[nn.Module, tuple[Any, ...]], Answer]:
    def count(root: nn.Module, given: tuple[Any, ...]) -> Answer:
        from ptflops import get_model_complexity_info

        named = {f"x{number}": each for number, each in enumerate(given)}
        macs, _ = get_model_complexity_info(
            root,
            (1,),
            input_constructor=lambda _: named,
            as_strings=False,
            print_per_layer_stat=False,
            backend=backend,
        )
        return "none" if macs is None else int(macs)

    return count


def calflops(root: nn.Module, given: tuple[Any, ...]) -> Answer:
    from calflops import calculate_flops

    if next(root.parameters(), None) is None:
        # It raises on a module without parameters: that is told apart from how it counts.
        root.register_parameter("idle", nn.Parameter(torch.zeros(1)))
    found = calculate_flops(root, args=list(given), print_results=False, output_as_string=False)
    return int(found[1])


def torchinfo(root: nn.Module, given: tuple[Any, ...]) -> Answer:
    from torchinfo import summary

    mode = "train" if root.training else "eval"
    return int(summary(root, input_data=list(given), verbose=0, mode=mode).total_mult_adds)


@dataclass(frozen=True)
class Tool:
    """A tool's package, for its version, and how it is asked."""

    package: str
    count: Callable[[nn.Module, tuple[Any, ...]], Answer]


TOOLS = {
    "attncheck": Tool("attncheck", attncheck),
    "fvcore": Tool("fvcore", fvcore),
    "FlopCounterMode": Tool("torch", flop_counter_mode),
    "thop": Tool("thop", thop),
    "ptflops": Tool("ptflops", _ptflops("pytorch")),
    "ptflops, aten": Tool("ptflops", _ptflops("aten")),
    "calflops": Tool("calflops", calflops),
    "torchinfo": Tool("torchinfo", torchinfo),
}


def asked(tool: Tool, case: Case, train: bool) -> Answer:
    """Return what a tool says of a case: eval without gradients, training with them."""
    logging.disable(logging.CRITICAL)
    quiet = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(quiet):
        warnings.simplefilter("ignore")
        with contextlib.redirect_stderr(quiet), torch.set_grad_enabled(train):
            try:
                return tool.count(Root(case.module(train)).train(train), case.arguments())
            except Exception:
                return "error"
