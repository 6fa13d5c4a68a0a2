"""What nobody's name tells: groups that are asked what they compute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from attncheck.auditing.request import Asked
from attncheck.commands.identify import identities
from attncheck.data.identity import Identity
from attncheck.data.scan import Group
from attncheck.execution.cache import ResultCache
from attncheck.execution.limits import Limits


def identify_groups(
    groups: Sequence[Group], asked: Asked, limits: Limits, workers: int, cache: ResultCache | None
) -> bool:
    """Ask those whose name says nothing what they compute; say whether that was cut short.

    What is equal to a definition, design changes included, has a mechanism from then on. What only
    comes near one is told so and accused of nothing: nobody said that it is meant.
    """
    strange = [group for group in groups if not group.mechanism]
    if not strange:
        return False
    plain = replace(asked, claims=(), skips=(), binding=(), device="cpu")
    found = identities([group.target for group in strange], plain, limits, workers, cache=cache)
    for group, one in zip(strange, found.targets, strict=True):
        if one.identity is not None:
            _take(group, one.identity)
        elif one.problem is not None:
            group.said = one.problem.what
    return found.partial


def _take(group: Group, identity: Identity) -> None:
    if identity.mechanism is None:
        return
    if identity.known in ("proven", "variant"):
        group.mechanism, group.known = identity.mechanism, identity.known
        group.also = list(identity.also)
    elif identity.known == "departs":
        where = f" (line {identity.location.line})" if identity.location else ""
        group.said = f"nearest to {identity.mechanism}: {identity.message}{where}"
