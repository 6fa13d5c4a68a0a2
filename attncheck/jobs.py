"""Make jobs: of a target that the user names, and of the subjects that a spec lists."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attncheck.asking import Asked
from attncheck.catalogue import Spec, specs_folder
from attncheck.errors import SpecError, UsageError, did_you_mean
from attncheck.formula import Formula
from attncheck.job import Job
from attncheck.literals import to_json
from attncheck.target.binding import dims_in_order
from attncheck.target.resolving import split_target

_MOST = 10**9
"""Of a dim."""


def job_of_target(spec: Spec, target: str, asked: Asked) -> Job:
    """Return the job of a class or function, relative to the working folder.

    Raises:
        TargetError: the target names no class.
    """
    name = split_target(target)[1]
    return _job(spec, name, target, asked, {}, {}, str(Path.cwd()), (_shown(spec), target))


def jobs_of_spec(spec: Spec, subject: str, asked: Asked) -> Iterator[Job]:
    """Yield the jobs of the spec's reference and listed subjects, or of the one that is named.

    Raises:
        UsageError: the spec lists none, or not this one, or several where one is meant.
    """
    document = spec.document
    names = (["reference"] if document.reference else []) + list(document.subjects)
    if not names:
        raise UsageError(
            f"'{spec.id}' lists no subjects: name the class to audit",
            instead=f"attncheck audit {_shown(spec)} path/to/file.py:Class",
        )
    if subject and subject not in names:
        raise UsageError(
            f"'{spec.id}' lists no subject '{subject}'", instead=did_you_mean(subject, names)
        )
    if (asked.arguments or asked.inputs) and not subject and len(names) > 1:
        raise UsageError(
            "--init and --input are meant for one subject",
            instead=f"name it: attncheck audit {_shown(spec)}@{names[-1]}, or give a TARGET",
        )
    for name in [subject] if subject else names:
        yield _listed(spec, name, asked)


def _listed(spec: Spec, name: str, asked: Asked) -> Job:
    document = spec.document
    target, arguments = document.reference, document.reference_arguments
    dims: dict[str, int] = {}
    if entry := document.subjects.get(name):
        target, arguments = entry.target, entry.arguments
        dims = _numbers(entry.dims, dims_in_order(document.dims, {}))
    folder = "" if _is_shipped(spec) else os.path.dirname(os.path.realpath(spec.path))
    return _job(spec, name, target, asked, arguments, dims, folder, (f"{_shown(spec)}@{name}",))


def _job(
    spec: Spec,
    name: str,
    target: str,
    asked: Asked,
    arguments: Mapping[str, Any],
    dims: Mapping[str, int],
    folder: str,
    words: tuple[str, ...],
) -> Job:
    return Job(
        # A shipped spec is named alike on every machine.
        spec=spec.id if _is_shipped(spec) else os.path.realpath(spec.path),
        name=name,
        target=target,
        folder=folder,
        arguments={**arguments, **{n: to_json(v) for n, v in asked.arguments.items()}},
        dims={**dims, **asked.dims},
        inputs=list(asked.inputs),
        dtype=asked.dtype,
        device=asked.device,
        seed=asked.seed,
        command=asked.command(*words),
    )


def _numbers(given: Mapping[str, Any], base: Mapping[str, int]) -> dict[str, int]:
    """Return a subject's own dims as numbers; formulas are over the spec's and earlier ones."""
    dims: dict[str, int] = {}
    for name, value in given.items():
        known = {**base, **dims}
        size = int(Formula(value).evaluate(known) if isinstance(value, str) else value)
        if abs(size) > _MOST:
            raise SpecError(f"'{name}' is too large a size", instead=f"write at most {_MOST}")
        dims[name] = size
    return dims


def _is_shipped(spec: Spec) -> bool:
    return os.path.dirname(os.path.realpath(spec.path)) == os.path.realpath(specs_folder())


def _shown(spec: Spec) -> str:
    return spec.id if _is_shipped(spec) else str(spec.path)
