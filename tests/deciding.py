"""Decide one claim on a module written in a test, as an audit would."""

from __future__ import annotations

from typing import Any

import msgspec

from attncheck.auditing.decide import decide
from attncheck.auditing.work import meant
from attncheck.catalogue import load
from attncheck.data.report import Finding
from attncheck.probes import find_kind
from attncheck.signature.inputs import parse_input
from attncheck.subject.prepare import Request, prepare
from attncheck.subject.subject import Subject


def subject_of(
    factory: Any,
    spec: str = "map",
    *,
    inputs: tuple[str, ...] = (),
    dims: dict[str, int] | None = None,
    **arguments: Any,
) -> Subject:
    """Return the module under a spec (a family contract by default), bound and called."""
    request = Request(
        name=getattr(factory, "__name__", "instance"),
        target=getattr(factory, "__name__", "instance"),
        factory=factory,
        arguments=arguments,
        dims=dims or {},
        inputs=[parse_input(text) for text in inputs],
    )
    return prepare(load(spec).document, request)[0]


def finding_of(
    kind: str,
    factory: Any,
    spec: str = "map",
    *,
    parameters: dict[str, Any] | None = None,
    inputs: tuple[str, ...] = (),
    dims: dict[str, int] | None = None,
    **arguments: Any,
) -> Finding:
    """Return what the probe of ``kind``, with these claim parameters, finds on the module."""
    found = find_kind(kind)
    assert found is not None, f"no probe for '{kind}'"
    claim = msgspec.convert(parameters or {}, found)
    subject = subject_of(factory, spec, inputs=inputs, dims=dims, **arguments)
    return decide(kind, claim, meant(subject, {kind: claim}))
