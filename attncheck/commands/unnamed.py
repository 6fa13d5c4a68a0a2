"""Targets of an audit whose spec is not said, or is none: held against what they compute."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from attncheck.auditing.request import Asked
from attncheck.commands.identify import identities, sentence
from attncheck.commands.words import UNSAID, Named, missing, named
from attncheck.data.identity import Identity
from attncheck.errors import AttncheckError, TargetError, UsageError, did_you_mean
from attncheck.execution.engines import Engine
from attncheck.execution.limits import Limits
from attncheck.spec.shelf import find_path, shelf_index, split_subject


def specified(
    words: Sequence[str], asked: Asked, limits: Limits, engine: Engine | None = None
) -> tuple[list[Named], list[str]]:
    """Return what words name, each target with a spec, and a sentence for each that was found.

    Args:
        words: of the command line of an audit.
        asked: its options.
        limits: what each child may use.
        engine: where targets without a spec are sent; None for this machine.

    Raises:
        UsageError: a word cannot be read, or no mechanism that we know is meant.
        TargetError: a target cannot be called, or its name says another thing than it computes.
    """
    read = named(words, family=UNSAID)
    asking = [one for one in read if one.spec == UNSAID]
    strange = [one for one in read if one.target and _is_strange(one.spec)]
    if strange:
        raise _unknown_spec(strange[0], asked, limits)
    if not asking:
        return read, []
    targets = [one.target for one in asking]
    found = dict(zip(asking, computed(targets, asked, limits, engine), strict=True))
    chosen = {
        one: Named(_spec_of(one.target, identity), one.target) for one, identity in found.items()
    }
    told = [f"{one.target} is held against {sentence(identity)}" for one, identity in found.items()]
    return [chosen.get(one, one) for one in read], told


def computed(
    targets: Sequence[Any], asked: Asked, limits: Limits, engine: Engine | None = None
) -> Iterator[Identity]:
    """Yield what each target is, or what Python code has at hand.

    Args:
        targets: what is asked about.
        asked: options of an audit: of them, how each is built and called.
        limits: what each child may use.
        engine: where they are sent; None for this machine.

    Raises:
        TargetError: it cannot be called.
    """
    plain = replace(asked, dims={}, claims=(), skips=(), binding=(), dtype="", device="cpu")
    found = identities(targets, plain, limits, engine=engine)
    for one in found.targets:
        if one.identity is None:
            assert one.problem is not None
            problem = one.problem
            raise TargetError(problem.what, where=problem.where, instead=problem.instead)
        yield one.identity


def _spec_of(target: str, identity: Identity) -> str:
    """Return the spec that a target is held against.

    Raises:
        UsageError: there is none.
        TargetError: its name says another one.
    """
    typed = shlex.quote(target)
    if identity.mechanism is None:
        return missing(target, f": it computes {sentence(identity)}")
    if identity.named:
        raise TargetError(
            f"its name says {identity.named}, and it computes {identity.mechanism} "
            f"({sentence(identity)})",
            where=target,
            instead=f"say which is meant: attncheck audit {identity.named} {typed}, "
            f"or attncheck audit {identity.mechanism} {typed}",
        )
    return identity.mechanism


def _is_strange(spec: str) -> bool:
    name = split_subject(spec)[0]
    return name != UNSAID and not name.endswith(".toml") and find_path(name) is None


def _unknown_spec(one: Named, asked: Asked, limits: Limits) -> UsageError:
    """Return what is said of a spec that is none: the nearest name, and what the target is."""
    name = split_subject(one.spec)[0]
    near = did_you_mean(name.lower(), shelf_index())
    lines = [near] if near.startswith("did") else []
    try:
        identity = next(computed([one.target], asked, limits))
    except AttncheckError:
        identity = None  # the name is the mistake that is told
    if identity is not None and identity.mechanism is not None:
        typed = f"attncheck audit {identity.mechanism} {shlex.quote(one.target)}"
        lines.append(f"the class is {sentence(identity)}: {typed}")
    lines.append("see: attncheck list specs; for a module without a paper: map, tokens or seq2seq")
    return UsageError(f"unknown spec '{name}'", instead="\n".join(lines))
