"""An exported program as an ONNX model, run by ONNX Runtime: what `attncheck[onnx]` brings."""

from __future__ import annotations

import importlib
import importlib.util
import re
from contextlib import suppress
from typing import Any

from attncheck.data.report import Location
from attncheck.instruments.behaviour.exported import Program
from attncheck.instruments.behaviour.symbolic import guarded_line, quiet
from attncheck.lazy import torch
from attncheck.source.raised import line_now
from attncheck.subject.dispatcher import watching
from attncheck.subject.raising import SubjectError, first_line
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Trial

_NEEDED = ("onnx", "onnxscript", "onnxruntime")
_MISSING = re.compile(r"No ONNX function found for <OpOverload\(op='([\w.]+)'")


def absent() -> list[str]:
    """Return the packages that are needed and not installed."""
    return [name for name in _NEEDED if importlib.util.find_spec(name) is None]


class NoModelError(Exception):
    """No ONNX model comes of a program.

    Attributes:
        reason: why, in a sentence.
        location: the subject's line that makes what ONNX lacks.
    """

    def __init__(self, reason: str, location: Location | None) -> None:
        super().__init__(reason)
        self.reason, self.location = reason, location


def model_of(program: Program, trial: Trial) -> bytes:
    """Return a program, exported on this trial, as an ONNX model.

    Raises:
        NoModelError: there is an operator that ONNX has not, or the exporter fails.
        MemoryError: the exporter has too little.
    """
    try:
        with quiet(), torch.no_grad():
            made: Any = torch.onnx.export(program.made, dynamo=True, verbose=False)
            return bytes(made.model_proto.SerializeToString())
    except MemoryError:
        raise
    except Exception as error:
        raise _no_model(error, trial) from None


def _no_model(error: Exception, trial: Trial) -> NoModelError:
    """Return which operator is missing, by the chain of what was raised."""
    chain: list[BaseException] = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) and len(chain) < 8:
        chain.append(inner)
    missing = _MISSING.search("\n".join(str(one) for one in chain))
    if missing:
        return NoModelError(f"ONNX has no function for {missing[1]}", _calls(trial, missing[1]))
    return NoModelError(f"{type(chain[-1]).__name__}: {first_line(chain[-1])}", None)


def _calls(trial: Trial, name: str) -> Location | None:
    """Return the subject's line that calls an operator, by a call that is watched."""
    found: list[Location | None] = []

    def look(mode: Any, operator: Any, args: Any, kwargs: Any) -> Any:
        if str(operator).startswith(f"{name}."):
            found.append(line_now(f"{name} is called here"))
        return operator(*args, **kwargs)

    with suppress(SubjectError), watching(look), torch.no_grad():
        trial.run(trial.module(), trial.inputs())
    return next((line for line in found if line is not None), None)


def departs_at(model: bytes, program: Program, trial: Trial) -> Location | None:
    """Return the line whose value, by its name in both, is first another in ONNX Runtime.

    Args:
        model: what became of the program.
        program: as it was exported.
        trial: a call on which they differ.
    """
    onnx: Any = importlib.import_module("onnx")
    positional, keyword = trial.arguments(trial.inputs())
    made = onnx.load_from_string(model)
    known = {name for node in made.graph.node for name in node.output}
    for name, (expected, lines) in _values(program, [*positional, *keyword.values()]).items():
        if name not in known:
            continue
        del made.graph.output[:]
        made.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
        try:
            found = OnnxModule(made.SerializeToString(), [expected])(*positional, **keyword)[0]
            if difference(expected, found) <= budget(expected):
                continue
        except Exception:  # the runtime's own kinds: the value cannot be had
            pass
        return guarded_line(lines, trial.subject, "from here on the model computes another")
    return None


def _values(program: Program, given: list[Any]) -> dict[str, tuple[torch.Tensor, str]]:
    """Return what each step of a program gives, with the lines that it was made at."""
    found: dict[str, tuple[torch.Tensor, str]] = {}
    walk: Any = torch.fx.Interpreter(program.run)
    step = walk.run_node

    def noted(node: torch.fx.Node) -> Any:
        value = step(node)
        if isinstance(value, torch.Tensor) and value.is_floating_point() and node.stack_trace:
            found[node.name] = (value.detach().clone(), node.stack_trace)
        return value

    walk.run_node = noted
    with suppress(Exception), torch.no_grad():
        walk.run(*given)
    return found


class OnnxModule:
    """An ONNX model that is called as the module that it was made of.

    Args:
        model: the model.
        like: what the module returns on a trial: the model gives its tensors alone.
    """

    def __init__(self, model: bytes, like: Any) -> None:
        runtime: Any = importlib.import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self._run = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._names = [one.name for one in self._run.get_inputs()]
        self._leaves, self._form = torch.utils._pytree.tree_flatten(like)

    @property
    def inputs(self) -> int:
        """How many tensors it takes."""
        return len(self._names)

    def __call__(self, *positional: Any, **keyword: Any) -> Any:
        given = [*positional, *keyword.values()]
        tensors = [one for one in given if isinstance(one, torch.Tensor)]
        arrays = [t.detach().contiguous().numpy() for t in tensors]
        found = iter(self._run.run(None, dict(zip(self._names, arrays, strict=True))))
        leaves = [
            torch.from_numpy(next(found)) if isinstance(leaf, torch.Tensor) else leaf
            for leaf in self._leaves
        ]
        return torch.utils._pytree.tree_unflatten(leaves, self._form)


def returned(trial: Trial, module: torch.nn.Module) -> Any:
    """Return what the module itself returns, whatever form it has."""
    positional, keyword = trial.arguments(trial.inputs())
    with torch.no_grad():
        return module(*positional, **keyword)


def given(trial: Trial) -> int:
    """Return how many tensors a call is given."""
    positional, keyword = trial.arguments(trial.inputs())
    return sum(isinstance(one, torch.Tensor) for one in [*positional, *keyword.values()])
