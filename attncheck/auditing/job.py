"""A job: everything that a child process needs to audit one subject, as plain JSON."""

from __future__ import annotations

import hashlib
import shlex
from typing import Any

import msgspec

from attncheck.data.report import Finding
from attncheck.subject.case import Case


class Carried(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a job takes along because no other process can import it, or how it was made.

    Attributes:
        call: how it was asked for in Python.
        file: where it is defined: a path, or ``<notebook cell 3>``.
        value: the factory and the arguments, pickled; never in a report.
        sources: name -> text of what stands in no file.
    """

    call: str = ""
    file: str = ""
    value: bytes = b""
    sources: dict[str, str] = {}


class Job(msgspec.Struct, frozen=True, omit_defaults=True):
    """One subject to audit.

    Attributes:
        spec: a spec's id, or the path of its file.
        name: how the report calls the subject.
        target: ``file.py:Class`` or ``package.module:Class``.
        folder: what a relative path in ``target`` is relative to; "" for the working directory.
        arguments: constructor arguments; strings may be formulas over dims.
        dims: dims that differ from the spec's.
        inputs: ``--input`` texts, such as ``2x32x8x6`` or ``mask=2x8:pad-true``.
        claims: names of the claims to check, in order.
        case: try this case alone (replay), else None.
        binding: names of limits of use that decide the verdict.
        tried: names of limits of use that are tried although they take seconds.
        seed, dtype, device: for every case; ``dtype`` "" means float64 where it works.
        command: the command line that audits this subject, for ``reproduce``.
        carried: what of it no other process can import; None where names and literals say it.
        modules_only: the target stands in a file of elsewhere: no function may be its factory.
        plain: inputs are stated as ``forward`` takes them, and no spec says more of the call.
    """

    spec: str
    name: str
    target: str
    folder: str = ""
    arguments: dict[str, Any] = {}
    dims: dict[str, int] = {}
    inputs: list[str] = []
    claims: list[str] = []
    case: Case | None = None
    seed: int = 0
    dtype: str = ""
    device: str = "cpu"
    binding: list[str] = []
    tried: list[str] = []
    command: str = ""
    carried: Carried | None = None
    modules_only: bool = False
    plain: bool = False

    @property
    def steps(self) -> list[str]:
        """The claims, each a step of its own."""
        return self.claims


class Opening(msgspec.Struct, frozen=True):
    """The subject is imported, bound and called: at which dims, and what is worth a note."""

    dims: dict[str, int]
    notes: list[str] = []


def name_finding(job: Job, finding: Finding) -> None:
    """Give a violation its id, and the command line that shows it again.

    The id is the same for the same spec, subject, claim and witness.
    """
    content = msgspec.json.encode(
        [job.spec, job.target, job.arguments, job.inputs, finding.claim, finding.witness],
        order="deterministic",
    )
    finding.id = hashlib.sha256(content).hexdigest()[:8]
    if job.carried is not None:
        finding.reproduce = f"{job.carried.call[:-1]}, claims=[{finding.claim!r}])"
    elif job.command:
        finding.reproduce = f"{job.command} --claim {shlex.quote(finding.claim)}"
