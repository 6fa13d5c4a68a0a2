"""What counting a whole model does not do: load a compiler, or compute values."""

from __future__ import annotations

import subprocess
import sys

import torch

from attncheck.subject.live import LiveCall, of_shapes
from attncheck.subject.plain import PlainAsked, plain_call
from tests.commands.count.calls import FOLDER
from tests.readme import ROOT

SCRIPT = """
import sys
from attncheck.cli.app import assembled
from attncheck.subject.dispatcher import sizes_are_numbers
for target, text in (("SmallResNet", "1x3x64x64"), ("SmallViT", "1x3x32x32"), ("SmallGPT", "1x9")):
    words = ["count", f"{sys.argv[1]}/forms.py:{target}()", "--input", text]
    assert not assembled(words)(words, standalone_mode=False)
print(sorted({"sympy", "triton", "torch._dynamo", "fvcore"} & set(sys.modules)))
with sizes_are_numbers():
    from torch.fx.experimental.symbolic_shapes import ShapeEnv, sym_eq
    import sympy
    assert sym_eq((2, 3), (2, 3)) is True
print(ShapeEnv.__module__, sympy.Symbol("n") + 0, sys.modules["sympy"] is sympy)
"""


def test_a_whole_model_is_counted_without_a_compiler_and_sympy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(FOLDER)],
        cwd=ROOT,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=300,
    )
    assert done.stdout.splitlines()[-2:] == [
        "[]",
        "torch.fx.experimental.symbolic_shapes n True",
    ], done.stderr


def test_a_call_is_run_once_and_on_shapes() -> None:
    ran: list[LiveCall] = []
    asked = PlainAsked(f"{FOLDER}/forms.py:SmallUNet", ["1x1x16x16"])
    call, _ = plain_call(asked, ran.append)
    assert ran == [call]
    assert {p.device.type for p in call.module.parameters()} == {"meta"}


def test_a_model_that_asks_for_values_while_it_is_built_is_moved_to_shapes() -> None:
    class Drops(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rates = [rate.item() for rate in torch.linspace(0, 0.1, 3)]
            self.lin = torch.nn.Linear(4, 4)

    before = torch.nn.init.kaiming_uniform_
    made = of_shapes(Drops)
    assert made.rates[0] == 0
    assert made.lin.weight.is_meta
    assert torch.nn.init.kaiming_uniform_ is before
