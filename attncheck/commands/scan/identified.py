"""What nobody's name tells: groups that are asked what they compute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from attncheck.auditing.request import Asked
from attncheck.commands.identify import identities
from attncheck.data.identity import Identity
from attncheck.data.scan import Group
from attncheck.execution.cache import ResultCache
from attncheck.execution.limits import Limits


class AskedOf(NamedTuple):
    """What a group is audited as, and with which options.

    Attributes:
        what: a target, or what Python code has at hand.
        asked: the options.
    """

    what: Any
    asked: Asked


def identify_groups(
    groups: Sequence[Group],
    questions: Sequence[AskedOf],
    limits: Limits,
    workers: int,
    cache: ResultCache | None,
) -> bool:
    """Ask those whose name says nothing what they compute; say whether that was cut short.

    What is equal to a definition, design changes included, has a mechanism from then on. What only
    comes near one is told so and accused of nothing: nobody said that it is meant.
    """
    strange = [at for at, group in enumerate(groups) if not group.mechanism]
    if not strange:
        return False
    what = [questions[at].what for at in strange]
    plain = [_plain(questions[at].asked) for at in strange]
    found = identities(what, plain, limits, workers, cache=cache)
    for at, one in zip(strange, found.targets, strict=True):
        group = groups[at]
        if one.identity is not None:
            _take(group, one.identity)
        elif one.problem is not None:
            group.said = one.problem.what
    return found.partial


def _plain(asked: Asked) -> Asked:
    return replace(asked, claims=(), skips=(), binding=(), device="cpu")


def _take(group: Group, identity: Identity) -> None:
    if identity.mechanism is None:
        return
    if identity.known in ("proven", "variant"):
        group.mechanism, group.known = identity.mechanism, identity.known
        group.also = list(identity.also)
    elif identity.known == "departs":
        where = f" (line {identity.location.line})" if identity.location else ""
        group.said = f"nearest to {identity.mechanism}: {identity.message}{where}"
