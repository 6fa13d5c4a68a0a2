"""What nobody's name tells: groups that are asked what they compute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from attncheck.auditing.request import Asked
from attncheck.commands.identify import Identities, identities
from attncheck.commands.scan.found import Found
from attncheck.data.identity import Identity
from attncheck.data.scan import Group
from attncheck.execution.cache import ResultCache
from attncheck.execution.engines import Engine
from attncheck.execution.limits import Limits
from attncheck.spec.kinship import akin, is_short_for, names_family_of


def identify_groups(
    found: Found,
    limits: Limits,
    workers: int,
    cache: ResultCache | None,
    engine: Engine | None = None,
) -> bool:
    """Ask those whose name says nothing what they compute; say whether that was cut short.

    What is equal to a definition, design changes included, has a mechanism from then on. What only
    comes near one is told so and accused of nothing: nobody said that it is meant.
    """
    strange = [number for number, group in enumerate(found.scan.groups) if not group.mechanism]
    said = _identified(found, strange, limits, workers, cache, engine)
    for number, one in zip(strange, said.targets, strict=True):
        group = found.scan.groups[number]
        if one.identity is not None:
            _take(group, one.identity)
        elif one.problem is not None:
            group.said = one.problem.what
    return said.partial


def identify_misnamed(
    found: Found,
    limits: Limits,
    workers: int,
    cache: ResultCache | None,
    engine: Engine | None = None,
) -> bool:
    """Ask those of which nothing but a name says what they are; say whether that was cut short.

    What is equal to another definition is audited as that one, its name told as a finding; not an
    abbreviation that is its own as well, nor the name of a family of which the other is a member.
    """
    doubtful = found.doubtful()
    said = _identified(found, doubtful, limits, workers, cache, engine)
    for number, one in zip(doubtful, said.targets, strict=True):
        named, identity = found.scan.groups[number].mechanism, one.identity
        if identity is None or identity.known not in ("proven", "variant"):
            continue
        mechanism = identity.mechanism
        if mechanism and not akin(named, mechanism) and named not in identity.also:
            found.rename(number, identity)
            short = is_short_for(found.scan.groups[number].name, mechanism)
            if short or names_family_of(named, mechanism):
                found.scan.groups[number].named = ""
    return said.partial


def _identified(
    found: Found,
    numbers: Sequence[int],
    limits: Limits,
    workers: int,
    cache: ResultCache | None,
    engine: Engine | None,
) -> Identities:
    """Return what these groups are, in their order."""
    if not numbers:
        return Identities(targets=[])
    what = [found.questions[number].what for number in numbers]
    asked = [_plain(found.questions[number].asked) for number in numbers]
    return identities(what, asked, limits, workers, cache=cache, engine=engine)


def _plain(asked: Asked) -> Asked:
    return replace(asked, claims=(), skips=(), binding=(), device="cpu")


def _take(group: Group, identity: Identity) -> None:
    where = f" (line {identity.location.line})" if identity.location else ""
    if identity.mechanism is None:
        group.said = f"{identity.message}{where}" if where else ""
    elif identity.known in ("proven", "variant"):
        group.mechanism, group.known = identity.mechanism, identity.known
        group.also = list(identity.also)
    elif identity.known == "departs":
        group.said = f"nearest to {identity.mechanism}: {identity.message}{where}"
