"""Step by step with a cache gives what one full pass gives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from attncheck.blame.decoding import wrong_piece
from attncheck.instruments.attention.beside import read_beside
from attncheck.instruments.attention.caches import CacheWay, offered
from attncheck.instruments.attention.forgotten import forgotten
from attncheck.instruments.attention.full_pass import REFUSALS, FullPass, full_passes
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Trial

_LONG, _LONGEST = 70, 520
"""Tokens beyond what a typical window holds, and the most that are tried."""
_MOST = re.compile(r"max|capacity|context|ctx|block_size|seq_len|length")
_OTHERS_TOO = ("kv", "kvs", "state")
"""Names that are as often those of an input."""


class Cache(Claim, frozen=True, kw_only=True):
    """Incremental decoding with the module's cache equals the full pass.

    ## What it checks
    For modules that keep keys and values between calls: returned and taken back (`past`,
    `past_key_value`, `layer_past`…), in an object or a dict that is handed in, or inside the
    module behind a flag (`use_cache`) or a position (`start_pos`). The tokens are fed in one
    piece, in several and one by one, few and more than every size that the module names, and the
    outputs compared with those of the whole sequence. A second request after the first must give
    what a fresh module gives, and two continuations of one prefix must not disturb each other.
    A cache that is offered and cannot be tried is undecided. A layer of a live model that is handed
    a cache and no mask must hear no later token.

    ## Why it matters
    A mask that is aligned to the first key instead of the last, or positions that start at zero
    in every step, write good text in training and bad text in use.

    ## Example
    `is_causal=True` with one query and many cached keys lets the query see the first key alone.
    """

    kind: ClassVar[str] = "cache"
    located_by: ClassVar[tuple[str, ...]] = ()
    turn: ClassVar[int] = 340
    faults: ClassVar[tuple[str, ...]] = ("hidden_state",)
    of_decoders: ClassVar[bool] = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        dims = {"B": 3} if "B" in subject.variable else {}
        for seed in (0, 1):
            yield subject.base(dims=dims, seed=seed)

    def check(self, trial: Trial) -> Outcome:
        names = list(trial.subject.convention.inputs)
        if len(names) != 1 or trial.axes() != ("B", "N", "C"):
            return skipped("no sequence of tokens to feed step by step")
        module = trial.module()
        taken = {a.parameter for a in trial.subject.convention.arguments}
        name, ways = offered(module, taken)
        if not name:
            return skipped("forward takes no cache")
        if "N" not in trial.subject.variable or trial.dims["N"] < 3:
            return undecided(f"'{name}' offers a cache, and the number of tokens is fixed")
        wholes = list(full_passes(trial))
        ahead = trial.subject.decodes and (not wholes or wholes[0].masked)
        if ahead and (found := _looks_ahead(FullPass(trial), trial.subject.decodes)):
            return found
        if not wholes:
            outcome = _without_order(trial, name, ways)
        else:
            outcome = _decided(wholes[0], name, ways, wholes[1:])
        if outcome.status == "undecided" and (other := read_beside(trial, name)):
            return skipped(f"'{name}' is read only where '{other}' is given, and here it is not")
        return outcome


@dataclass(frozen=True)
class _Trouble:
    """One way of feeding that gives something else than the full pass."""

    message: str
    cuts: list[int]
    size: int
    way: CacheWay
    change: float


def _decided(
    whole: FullPass, name: str, ways: list[CacheWay], masked: Sequence[FullPass] = ()
) -> Outcome:
    """Return what comes of the ways to use a cache.

    Args:
        whole: the full pass.
        name: of what offers the cache.
        ways: to use it.
        masked: the full pass with what is later hidden by its caller: who adds several tokens to
            those in the cache may be asked for such a mask.
    """
    size = whole.trial.dims["N"]
    best: tuple[bool, _Trouble] | None = None
    refused = ""
    for way in ways:
        try:
            used, single, prefill, trouble = _fed(whole, way, size)
        except REFUSALS as error:
            refused = refused or _first_line(error)
            continue
        if not used:
            continue
        if trouble is not None and single and prefill and not whole.masked:
            for other in masked:
                if (found := _decided(other, name, [way])).status == "holds":
                    return found
        if trouble is None:
            trouble = _further(whole, way)
            if trouble is None:
                return holds(f"with {way.words}", parameter=way.parameter or name)
            return _violation(whole, trouble)
        sure = single or (prefill and way.known)
        if best is None or (sure and not best[0]):
            best = (sure, trouble)
    if best is not None and best[0]:
        return _violation(whole, best[1])
    if best is not None:
        return undecided(
            f"with {best[1].way.words} no step is what the full pass gives, so whether it was "
            "called as it wants to be is not known"
        )
    if name in _OTHERS_TOO:
        return skipped(f"nothing that is returned is taken back as '{name}'")
    why = f": {refused}" if refused else ": no call with one is changed by it"
    return undecided(f"'{name}' offers a cache, and how to use it could not be found{why}")


def _fed(whole: FullPass, way: CacheWay, size: int) -> tuple[bool, bool, bool, _Trouble | None]:
    """Feed a sequence in every manner.

    Returns:
        whether the cache has an effect at all; whether tokens one by one are right; whether all
        in one piece are; and the first trouble.
    """
    x = whole.sized(size).inputs()[whole.trial.main]
    full = whole.full(size, x)
    noise = budget(full)
    singles = list(range(1, size + 1))
    manners = {
        "one by one": singles,
        "in one piece": [size],
        "in pieces": [c for c in (size // 2, size // 2 + 1, size) if c],
        "one and then the rest": [1, size],
    }
    good: dict[str, bool] = {}
    trouble: _Trouble | None = None
    used = False
    for words, cuts in manners.items():
        decoder = whole.decoder(way, size)
        got = decoder.run(x, cuts)
        change = difference(got, full)
        good[words] = change <= noise
        if words == "one by one":
            used = _has_effect(whole, way, x, got)
        if not good[words] and (trouble is None or words == "in one piece"):
            trouble = _Trouble(
                f"{size} tokens fed {words} with {way.words} differ from one full pass by "
                f"{change:.3g}{_lost(whole, way, x) if cuts == singles else ''}",
                cuts,
                size,
                way,
                change,
            )
    return used, good["one by one"], good["in one piece"], trouble


def _lost(whole: FullPass, way: CacheWay, x: torch.Tensor) -> str:
    size = x.shape[1]
    singles = list(range(1, size + 1))
    try:
        return forgotten(lambda given: whole.decoder(way, size).run(given, singles), x)
    except REFUSALS:
        return ""


def _has_effect(whole: FullPass, way: CacheWay, x: torch.Tensor, got: torch.Tensor) -> bool:
    """Say whether the second token's output follows from the first's: the cache is read."""
    decoder = whole.decoder(way, x.shape[1])
    other = x.clone()
    other[:, 0] += 1.0
    decoder.begin()
    decoder.step(other, 0, 1)
    second = decoder.step(other, 1, 2)
    return difference(second, got[:, 1:2]) > budget(got)


def _further(whole: FullPass, way: CacheWay) -> _Trouble | None:
    """Try long sequences, a second request, and two continuations of one prefix."""
    for size in _lengths(whole, way):
        if found := _long(whole, way, size):
            return found
    return _second_request(whole, way) or _two_continuations(whole, way)


def _lengths(whole: FullPass, way: CacheWay) -> list[int]:
    """Return numbers of tokens beyond every size that the module or a part of it holds.

    None is larger than what the module says to be its most: beyond it, it promises nothing.
    """
    module, least = whole.trial.module(), whole.trial.dims["N"]
    named = [
        (name, value)
        for part in module.modules()
        for name, value in vars(part).items()
        if type(value) is int and least <= value <= _LONGEST
    ]
    most = [value for name, value in named if _MOST.search(name.lower())]
    known = set(whole.trial.dims.values())
    for name, buffer in module.named_buffers():
        if name.rpartition(".")[2] == way.inside:
            most.append(max([n for n in buffer.shape if n not in known], default=_LONGEST))
    limit = min(most, default=_LONGEST)
    beyond = {min(value + 3, limit) for _, value in named} | {min(_LONG, limit)}
    beyond |= {n + 3 for b in module.buffers() for n in b.shape if least <= n <= limit - 3}
    return sorted(n for n in beyond if n > least)[:8]


def _long(whole: FullPass, way: CacheWay, size: int) -> _Trouble | None:
    x = whole.sized(size).inputs()[whole.trial.main]
    try:
        full = whole.full(size, x)
        cuts = [size - 6, *range(size - 5, size + 1)]
        got = whole.decoder(way, size).run(x, cuts)
    except REFUSALS:
        return None  # longer than it is made for, and it says so
    change = difference(got, full)
    if change <= budget(full):
        return None
    return _Trouble(
        f"{size} tokens with {way.words} differ from one full pass by {change:.3g}, where "
        f"{whole.trial.dims['N']} do not: the cache is cut short, or positions end",
        cuts,
        size,
        way,
        change,
    )


def _second_request(whole: FullPass, way: CacheWay) -> _Trouble | None:
    """Decode one sequence and then another with the same module."""
    size = whole.trial.dims["N"]
    if not way.parameter and not way.places and not _can_reset(whole, way):
        return None
    trial = whole.sized(size)
    x, other = (trial.inputs(draw_seed=s)[trial.main] for s in (0, 7))
    full = whole.full(size, x)
    decoder = whole.decoder(way, size)
    cuts = [size - 2, size - 1, size]
    try:
        decoder.run(other, [size])
        change = difference(decoder.run(x, cuts), full)
    except REFUSALS:
        return None
    if change <= budget(full):
        return None
    return _Trouble(
        f"after another request the same tokens with {way.words} give outputs that differ by "
        f"{change:.3g}: the cache is kept between requests",
        cuts,
        size,
        way,
        change,
    )


def _can_reset(whole: FullPass, way: CacheWay) -> bool:
    """Say whether feeding the same sequence twice is the same: it knows where a request begins."""
    size = whole.trial.dims["N"]
    x = whole.sized(size).inputs()[whole.trial.main]
    decoder = whole.decoder(way, size)
    first = decoder.run(x, [size])
    return first.shape == decoder.run(x, [size]).shape and bool(
        [n for n in dir(decoder.module) if "reset" in n and n != "reset_parameters"]
    )


def _two_continuations(whole: FullPass, way: CacheWay) -> _Trouble | None:
    """Continue from one returned cache twice: the second must not hear the first's token."""
    if not way.returned:
        return None
    size = whole.trial.dims["N"]
    trial = whole.sized(size)
    x, other = (trial.inputs(draw_seed=s)[trial.main] for s in (0, 7))
    full = whole.full(size, x)
    decoder = whole.decoder(way, size)
    decoder.begin()
    decoder.step(x, 0, size - 1)
    prefix = decoder.held
    decoder.step(other, size - 1, size)
    decoder.held = prefix
    try:
        change = difference(decoder.step(x, size - 1, size), full[:, -1:])
    except REFUSALS:
        change = float("inf")
    if change <= budget(full):
        return None
    return _Trouble(
        f"two continuations of one prefix with {way.words} disturb each other by {change:.3g}: "
        "the cache that was returned is written to",
        [size - 1, size],
        size,
        way,
        change,
    )


def _looks_ahead(whole: FullPass, name: str) -> Outcome | None:
    """Return the finding for a layer that decodes in its model, and hears later tokens there.

    What it puts into a cache in one pass is then not what it would put there step by step.
    """
    size = whole.trial.dims["N"]
    first = size // 2 + 1
    x = whole.sized(size).inputs()[whole.trial.main]
    try:
        full = whole.full(size, x)[:, :first]
        change = difference(whole.full(first, x[:, :first]), full)
    except REFUSALS:
        return None
    if change <= budget(full):
        return None
    message = (
        f"its model hands it '{name}' and no mask that hides, and its tokens hear later ones: "
        f"the outputs of {first} tokens change by {change:.3g} as {size - first} more are given"
    )
    return _violation(whole, _Trouble(message, [first], size, CacheWay("", name), change))


def _without_order(trial: Trial, name: str, ways: list[CacheWay]) -> Outcome:
    """Compare where the full pass looks ahead: each token with the last of its own prefix."""
    whole = FullPass(trial)
    size = trial.dims["N"]
    x = trial.inputs()[trial.main]
    for way in ways:
        decoder = whole.decoder(way, size)
        try:
            got = decoder.run(x, list(range(1, size + 1)))
            if not _has_effect(whole, way, x, got):
                continue
            wanted = [whole.full(n, x[:, :n])[:, -1:] for n in range(1, size + 1)]
        except REFUSALS:
            continue
        full = torch.cat(wanted, 1)
        if difference(got, full) <= budget(full):
            return holds(f"with {way.words}, one by one", parameter=way.parameter or name)
    if name in _OTHERS_TOO:
        return skipped(f"nothing that is returned is taken back as '{name}'")
    return undecided(
        f"'{name}' offers a cache, and outputs of the full pass depend on later tokens: there is "
        "nothing to compare with"
    )


def _violation(whole: FullPass, trouble: _Trouble) -> Outcome:
    decoders = [whole.decoder(trouble.way, trouble.size) for _ in range(2)]
    plain = whole.decoder(CacheWay(""), trouble.size)
    x = plain.trial.inputs()[plain.trial.main]
    place = wrong_piece((decoders[0], decoders[1]), plain, x, trouble.cuts)
    outcome = violated(
        trouble.message,
        expected="the full pass's outputs",
        seen=f"a difference of {trouble.change:.3g}",
        steps=trouble.cuts[:8],
        parameter=trouble.way.parameter,
    )
    return outcome.at(place.location, *place.related) if place else outcome


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:160] if lines else type(error).__name__
