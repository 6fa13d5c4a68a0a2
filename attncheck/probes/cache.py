"""Step by step with a cache gives what one full pass gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.attention.cache import cache_parameter, find_cache, pass_cache
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Trial


class Cache(Claim, frozen=True, kw_only=True):
    """Incremental decoding with the module's cache equals the full pass.

    ## What it checks
    For modules whose `forward` takes a cache (`past`, `past_key_value`, `cache`, `layer_past`…)
    and returns one: the tokens are fed in several steps, each with the cache of the one before,
    and the outputs compared with those of the whole sequence. Modules that look ahead in the
    full pass have no such equality and are skipped.

    ## Why it matters
    A mask that is aligned to the first key instead of the last, or positions that start at zero
    in every step, write good text in training and bad text in use.

    ## Example
    `is_causal=True` with one query and many cached keys lets the query see the first key alone.
    """

    kind: ClassVar[str] = "cache"
    located_by: ClassVar[tuple[str, ...]] = ("causality", "returned")
    turn: ClassVar[int] = 340
    faults: ClassVar[tuple[str, ...]] = ("hidden_state",)

    def cases(self, subject: Subject) -> Iterator[Case]:
        for seed in (0, 1):
            yield subject.base(seed=seed)

    def check(self, trial: Trial) -> Outcome:
        names = list(trial.subject.convention.inputs)
        if len(names) != 1 or trial.axes() != ("B", "N", "C"):
            return skipped("no sequence of tokens to feed step by step")
        module = trial.module()
        parameter = cache_parameter(module)
        if not parameter:
            return skipped("forward takes no cache")
        x = trial.inputs()[trial.main]
        size = trial.dims["N"]
        cuts = [c for c in (size // 2, size // 2 + 1, size) if c]
        output = trial.outputs(module, {trial.main: x})
        if find_cache(output.raw, output.main) is None:
            return skipped(f"forward takes '{parameter}' but returns no cache that is recognised")
        full = output.main
        part = trial.with_case(dims={"N": cuts[0]})
        first = part.run(module, {trial.main: x[:, : cuts[0]]})
        if difference(first, full[:, : cuts[0]]) > budget(full):
            return skipped("outputs of the full pass depend on later tokens: nothing to compare")
        pieces: list[torch.Tensor] = []
        held = None
        try:
            for begin, end in zip([0, *cuts], cuts, strict=False):
                step = trial.with_case(dims={"N": end - begin})
                taken = pass_cache(step, parameter, held)
                found = taken.outputs(module, {trial.main: x[:, begin:end]})
                pieces.append(found.main)
                held = find_cache(found.raw, found.main)
                if held is None:
                    return undecided("a step with the cache returns none")
        except SubjectError as error:
            return undecided(f"with its own cache passed as '{parameter}', {error}")
        change = difference(torch.cat(pieces, 1), full)
        if change <= budget(full):
            return holds(parameter=parameter, steps=len(pieces))
        return violated(
            f"{size} tokens fed in {len(pieces)} steps with '{parameter}' differ from one full "
            f"pass by {change:.3g}",
            expected="the full pass's outputs",
            seen=f"a difference of {change:.3g}",
            steps=cuts,
        )
