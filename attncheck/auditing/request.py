"""What the options of ``attncheck audit`` say of a subject."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from attncheck.catalogue.kinds import limits
from attncheck.catalogue.uses import uses
from attncheck.errors import UsageError, did_you_mean
from attncheck.signature.inputs import parse_input
from attncheck.signature.stated import stated_argument

ALL = "all"
"""Every limit of use, those too that take seconds."""
DTYPES = ("float64", "float32", "bfloat16", "float16")


@dataclass(frozen=True)
class Asked:
    """What the options of ``attncheck audit`` say.

    Attributes:
        arguments: ``--init``, as values.
        dims: ``--set``.
        inputs: ``--input`` texts.
        binding: ``--for``: the limits of use that decide the verdict.
        limits: ``--limits``: those that are tried although they take seconds.
        claims, skips: globs over the names and kinds of claims.
        dtype, device, seed: for every case.
        plain: whether inputs are stated as they are given, whatever a spec would have.
    """

    arguments: Mapping[str, Any] = field(default_factory=dict)
    dims: Mapping[str, int] = field(default_factory=dict)
    inputs: Sequence[str] = ()
    binding: Sequence[str] = ()
    limits: Sequence[str] = ()
    claims: Sequence[str] = ()
    skips: Sequence[str] = ()
    dtype: str = ""
    device: str = "cpu"
    seed: int = 0
    plain: bool = False

    def check(self) -> None:
        """Complain about what is wrong whatever the spec.

        Raises:
            UsageError: an input cannot be read, or the precision is none.
        """
        for text in self.inputs:
            (stated_argument if self.plain else parse_input)(text)
        if self.dtype and self.dtype not in DTYPES:
            raise UsageError(
                f"'{self.dtype}' is no precision to audit in",
                where="--dtype",
                instead=did_you_mean(self.dtype, DTYPES),
            )
        _check_limits("--for", self.binding, [])
        _check_limits("--limits", self.limits, [ALL])

    def command(self, *words: str) -> str:
        """Return the command line that audits the subject so named with the same options."""
        options = [("--init", f"{n}={_written(v)}") for n, v in self.arguments.items()]
        options += [("--set", f"{n}={size}") for n, size in self.dims.items()]
        options += [("--input", text) for text in self.inputs]
        if self.dtype:
            options.append(("--dtype", self.dtype))
        if self.binding:
            options.append(("--for", ",".join(self.binding)))
        if self.limits:
            options.append(("--limits", ",".join(self.limits)))
        if self.device != "cpu":
            options.append(("--device", self.device))
        if self.seed:
            options.append(("--seed", str(self.seed)))
        flat = [part for option in options for part in option]
        return shlex.join(["attncheck", "audit", *words, *flat])

    def call(self, thing: str, spec: str) -> str:
        """Return the call in Python that audits the thing so written with the same options."""
        words = [thing, repr(spec)] if thing else [repr(spec)]
        known = {
            "init": self.arguments,
            "dims": self.dims,
            "inputs": list(self.inputs),
            "limits": list(self.binding),
            "tried": list(self.limits),
            "dtype": self.dtype,
            "device": "" if self.device == "cpu" else self.device,
            "seed": self.seed,
        }
        words += [f"{name}={written(value)}" for name, value in known.items() if value]
        return f"attncheck.audit({', '.join(words)})"


def _check_limits(option: str, names: Sequence[str], more: Sequence[str]) -> None:
    known = [*more, *limits()] if names else []
    for name in names:
        if name not in known:
            near = did_you_mean(name, [*known, *([] if more else uses())])
            raise UsageError(f"'{name}' is no limit of use", where=option, instead=near)


def several(globs: str | Sequence[str]) -> list[str]:
    """Return globs of which one alone may be given as a text."""
    return [globs] if isinstance(globs, str) else list(globs)


def written(value: Any) -> str:
    """Return a value as Python code writes it, near enough to be understood."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name!r}: {written(one)}' for name, one in value.items())}}}"
    if isinstance(value, (type, FunctionType)):
        return value.__qualname__
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))[:200]


def _written(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)
