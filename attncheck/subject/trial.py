"""One subject on one case: builds the module, draws inputs, runs it, reads its output."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from attncheck.data.formula import evaluate
from attncheck.lazy import torch
from attncheck.signature.convention import Argument
from attncheck.signature.masks import key_axis
from attncheck.subject.case import Case
from attncheck.subject.gated import over
from attncheck.subject.handed import handed
from attncheck.subject.outputs import Output, read_output
from attncheck.subject.precision import placed, widen_attributes, widened
from attncheck.subject.raising import blamed
from attncheck.subject.sampling import draw, generator, is_unfinished, randomise, seed_everything
from attncheck.subject.subject import Subject
from attncheck.subject.tables import made_value

Tensors = dict[str, "torch.Tensor"]
_MOST_KEPT, _MOST_DRAWS = 100_000, 64
"""Numbers of a draw of inputs that is kept for whoever draws them again, and such draws."""


@dataclass(frozen=True)
class Trial:
    """What a probe works with. Everything is determined by the subject and the case."""

    subject: Subject
    case: Case

    @property
    def dims(self) -> dict[str, int]:
        """The case's dims."""
        return self.case.dims

    @property
    def dtype(self) -> torch.dtype:
        """The case's dtype."""
        return getattr(torch, self.case.dtype)  # type: ignore[no-any-return]

    @property
    def main(self) -> str:
        """The input that the output answers to: ``x``, or the query."""
        return next(iter(self.subject.convention.inputs))

    def axes(self, name: str = "") -> tuple[str, ...]:
        """Return our axes of an input (the main one by default)."""
        return self.subject.convention.inputs[name or self.main]

    @property
    def output_axes(self) -> tuple[str, ...]:
        """Our axes of the output."""
        return self.subject.convention.output

    def sizes(self, axes: tuple[str, ...]) -> tuple[int, ...]:
        """Return the sizes of axes; one named ``1`` has size one, ``B*heads`` the product."""
        return tuple(math.prod(self._size(part) for part in axis.split("*")) for axis in axes)

    def _size(self, axis: str) -> int:
        return int(axis) if axis.isdigit() else self.dims[axis]

    def module(
        self,
        *,
        dtype: torch.dtype | None = None,
        train: bool | None = None,
        initial: bool | None = None,
        draw_seed: int = 0,
    ) -> torch.nn.Module:
        """Build a fresh module with random parameters and statistics.

        Args:
            dtype: its precision, the case's by default.
            train: its mode, the case's by default.
            initial: keep the author's initialisation, the case's by default.
            draw_seed: another value draws other parameters for the same inputs.

        Lazy layers have their shapes, from a first call.

        Raises:
            SubjectError: the constructor raises, or the call that a lazy layer needs.
        """
        dtype = dtype or self.dtype
        train = self.case.train if train is None else train
        draws = None if (self.case.initial if initial is None else initial) else draw_seed

        seed_everything(self.case.seed, self.case.device)
        if not self.subject.is_definition:
            return self._drawn_anew(self._built(dtype), dtype, draws).train(train)
        own = (self.case.seed, *self.subject.binding.arguments(self.dims).items())
        replicas = self.subject.replicas

        def make() -> torch.nn.Module:
            built = replicas.of(own, lambda: self._built(dtype))
            return self._drawn_anew(built, dtype, draws).train(train)

        return replicas.of((self.case.device, dtype, train, draws, *own), make)

    def _built(self, dtype: torch.dtype) -> torch.nn.Module:
        with blamed("constructor"):
            module = self.subject.construct(self.dims)
        if is_unfinished(module):
            self._finish(module, dtype)
        return module

    def _drawn_anew(
        self, module: torch.nn.Module, dtype: torch.dtype, draws: int | None
    ) -> torch.nn.Module:
        """Draw a module's parameters, unless there is no seed to draw with; move it."""
        if draws is not None:
            randomise(module, 1_000_003 * (draws + 1) + self.case.seed)
        placed(module, self.case.device, dtype)
        if self.subject.widened and dtype == torch.float64:
            widen_attributes(module)
        return module

    def _finish(self, module: torch.nn.Module, dtype: torch.dtype) -> None:
        """Call a module once, so that its lazy layers take their shapes from the inputs."""
        placed(module, self.case.device, dtype)
        with torch.no_grad():
            self.call(module.eval(), self.inputs(dtype=dtype))

    def inputs(self, *, dtype: torch.dtype | None = None, draw_seed: int = 0) -> Tensors:
        """Draw every data input, in our order of axes; another ``draw_seed``, other values."""
        if self.case.device == "meta":  # shapes alone: sizes that no memory holds
            return {
                name: torch.empty(self.sizes(axes), dtype=dtype or self.dtype, device="meta")
                for name, axes in self.subject.convention.inputs.items()
            }
        case = msgspec.json.encode(self.case), dtype or self.dtype, draw_seed
        if (known := self.subject.drawn.get(case)) is not None:
            return {name: tensor.clone() for name, tensor in known.items()}
        source = generator(7_368_787 * (draw_seed + 1) + self.case.seed)
        drawn = {
            name: self._drawn(name, axes, source, dtype or self.dtype)
            for name, axes in self.subject.convention.inputs.items()
        }
        if sum(tensor.numel() for tensor in drawn.values()) <= _MOST_KEPT:
            if len(self.subject.drawn) >= _MOST_DRAWS:
                self.subject.drawn.clear()
            self.subject.drawn[case] = {name: tensor.clone() for name, tensor in drawn.items()}
        return drawn

    def _drawn(
        self, name: str, axes: tuple[str, ...], source: torch.Generator, dtype: torch.dtype
    ) -> torch.Tensor:
        if (count := self.subject.spec.classes.get(name)) is not None:
            most = int(evaluate(count, self.dims))
            drawn = torch.randint(0, most, self.sizes(axes), generator=source)
            return drawn.to(self.case.device)
        return draw(self.sizes(axes), source, self.case.values).to(
            dtype=dtype, device=self.case.device
        )

    def run(self, module: torch.nn.Module, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Call the module on copies of the inputs and return its main output in our order.

        The generator is seeded before, so that a module that draws at random does so alike.

        Raises:
            SubjectError: ``forward`` raises, or returns no tensor.
        """
        return self.outputs(module, inputs).main

    def outputs(self, module: torch.nn.Module, inputs: Mapping[str, torch.Tensor]) -> Output:
        """Call the module like :meth:`run` and return all of its output tensors."""
        copies = {name: self._copy(name, tensor) for name, tensor in inputs.items()}
        seed_everything(self.case.seed, self.case.device)
        return self.call(module, copies)

    def _copy(self, name: str, tensor: torch.Tensor) -> torch.Tensor:
        """Copy a tensor, contiguous in the order of axes in which the module gets it."""
        order = self.subject.convention.permutation(self.axes_of(name))
        if order is None or len(order) != tensor.ndim:
            return tensor * 1 if tensor.requires_grad else tensor.clone()
        back = [order.index(i) for i in range(len(order))]
        return tensor.permute(order).clone(memory_format=torch.contiguous_format).permute(back)

    def axes_of(self, name: str) -> tuple[str, ...]:
        """Return our axes of any argument, masks too; none for an unknown one."""
        found = (a.axes for a in self.subject.convention.arguments if a.input == name)
        return next(found, ())

    def call(self, module: torch.nn.Module, inputs: Mapping[str, torch.Tensor]) -> Output:
        """Call the module on these very tensors, whatever it does to them."""
        form = self.subject.convention.form
        if form is not None and form.unbatched:
            return self._one_by_one(module, inputs)
        positional, keyword = self.arguments(inputs)
        lifted = self.subject.lifted
        wide = (self.subject.widened or lifted) and self.case.dtype == "float64"
        with blamed("forward"), widened(half=lifted) if wide else nullcontext():
            raw = module(*positional, **keyword)
        output = read_output(raw, self.subject.convention, self.sizes(self.output_axes))
        if not self.subject.gates:
            return output
        x = inputs[self.main]
        return replace(output, main=x * over(x, output.main))

    def _one_by_one(self, module: torch.nn.Module, inputs: Mapping[str, torch.Tensor]) -> Output:
        """Call a module that takes no batch with each sample, and put its outputs together."""
        found: list[Output] = []
        axes = {a.input: a.axes for a in self.subject.convention.arguments}
        for at in range(self.dims["B"]):
            own = {n: t[at] if axes.get(n, ())[:1] == ("B",) else t for n, t in inputs.items()}
            positional, keyword = self.arguments(own)
            with blamed("forward"):
                raw = module(*positional, **keyword)
            expected = self.sizes(self.output_axes[1:])
            found.append(read_output(raw, self.subject.convention, expected))
        with blamed("forward"):
            return Output(torch.stack([one.main for one in found]), (), [one.raw for one in found])

    def arguments(self, inputs: Mapping[str, torch.Tensor]) -> tuple[list[Any], dict[str, Any]]:
        """Return what ``forward`` is given, by position and by keyword, in its order of axes."""
        positional: list[Any] = []
        convention = self.subject.convention
        given = {argument.parameter for argument in convention.arguments}
        keyword: dict[str, Any] = dict.fromkeys(sorted(convention.nothing - given))
        for argument in convention.arguments:
            value = self._value(argument, inputs)
            if argument.keyword:
                keyword[argument.parameter] = value
            else:
                positional.append(value)
        return positional, keyword

    def _value(self, argument: Argument, inputs: Mapping[str, torch.Tensor]) -> Any:
        if argument.literal:
            return ast.literal_eval(argument.literal)
        if argument.held is not None:
            return handed(argument.held, self.dtype, self.case.device)
        if argument.made:
            return made_value(argument.made, self.dims, self.dtype, self.case.device)
        if not argument.axes:
            return self.dims[argument.input]
        absent = argument.meaning and argument.input not in inputs
        tensor = self.no_mask(argument) if absent else inputs[argument.input]
        if (form := self.subject.convention.form) is not None and not argument.meaning:
            return form.handed(tensor, argument.axes)
        order = self.subject.convention.permutation(argument.axes)
        return tensor.permute(order) if order else tensor

    def no_mask(self, argument: Argument) -> torch.Tensor:
        """Return a mask of this meaning that masks nothing."""
        shape = self.sizes(argument.axes)
        match argument.meaning:
            case "pad-true":
                return torch.zeros(shape, dtype=torch.bool, device=self.case.device)
            case "valid-true":
                return torch.ones(shape, dtype=torch.bool, device=self.case.device)
            case "valid-01":
                return torch.ones(shape, dtype=self.dtype, device=self.case.device)
            case "lengths":
                keys = self.dims[key_axis(self.subject.convention.inputs)]
                return torch.full(shape, keys, device=self.case.device)
        return torch.zeros(shape, dtype=self.dtype, device=self.case.device)

    def with_case(self, **changes: Any) -> Trial:
        """Return a trial of the same subject on a changed case; ``dims`` are changes too."""
        dims = changes.pop("dims", None)
        if dims is not None:
            own = {n: self.dims[n] for n in self.subject.variable}
            changes["dims"] = self.subject.dims_with(**{**own, **dims})
        return Trial(self.subject, msgspec.structs.replace(self.case, **changes))
