"""A module under ``torch.compile``: whole graphs, several sizes, and what stands in the way."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from attncheck.data.report import Location
from attncheck.instruments.behaviour.gradients import GradientDraw
from attncheck.instruments.behaviour.symbolic import fixed_sizes, guarded_line, innermost, quiet
from attncheck.lazy import torch
from attncheck.subject.raising import SubjectError, first_line
from attncheck.subject.trial import Tensors, Trial

INDUCTOR = "inductor"
_OTHERWISE = "aot_eager_decomp_partition"
"""Takes a graph apart as the inductor does, where torch's plain backward pass fails by itself."""
_PREFIX = "_orig_mod."
_COMPILERS = ("c++", "g++", "clang++")


@dataclass(frozen=True)
class Obstacle:
    """Why a graph is not whole, or not kept: in torch's words, and the subject's line."""

    reason: str
    location: Location | None


def unable(backend: str) -> str:
    """Return why nothing can be compiled here, "" where it can."""
    import torch._dynamo

    try:
        torch._dynamo.eval_frame.check_if_dynamo_supported()
    except Exception as error:
        return first_line(error)
    named = os.environ.get("CXX", "")
    if backend == INDUCTOR and not any(map(shutil.which, filter(None, (named, *_COMPILERS)))):
        return "no C++ compiler is here"
    return ""


@contextmanager
def compiler() -> Iterator[Any]:
    """Give torch's compiler, which knows nothing of earlier, and says nothing of itself."""
    import torch._dynamo as dynamo

    dynamo.reset()
    try:
        with quiet():
            yield dynamo
    finally:
        dynamo.reset()


def compiled(module: torch.nn.Module, backend: str, *, whole: bool) -> torch.nn.Module:
    """Return a module that is compiled at its first call, its sizes symbols.

    Args:
        module: what it runs.
        backend: a name that ``torch.compile`` knows.
        whole: raise where the graph breaks.
    """
    if backend == INDUCTOR:
        import torch._inductor.config as inductor

        inductor.compile_threads = 1  # workers of its own would outlive this process
    made: Any = torch.compile(module, backend=backend, dynamic=True, fullgraph=whole)
    made.train(module.training)
    return made  # type: ignore[no-any-return]


def broken(trial: Trial, graphs: int) -> Obstacle | None:
    """Return why one call does not give one graph, None where it does.

    Args:
        trial: the call.
        graphs: how many it gave when it was compiled; a whole graph may hold what ends one that
            need not be whole, such as a number.

    Raises:
        SubjectError: it raises something else than that.
    """
    with compiler() as dynamo, torch.no_grad():
        try:
            trial.run(compiled(trial.module(), "eager", whole=True), trial.inputs())
        except SubjectError as raised:
            if not is_break(raised.error):
                raise
            stack = getattr(raised.error, "real_stack", None)
            return Obstacle(_reason(raised.error), innermost(stack))
        call = trial.subject.convention.form
        if graphs < 2 or (call is not None and call.unbatched):
            return None
        dynamo.reset()
        positional, keyword = trial.arguments(trial.inputs())
        for end in dynamo.explain(trial.module())(*positional, **keyword).break_reasons:
            if (line := innermost(end.user_stack)) is not None:
                return Obstacle(_reason(RuntimeError(end.reason)), line)
    return None


def _reason(error: BaseException) -> str:
    """Return why a graph ends, without the settings that torch would have the user change."""
    return re.split(r" with \w+=|\.$", first_line(error).removeprefix("Unsupported "))[0]


def is_break(error: BaseException) -> bool:
    """Say whether the compiler gives up on a whole graph."""
    import torch._dynamo.exc as exceptions

    kinds = (exceptions.Unsupported, exceptions.UserError)
    return isinstance(error, kinds)


def compiled_at(error: BaseException) -> Location | None:
    """Return the subject's line that the compiler was at when it raised."""
    while error is not None:
        if found := innermost(getattr(error, "real_stack", None)):
            return found
        error = error.__cause__ or getattr(error, "inner_exception", None)  # type: ignore[assignment]
    return None


def outputs_at(trial: Trial, module: torch.nn.Module, others: list[Trial]) -> list[torch.Tensor]:
    """Return the module's outputs on a trial twice, then on others, without gradients.

    The second call is the first that finds whatever a module keeps between calls.
    """
    with torch.no_grad():
        return [one.run(module, one.inputs()) for one in (trial, trial, *others)]


@dataclass
class Compilation:
    """What came of a compiled module on several sizes.

    Attributes:
        outputs: on each, up to one that was compiled anew.
        graphs: how many the first call gave.
        anew: why another size was compiled anew.
    """

    outputs: list[torch.Tensor]
    graphs: int
    anew: Obstacle | None = None


def compiled_outputs(trial: Trial, backend: str, others: list[Trial]) -> Compilation:
    """Return the same under the compiler.

    Raises:
        SubjectError: the compiled module raises.
    """
    with compiler() as dynamo, torch.no_grad(), fixed_sizes() as fixed:
        module = compiled(trial.module(), backend, whole=False)
        stats = dynamo.utils.counters["stats"]
        stats.clear()
        found = [trial.run(module, trial.inputs())]
        told = Compilation(found, int(stats["unique_graphs"]))
        found.append(trial.run(module, trial.inputs()))
        before = trial.dims.get("B", 0)
        for one in others:
            try:
                with dynamo.config.patch(error_on_recompile=True):
                    found.append(one.run(module, one.inputs()))
            except SubjectError as raised:
                if type(raised.error).__name__ != "RecompileError":
                    raise
                text = str(raised.error)
                by = [f.location for f in fixed if f.size == before and f.location]
                line = guarded_line(text, trial.subject) or (by[0] if by else None)
                if line is not None:
                    told.anew = Obstacle(_guard(text), line)
                    break
                found.append(one.run(module, one.inputs()))  # torch's own: how to convolve
    return told


def _guard(text: str) -> str:
    """Return the guard that failed, out of torch's long answer."""
    lines = [line.strip() for line in text.splitlines()]
    failed = [line for line in lines if line.startswith("- 0/")]
    guard = (failed or lines or [""])[0].partition(": ")[2] or first_line(RuntimeError(text))
    return " ".join(guard.partition("#")[0].split())[:200]


def learned(trial: Trial, module: torch.nn.Module) -> Tensors:
    """Return the gradients of a call, and the buffers after it, by their names."""
    inputs = {n: t.requires_grad_(t.is_floating_point()) for n, t in trial.inputs().items()}
    gradients = GradientDraw(trial, module, inputs).gradients()
    found = {f"the gradient of {n}": t for n, t in gradients.items() if t is not None}
    kept = {f"the buffer {n}": t.detach().clone() for n, t in module.named_buffers()}
    return {n.replace(_PREFIX, ""): t for n, t in {**found, **kept}.items()}


def compiled_learned(trial: Trial, backend: str) -> Tensors:
    """Return the same under the compiler.

    Raises:
        SubjectError: the compiled module raises.
    """
    for name in (backend, _OTHERWISE):
        try:
            with compiler():
                return learned(trial, compiled(trial.module(), name, whole=False))
        except SubjectError as error:
            if error.phase != "backward" or name == _OTHERWISE:
                raise
    return {}
