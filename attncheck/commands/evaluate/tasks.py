"""What to audit an entry of a corpus against, and why it may have to be left out."""

from __future__ import annotations

import fnmatch
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from attncheck.auditing.job import Job
from attncheck.auditing.task import Audit
from attncheck.catalogue import Spec, load
from attncheck.commands.evaluate.corpus import CorpusEntry
from attncheck.data.literals import to_json
from attncheck.spec.shelf import find_path


@dataclass(frozen=True)
class Planned:
    """An entry, the spec that it is held against, and its task; or why there is none.

    ``own`` is False where the corpus names a spec that we do not have, so that only the
    contract of the family can be tried.
    """

    entry: CorpusEntry
    spec: Spec | None
    task: Audit | None
    own: bool = False
    left_out: str = ""


def plan(entry: CorpusEntry, skips: Sequence[str] = (), seed: int = 0) -> Planned:
    """Return how to audit an entry.

    Args:
        entry: one module of a corpus.
        skips: globs over names and kinds of claims to leave out.
        seed: other random parameters and inputs.
    """
    if reason := _obstacle(entry):
        return Planned(entry, None, None, left_out=reason)
    own = _has_own(entry)
    spec = load(entry.spec if own else family_of(entry))
    claims = {
        name: claim
        for name, claim in spec.claims.items()
        if not any(fnmatch.fnmatchcase(word, g) for word in (name, claim.kind) for g in skips)
    }
    job = Job(
        spec=spec.id,
        name=entry.id,
        target=entry.named,
        folder=entry.folder,
        arguments=_arguments(entry),
        inputs=entry.texts(),
        claims=list(claims),
        seed=seed,
    )
    return Planned(entry, spec, Audit(job, claims), own)


def family_of(entry: CorpusEntry) -> str:
    """Return the family whose contract fits the inputs: by their rank and number."""
    data = [shape for shape in entry.inputs or [] if not isinstance(shape, dict)]
    if data and len(data[0]) == 4:
        return "map"
    return "seq2seq" if len(data) > 1 else "tokens"


def _has_own(entry: CorpusEntry) -> bool:
    """Say whether we have the spec that the corpus names."""
    return bool(entry.spec) and find_path(entry.spec) is not None


def _obstacle(entry: CorpusEntry) -> str:
    if entry.target:
        package = entry.target.partition(":")[0].partition(".")[0]
        if importlib.util.find_spec(package) is None:
            return f"the package {entry.package or package} is not installed"
    if entry.init is None and entry.target:
        return "its constructor's arguments are no data"
    if entry.call is not None:
        return "it is called in a way that --input cannot say"
    if not entry.inputs or any(_shape(given) is None for given in entry.inputs):
        return "its inputs are no shapes"
    ranks = {len(i) for i in entry.inputs if isinstance(i, list)}
    if not _has_own(entry) and not ranks <= {3, 4}:
        return "its inputs are neither maps nor sequences"
    return ""


def _shape(given: list[int] | dict[str, Any]) -> list[int] | None:
    shape = given.get("shape") if isinstance(given, dict) else given
    return shape if isinstance(shape, list) and all(isinstance(n, int) for n in shape) else None


def _arguments(entry: CorpusEntry) -> dict[str, Any]:
    tuples = set(entry.tuple_args or ())
    return {
        name: to_json(tuple(value) if name in tuples and isinstance(value, list) else value)
        for name, value in (entry.init or {}).items()
    }
