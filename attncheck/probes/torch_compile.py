"""The module can be compiled: one graph, for any batch, with the same results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from attncheck.instruments.behaviour.axes import draws_at_random, training_case
from attncheck.instruments.behaviour.compiled import (
    INDUCTOR,
    Compilation,
    broken,
    compiled_at,
    compiled_learned,
    compiled_outputs,
    learned,
    outputs_at,
    unable,
)
from attncheck.instruments.behaviour.symbolic import as_written
from attncheck.lazy import torch
from attncheck.source.raised import where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, undecided, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Trial


class TorchCompile(Claim, frozen=True, kw_only=True):
    """Under `torch.compile` the module gives the same, in one graph that serves any batch.

    ## What it checks
    In float32, with symbolic sizes (`dynamic=True`): the outputs in eval mode at several batch
    sizes; the gradients and buffers of a call in training mode (in eval mode where training draws
    at random); that one call is one graph (`fullgraph=True`); and that another batch size is not
    compiled anew. Sizes of places are compared too, and may be compiled anew. A module that keeps
    something from its first call, such as a table, is called twice before that counts.
    `aot_eager` needs nothing but torch; with `backend = "inductor"` outputs alone are compared,
    where a C++ compiler is there.

    ## Why it matters
    A graph break costs most of what compiling gains, and a module that is compiled anew for every
    batch is slower than without. A difference is a silent error.

    ## What to write instead
    - `if scores.max() > 0:` asks a tensor: `torch.where`, or no question.
    - `t.item()`, `float(t)`, `t.tolist()`, `t.numpy()` leave the graph: stay with tensors.
    - `print` and `logging` in `forward`: a hook, or `if not torch.compiler.is_compiling():`.
    - `self.calls += 1` is compiled in: a buffer, or no counter.
    - `int(x.shape[0])` and `cache[x.shape[0]]` fix a size: use it as it is, make the table of it.

    ## Example
    `k = scores.abs().max().item()`: the graph ends there, and begins again.
    """

    kind: ClassVar[str] = "torch-compile"
    limit: ClassVar[str] = "compile"
    uses: ClassVar[tuple[str, ...]] = ("train", "hf")
    dear: ClassVar[bool] = True
    confirms_itself: ClassVar[bool] = True
    turn: ClassVar[int] = 900

    advice: bool = True

    backend: Literal["aot_eager", "inductor"] = "aot_eager"
    """What compiles: `aot_eager`, or `inductor`."""

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base(dtype="float32")

    def check(self, trial: Trial) -> Outcome:
        trial = as_written(trial)
        if why := unable(self.backend):
            return undecided(f"torch cannot compile here: {why}")
        others, expected = _sizes(trial)
        if draws_at_random(trial, trial.module()):
            return undecided("it draws at random in eval mode: compiled, it draws other numbers")
        try:
            told = compiled_outputs(trial, self.backend, others)
            outcome = self._outputs(trial, others, expected, told.outputs)
            if outcome is None and self.backend != INDUCTOR:
                outcome = self._learning(trial) or self._graphs(trial, told)
            return outcome or holds(sizes=len(told.outputs), graphs=told.graphs)
        except SubjectError as error:
            return _raised(error)

    def _outputs(
        self,
        trial: Trial,
        others: list[Trial],
        expected: list[torch.Tensor],
        found: list[torch.Tensor],
    ) -> Outcome | None:
        dims = [trial.dims, trial.dims, *(other.dims for other in others)]
        for eager, output, sizes in zip(expected, found, dims, strict=False):
            if (change := difference(eager, output)) > budget(eager):
                at = ", ".join(f"{n}={sizes[n]}" for n in sorted(trial.subject.variable))
                return violated(
                    f"compiled by {self.backend}, the output differs by {change:.3g} at {at}",
                    expected="the output without compiling",
                    seen=f"a difference of {change:.3g}",
                )
        return None

    def _learning(self, trial: Trial) -> Outcome | None:
        """Compare gradients and buffers, in training mode unless that draws at random."""
        training = Trial(trial.subject, training_case(trial.subject, dtype="float32"))
        if draws_at_random(training, training.module()):
            training = trial
        expected = learned(training, training.module())
        found = compiled_learned(training, self.backend)
        if not expected:
            return None
        allowed = budget(*(t for t in expected.values() if t.is_floating_point()))
        for name, eager in expected.items():
            if name not in found:
                return violated(f"compiled, {name} is none", expected=name, seen="none")
            if (change := difference(eager, found[name])) > allowed:
                return violated(
                    f"compiled, {name} differs by {change:.3g}",
                    expected="what it is without compiling",
                    seen=f"a difference of {change:.3g}",
                )
        return None

    def _graphs(self, trial: Trial, told: Compilation) -> Outcome | None:
        """Say why one call is not one graph, or one graph does not serve another batch."""
        if (end := broken(trial, told.graphs)) is not None:
            return violated(
                f"the graph breaks: {end.reason}", expected="one graph", seen=end.reason
            ).at(end.location)
        if (anew := told.anew) is None:
            return None
        return violated(
            f"another batch size is compiled anew: {anew.reason}",
            expected="one graph for every batch size",
            seen=anew.reason,
        ).at(anew.location)


def _sizes(trial: Trial) -> tuple[list[Trial], list[torch.Tensor]]:
    """Return other batches, those that the module takes, and what it gives without compiling."""
    module = trial.module()
    others: list[Trial] = []
    for batch in (3, 5) if "B" in trial.subject.variable else ():
        other = trial.with_case(dims={"B": batch})
        try:
            outputs_at(other, module, [])
        except SubjectError:
            continue
        others.append(other)
    return others, outputs_at(trial, trial.module(), others)


def _raised(error: SubjectError) -> Outcome:
    """Return what it is that the compiled module alone raises."""
    if isinstance(error.error, MemoryError):
        return undecided(f"compiled, {error}")
    return violated(
        f"compiled, {error}", expected="no exception", seen=type(error.error).__name__
    ).at(compiled_at(error.error) or where_raised(error.error))
