"""attncheck from Python: what the commands do, for what a program or a notebook has at hand.

A *thing* is a target's text (``"file.py:Class"``, ``"package.module:Class"``), a class, an
instance, or a factory: a function, a lambda, a partial. Each is audited in a process of its own,
also what that process cannot import, such as a class of a notebook's cell: it travels by value.
"""

from __future__ import annotations

import atexit
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from attncheck.auditing.request import Asked, several
from attncheck.auditing.run import AuditRun, Checkpoint, run
from attncheck.auditing.select import Selection, select
from attncheck.auditing.things import thing_of
from attncheck.catalogue.uses import limits_for
from attncheck.commands import compare as side_by_side
from attncheck.commands import count as counting
from attncheck.commands import words
from attncheck.commands.identify import identities, sentence
from attncheck.commands.scan.run import scan as looked_through
from attncheck.commands.shown import ShownComparison, ShownCount, ShownReport
from attncheck.commands.unnamed import computed
from attncheck.data.harmless import one_line
from attncheck.data.identity import Identity
from attncheck.data.report import Problem, Report
from attncheck.data.report_file import read_report as read
from attncheck.errors import AttncheckError, TargetError, UsageError, did_you_mean
from attncheck.execution.cache import ResultCache
from attncheck.execution.limits import Limits, limits_of
from attncheck.execution.starting import cool_down
from attncheck.signature.typed import as_typed
from attncheck.spec.shelf import shelf_index


def identify(
    thing: Any,
    *,
    init: Mapping[str, Any] | None = None,
    inputs: Sequence[Any] | Mapping[str, Any] | None = None,
    timeout: float = 60.0,
    memory_limit: str = "4GiB",
) -> Identity:
    """Return which mechanism a module computes, and how that is known; no verdict.

    Args:
        thing: a target's text, a class, an instance or a factory.
        init: constructor arguments, any Python values.
        inputs: the call at which it is meant to work, as :func:`audit` takes it.
        timeout, memory_limit: what its process may use.

    Raises:
        TargetError: the thing makes no module, or cannot be built or called.
        UsageError: an option cannot be read.
    """
    asked = Asked(arguments=init or {}, inputs=as_typed(inputs))
    (found,) = identities([thing], asked, limits_of(timeout, memory_limit)).targets
    if found.identity is None:
        problem = found.problem or Problem("", found.target, "not found out: interrupted")
        raise TargetError(problem.what, where=problem.where, instead=problem.instead)
    return found.identity


def audit(
    thing: Any,
    spec: str | None = None,
    *,
    init: Mapping[str, Any] | None = None,
    dims: Mapping[str, int] | None = None,
    inputs: Sequence[Any] | Mapping[str, Any] | None = None,
    claims: str | Sequence[str] = (),
    skip: str | Sequence[str] = (),
    limits: str | Sequence[str] = (),
    tried: str | Sequence[str] = (),
    device: str = "cpu",
    dtype: str = "",
    seed: int = 0,
    timeout: float = 30.0,
    memory_limit: str = "4GiB",
    workers: int = 0,
    isolate: bool = True,
) -> ShownReport:
    """Check the claims of a spec on a module; what ``attncheck audit`` does.

    An instance is audited as it is: its sizes stay, its parameters are drawn anew in copies.
    An id alone (``audit("gam")``) audits the subjects that the spec lists.

    Args:
        thing: a target's text, a class, an instance, or a function that makes one.
        spec: a spec's id or alias, the path of a ``.toml``, or a family for any module of its
            kind, ``map``, ``tokens`` or ``seq2seq``; what it computes, where none is named.
        init: constructor arguments, any Python values; strings may be formulas over dims.
        dims: sizes that differ from the spec's, ``{"C": 64}``.
        inputs: of ``forward``, in order or by name: shapes, tensors, or texts of ``--input``.
        claims, skip: globs over names and kinds of claims: these only; not these.
        limits: limits of use that decide the verdict, or uses, ``["amp", "one-pixel"]``.
        tried: limits that are tried although they take seconds; ``"all"``.
        device, dtype, seed: for every case; ``dtype`` "" is float64 where that works.
        timeout: seconds for one claim; twenty times that for a subject.
        memory_limit: of one subject's process.
        workers: subjects at once; 0 for one per core.
        isolate: in processes of their own; else in this one, for a debugger, or where none can be
            started: nothing then stops a module that crashes or hangs; its state is put back.

    Raises:
        UsageError, SpecError, TargetError: something that was asked for is not there.
        KeyboardInterrupt: it was interrupted; no process is left.
    """
    asked = Asked(
        arguments=init or {},
        dims=dims or {},
        inputs=as_typed(inputs),
        claims=several(claims),
        skips=several(skip),
        binding=limits_for(several(limits), Path.cwd()),
        limits=several(tried),
        dtype=dtype,
        device=device,
        seed=seed,
    )
    bounds = limits_of(timeout, memory_limit)
    named = _contract(thing, spec or _meant(thing, asked, bounds))
    return _shown(select(*named, asked), bounds, workers, isolate=isolate)


def scan(
    *places: Any,
    inputs: Sequence[Any] | Mapping[str, Any] | None = None,
    claims: str | Sequence[str] = (),
    skip: str | Sequence[str] = (),
    limits: str | Sequence[str] = (),
    tried: str | Sequence[str] = (),
    device: str = "cpu",
    seed: int = 0,
    timeout: float = 30.0,
    memory_limit: str = "4GiB",
    workers: int = 0,
    cache: bool = True,
) -> ShownReport:
    """Find every attention in places: which it is, and whether it is right; ``attncheck scan``.

    Args:
        places: files, folders, packages and live models as texts, as the command takes them; a
            model that is there, which is called once and watched; a class; a function that makes
            a model.
        inputs: of the live models' ``forward``, as :func:`audit` takes them; found by trying
            without.
        claims, skip, limits, tried, device, seed: as for :func:`audit`.
        timeout, memory_limit: of each process.
        workers: processes at once; 0 for one per core.
        cache: whether to take what earlier scans found and is still true, and to keep this one's.

    Raises:
        UsageError, TargetError: a place is not there, or an option cannot be read.
        KeyboardInterrupt: it was interrupted; no process is left.
    """
    asked = Asked(
        inputs=as_typed(inputs),
        claims=several(claims),
        skips=several(skip),
        binding=limits_for(several(limits), Path.cwd()),
        limits=several(tried),
        device=device,
        seed=seed,
    )
    asked.check()
    bounds, known = limits_of(timeout, memory_limit), ResultCache() if cache else None
    atexit.register(cool_down)

    def audited(selections: list[Selection], checkpoint: Checkpoint) -> AuditRun:
        return run(selections, bounds, workers, None, checkpoint, cache=known)

    report = looked_through(places, asked, audited, bounds, workers, cache=known)
    if report.partial:
        raise KeyboardInterrupt
    return ShownReport(**_fields(report))


def count(
    thing: Any,
    spec: str | None = None,
    *,
    init: Mapping[str, Any] | None = None,
    dims: Mapping[str, int] | None = None,
    inputs: Sequence[Any] | Mapping[str, Any] | None = None,
    device: str = "",
) -> ShownCount:
    """Count parameters and multiply-accumulates of one call; what ``attncheck count`` does.

    It runs in this process.

    Args:
        thing, spec, init, dims, inputs: as for :func:`audit`; a spec's id alone is its reference.
            Without a spec the thing is any module, and inputs stand in the order of ``forward``:
            shapes, tensors, lists, tuples and dicts of them, and plain values.
        device: ``cpu``, or ``meta`` for shapes alone; "" takes ``meta`` where they suffice.

    Raises:
        UsageError, SpecError, TargetError: something that was asked for is not there.
        AttncheckError: it cannot be built or called.
    """
    named = spec is not None or (isinstance(thing, str) and ":" not in thing)
    given = as_typed(inputs, plain=not named)
    asked = Asked(arguments=init or {}, dims=dims or {}, inputs=given, plain=not named)
    name, target = _contract(thing, spec) if named else (words.family_of(given), thing)
    if isinstance(target, str) and not target and "@" not in name:
        name = f"{name}@reference"
    found = counting.counted(select(name, target, asked)[:1], device)
    for problem in found.problems:
        stated = "--input" in problem.instead
        instead = "state the call: inputs=[(2, 32, 7, 11)]" if stated else problem.instead
        raise AttncheckError(problem.what, where=problem.where, instead=instead)
    return ShownCount(**_fields(found))


def compare(
    *things: Any,
    spec: str = "map",
    dims: Mapping[str, int] | None = None,
    inputs: Sequence[Any] | Mapping[str, Any] | None = None,
    sort: str = "",
    workers: int = 0,
) -> ShownComparison:
    """Show modules side by side at one shape; what ``attncheck compare`` does.

    Args:
        things: as for :func:`audit`, or a spec's id (its reference), ``SPEC@SUBJECT`` or
            ``SPEC=TARGET``.
        spec: what a thing without a spec is held against.
        dims: the shape of all, ``{"C": 64}``.
        inputs: the call of all, as for :func:`count`; then any modules are compared by cost alone,
            in this process.
        sort: ``name``, ``claims``, ``parameters``, ``macs``, ``elementwise``, ``memory``,
            ``reach`` or ``growth``; as given by default.
        workers: subjects at once; 0 for one per core.

    Raises:
        UsageError, SpecError, TargetError: something that was asked for is not there.
        AttncheckError: one of them cannot be audited.
        KeyboardInterrupt: it was interrupted; no process is left.
    """
    if sort and sort not in side_by_side.KEYS:
        raise UsageError(f"cannot sort by '{sort}'", instead=did_you_mean(sort, side_by_side.KEYS))
    report: Report
    if inputs is not None:
        asked = Asked(dims=dims or {}, inputs=as_typed(inputs, plain=True))
        what = [one for thing in things for one in _to_count(thing, asked)]
        report = counting.counted(what, memory=True)
    else:
        named = [one for thing in things for one in _named(thing, spec)]
        report = _shown(side_by_side.chosen(named, Asked(dims=dims or {})), Limits(), workers)
    for problem in report.problems:
        place = f"{problem.spec}@{problem.subject}"
        where = f"{place}: {problem.where}" if problem.where else place
        raise AttncheckError(problem.what, where=where, instead=problem.instead)
    return ShownComparison(**_fields(side_by_side.in_order(report, sort)))


def read_report(path: str | Path) -> ShownReport:
    """Return a report that was written as JSON; nothing that it names is run.

    Raises:
        UsageError: it cannot be read, or is no sound report.
    """
    return ShownReport(**_fields(read(path)))


def _shown(
    selections: list[Selection], limits: Limits, workers: int, *, isolate: bool = True
) -> ShownReport:
    atexit.register(cool_down)
    report = run(selections, limits, workers, isolate=isolate).report
    if report.partial:
        raise KeyboardInterrupt
    return ShownReport(**_fields(report))


def _fields(data: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(data, name) for name in data.__struct_fields__}


def _contract(thing: Any, spec: str | None) -> tuple[str, Any]:
    """Return the spec's name and the target; a text without ``:`` and a spec is a spec itself.

    Raises:
        UsageError: nobody said what the thing must meet.
    """
    if spec is not None:
        return spec, thing
    if _is_spec(thing):
        return thing, ""
    raise _missing(thing)


def _is_spec(thing: Any) -> bool:
    return isinstance(thing, str) and ":" not in thing


def _meant(thing: Any, asked: Asked, limits: Limits) -> str | None:
    """Return the mechanism that a thing computes; None for what is a spec itself.

    Raises:
        UsageError: it is none that we know.
        TargetError: it cannot be called, or its name says another one.
    """
    if _is_spec(thing):
        return None
    (identity,) = computed([thing], asked, limits)
    if identity.mechanism is None:
        raise _missing(thing, f": it computes {sentence(identity)}")
    if identity.named:
        raise TargetError(
            f"its name says {identity.named}, and it computes {identity.mechanism} "
            f"({sentence(identity)})",
            where=thing_of(thing).written,
            instead=f"say which is meant: spec={identity.named!r}, or spec={identity.mechanism!r}",
        )
    return identity.mechanism


def _missing(thing: Any, why: str = "") -> UsageError:
    """Return what is said where nobody said what a thing must meet."""
    named = thing_of(thing)
    last = named.name.rpartition(".")[2]
    near = [*_like(last)][:3]
    first = f"{', '.join(map(repr, near))} by its name; " if near else ""
    return UsageError(
        f"what {one_line(last)} must meet is missing{why}",
        where="spec",
        instead=f"say spec=: {first}a spec's id (attncheck list specs), or a family: 'map' for a "
        "feature map (B, C, H, W), 'tokens' for (B, N, C), 'seq2seq' for query, key and value",
    )


def _like(name: str) -> Iterator[str]:
    """Yield the ids of specs that a class's name speaks of: ``SELayer`` of ``se``."""
    import difflib

    plain = name.lower().replace("_", "")
    bare = plain.removesuffix("layer").removesuffix("block").removesuffix("module")
    bare = bare.removesuffix("attention") or plain
    names = {word.replace("-", "").replace("_", ""): p.stem for word, p in shelf_index().items()}
    for word in dict.fromkeys([plain, bare]):
        if word in names:
            yield names[word]
            return
    for word in difflib.get_close_matches(plain, names, n=2, cutoff=0.75):
        yield names[word]


def _named(thing: Any, spec: str) -> list[tuple[str, Any]]:
    """Return spec and target of a thing that is compared, ``SPEC=TARGET`` among them."""
    return [*words.side_by_side([thing], spec)[0]] if isinstance(thing, str) else [(spec, thing)]


def _to_count(thing: Any, asked: Asked) -> list[Selection]:
    """Return what a thing names where it is called as it is written."""
    if isinstance(thing, str):
        named = words.named([thing], alone="reference", family=words.UNSAID)
        return words.selected_of(named, asked)
    return select(words.family_of(asked.inputs), thing, replace(asked, plain=True))
