"""A module with several implementations of its attention computes the same with each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from attncheck.data.report import Location
from attncheck.instruments.attention.masks import MaskWay, encode, query_rows, some_hidden
from attncheck.instruments.attention.offers import ways_of
from attncheck.instruments.behaviour.axes import draws_at_random
from attncheck.instruments.behaviour.branches import (
    Switch,
    fused_calls,
    keeps_statistics,
    switches_of,
    undropped,
)
from attncheck.instruments.behaviour.gradients import GradientDraw
from attncheck.lazy import torch
from attncheck.source.paired import traced
from attncheck.source.places import at_step
from attncheck.source.raised import where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Tensors, Trial


class SameBranches(Claim, frozen=True, kw_only=True):
    """Every implementation that a switch of the module chooses computes the same.

    ## What it checks
    Switches between implementations, known by their names (`fused_attn`, `use_sdpa`, `flash`,
    `_attn_implementation`, `use_checkpoint`, a constant of the file such as `HAS_FLASH`), the
    question `hasattr(F, "scaled_dot_product_attention")`, and training mode where it calls
    another implementation. Each is turned over, and outputs are compared, without a mask and with
    every mask that one of the ways takes, and gradients with nothing dropped. What cannot run on
    this machine without a mask is named and not compared.

    ## Why it matters
    Which branch runs depends on the version of torch, the device and the mask. A model that
    attends to the future under SDPA is right under eager, and nobody sees it.

    ## What to write instead
    - `attn_mask` of `scaled_dot_product_attention` is True where a key is *seen*, the opposite of
      `key_padding_mask`.
    - `is_causal=True` and a mask exclude each other: put both into one mask.
    - `dropout_p` drops in eval mode as well: `self.p if self.training else 0.0`.
    - its scale is `d ** -0.5`; another one is `scale=`, and then not applied to `q` as well.

    ## Example
    The eager branch has `masked_fill(causal, -inf)`, the fused one forgets `is_causal=True`.
    """

    kind: ClassVar[str] = "same-branches"
    limit: ClassVar[str] = "branches"
    uses: ClassVar[tuple[str, ...]] = ("deploy", "hf")
    confirms_itself: ClassVar[bool] = True
    turn: ClassVar[int] = 340

    advice: bool = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        if trial.subject.is_definition:
            return skipped("a definition has one way to compute")
        if draws_at_random(trial, trial.module()):
            return undecided("it draws at random in eval mode")
        tried: list[str] = []
        missing: list[str] = []
        for switch in switches_of(trial):
            side = _Side(trial, switch, Trial(switch.turned(trial.subject), trial.case))
            try:
                side.output(_NOTHING)
            except SubjectError as error:
                missing.append(f"{switch.says}: {error}")
                continue
            if (outcome := side.compared()) is not None:
                return outcome
            tried.append(switch.says)
        if (outcome := _of_training(trial)) is not None:
            return outcome
        if missing and not tried:
            return undecided(f"cannot be tried here: with {missing[0]}")
        if not tried:
            return skipped("no switch between implementations")
        return holds(f"the same with {', '.join(tried)}", missing=missing)


@dataclass(frozen=True)
class _Given:
    """What a call is given beside its inputs: a mask, or nothing."""

    way: MaskWay | None = None

    @property
    def words(self) -> str:
        return f" where {self.way.describe()}" if self.way else ""

    def seen(self, trial: Trial, module: torch.nn.Module) -> tuple[torch.Tensor, Location | None]:
        """Return the outputs of tokens that are no padding, and where fused attention is called."""
        with torch.no_grad(), fused_calls() as fused:
            if self.way is None:
                return trial.run(module, trial.inputs()), fused.location
            masked = Trial(self.way.applied(trial.subject), trial.case)
            hidden = some_hidden(self.way, masked)
            mask = {self.way.argument.input: encode(hidden, self.way, masked)}
            output = masked.run(module, {**masked.inputs(), **mask})
        padded = len(masked.subject.convention.inputs) == 1 and not query_rows(self.way)
        rows = output.shape[:2] == hidden[:, 0].shape
        real = output[~hidden[:, 0]] if padded and rows and output.ndim > 2 else output
        return real, fused.location


_NOTHING = _Given()


@dataclass
class _Side:
    """The module as it is, and turned over by a switch."""

    trial: Trial
    switch: Switch
    turned: Trial
    fused: dict[bool, Location | None] = field(default_factory=dict)

    def output(self, given: _Given, *, turned: bool = True) -> torch.Tensor:
        """Return an output, noting where fused attention is called."""
        if turned:
            with self.switch.around():
                output, line = given.seen(self.turned, self.turned.module())
        else:
            output, line = given.seen(self.trial, self.trial.module())
        self.fused[turned] = self.fused.get(turned) or line
        return output

    def places(self) -> tuple[Location | None, ...]:
        """Return where fused attention is called, if by one of the two alone, and where they part.

        They part at the first line that one of them alone runs.
        """
        found = [line for line in self.fused.values() if line is not None]
        return (*(found if len(found) == 1 else ()), self._parts(), self.switch.location)

    def _parts(self) -> Location | None:
        ours = traced(self.trial, self.trial.module(), self.trial.inputs()).steps
        with self.switch.around():
            theirs = traced(self.turned, self.turned.module(), self.turned.inputs()).steps
        for steps, others in ((theirs, ours), (ours, theirs)):
            known = {(step.path, step.line) for step in others}
            own = (step for step in steps if (step.path, step.line) not in known)
            if (first := next(own, None)) is not None:
                return at_step(first, "the two part here")
        return None

    def compared(self) -> Outcome | None:
        """Compare the two without a mask, with each mask, and in training."""
        for given in (_NOTHING, *self._masks()):
            outputs: list[torch.Tensor] = []
            for turned in (False, True):
                try:
                    outputs.append(self.output(given, turned=turned))
                except SubjectError as error:
                    return self._refuses(error, given, turned=turned)
            if change := _beyond(*outputs):
                return self._violated(f"the output differs by {change:.3g}{given.words}")
        return self._learned()

    def _masks(self) -> list[_Given]:
        """Return the masks that one of the two takes."""
        found = list(ways_of(self.trial.subject, self.trial)[0])
        with self.switch.around():
            theirs = ways_of(self.turned.subject, self.turned)[0]
        known = {way.argument.parameter for way in found}
        found += [way for way in theirs if way.argument.parameter not in known]
        return [_Given(way) for way in found]

    def _refuses(self, error: SubjectError, given: _Given, *, turned: bool) -> Outcome:
        how = "with" if turned else "without"
        return violated(
            f"{how} {self.switch.says} it raises{given.words}: {error}",
            expected="the mask is taken, as it is otherwise",
            seen=type(error.error).__name__,
        ).at(*_first(where_raised(error.error), *self.places()))

    def _learned(self) -> Outcome | None:
        """Compare gradients in training mode, with nothing dropped."""
        ours = _gradients(self.trial)
        with self.switch.around():
            theirs = _gradients(self.turned)
        if not ours or not theirs:
            return None
        allowed = budget(*ours.values())
        for name, gradient in ours.items():
            change = difference(gradient, theirs.get(name, torch.zeros_like(gradient)))
            if change > allowed:
                none = name not in theirs
                said = "is none" if none else f"differs by {change:.3g}"
                return self._violated(f"the gradient of {name} {said}")
        return None

    def _violated(self, said: str) -> Outcome:
        return violated(
            f"with {self.switch.says} {said}",
            expected="the same from each implementation",
            seen=said,
        ).at(*_first(*self.places()))


def _first(*places: Location | None) -> tuple[Any, ...]:
    """Return those places that are known, None alone where none is."""
    return tuple(place for place in places if place is not None) or (None,)


def _gradients(trial: Trial) -> Tensors:
    """Return the gradients in training mode with nothing dropped; none where it still draws."""
    training = trial.with_case(train=True)
    try:
        module = undropped(training.module())
        if draws_at_random(training, module):
            return {}
        inputs = {n: t.requires_grad_(t.is_floating_point()) for n, t in training.inputs().items()}
        found = GradientDraw(training, module, inputs).gradients()
    except SubjectError:
        return {}
    return {name: gradient for name, gradient in found.items() if gradient is not None}


def _of_training(trial: Trial) -> Outcome | None:
    """Compare training mode with eval mode, where one of them alone calls fused attention."""
    training = trial.with_case(train=True)
    try:
        module = undropped(training.module())
        if keeps_statistics(module) or draws_at_random(training, module):
            return None
        lines = [_NOTHING.seen(one, undropped(one.module()))[1] for one in (trial, training)]
        if (lines[0] is None) == (lines[1] is None):
            return None
        for given in (_NOTHING, *map(_Given, ways_of(trial.subject, trial)[0])):
            pair = [given.seen(one, undropped(one.module()))[0] for one in (trial, training)]
            if change := _beyond(*pair):
                return violated(
                    f"in training mode, nothing dropped, the output differs by {change:.3g} "
                    f"from eval mode{given.words}",
                    expected="the same from each implementation",
                    seen=f"a difference of {change:.3g}",
                ).at(lines[0] or lines[1])
    except SubjectError:  # what training mode raises is another claim's
        pass
    return None


def _beyond(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Return by how much two outputs differ beyond rounding, 0 where they do not."""
    change = difference(ours, theirs)
    return change if change > budget(ours) else 0.0
