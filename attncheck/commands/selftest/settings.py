"""The settings in which a mutant is tried: options of the definition, its calls, its masks."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from attncheck.reference.mechanism import Mechanism
from attncheck.signature.constructor import dims_in_order
from attncheck.signature.inputs import parse_input
from attncheck.signature.masks import is_mask_name
from attncheck.spec import SpecDocument
from attncheck.subject.prepare import Request


@dataclass(frozen=True)
class Setting:
    """How a reference and its mutants are built and called; a mistake in a branch needs its own.

    Attributes:
        arguments: constructor arguments.
        inputs: ``--input`` texts; empty for the spec's first call without a mask.
    """

    arguments: dict[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()

    def request(self, target: str, factory: Any) -> Request:
        """Return what to prepare."""
        inputs = [parse_input(text) for text in self.inputs]
        return Request("mutant", target, factory, arguments=self.arguments, inputs=inputs)

    def words(self) -> str:
        """Return the options with which ``attncheck audit`` takes this setting."""
        parts = [f"--init {name}={value}" for name, value in self.arguments.items()]
        return " ".join([*parts, *(f"--input {text}" for text in self.inputs)])


def settings_of(document: SpecDocument, mechanism: Mechanism) -> list[Setting]:
    """Return the spec's own setting, then every other option, call and mask, one at a time."""
    own = dict(document.reference_arguments)
    found = [Setting(own)]
    for name, values in document.options.items():
        usual = own.get(name, mechanism.defaults.get(name))
        found += [Setting({**own, name: value}) for value in values if value != usual]
    return found + [Setting(own, texts) for texts in _calls(document, mechanism)]


def _calls(document: SpecDocument, mechanism: Mechanism) -> Iterator[tuple[str, ...]]:
    dims = dims_in_order(document.dims, {})
    parameters = list(inspect.signature(mechanism.function).parameters)[2:]
    masks = [name for name in parameters if is_mask_name(name)]
    for number, call in enumerate(document.calls.values()):
        axes = {name: text for name, text in call.items() if name != "returns"}
        if len(axes) > len(parameters) - len(masks) or not all(axes.values()):
            continue
        known = {axis for text in axes.values() for axis in text.split()}
        keys = "M" if "M" in known else "N"
        sizes = {**dims, "M": dims.get("N", 0) + 4} if keys == "M" else dims
        texts = tuple(_text(text, sizes) for text in axes.values())
        if number:
            yield texts
        for mask in masks if keys in known else ():  # of a map no key is hidden
            yield (*texts, f"{mask}={_text(f'B {keys}', sizes)}:pad-true")
            yield (*texts, f"{mask}={_text(f'B N {keys}', sizes)}:pad-true")


def _text(axes: str, dims: dict[str, int]) -> str:
    return "x".join(str(dims[axis]) for axis in axes.split())
