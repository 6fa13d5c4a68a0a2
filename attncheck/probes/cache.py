"""Step by step with a cache gives what one full pass gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from attncheck.lazy import torch
from attncheck.signature.convention import Argument
from attncheck.signature.forward import forward_parameters, named_parameters
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
        parameter = _cache_parameter(module)
        if not parameter:
            return skipped("forward takes no cache")
        x = trial.inputs()[trial.main]
        size = trial.dims["N"]
        cuts = [c for c in (size // 2, size // 2 + 1, size) if c]
        output = trial.outputs(module, {trial.main: x})
        if _find_cache(output.raw, output.main) is None:
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
                taken = _pass_cache(step, parameter, held)
                found = taken.outputs(module, {trial.main: x[:, begin:end]})
                pieces.append(found.main)
                held = _find_cache(found.raw, found.main)
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


_NAMES = (
    *("past", "past_key_value", "past_key_values", "past_kv", "layer_past", "kv_cache", "cache"),
    *("kv", "past_kvs", "prev_kv", "state", "memory_kv", "cached_kv", "key_value_cache"),
)


def _cache_parameter(module: torch.nn.Module) -> str:
    """Return the name of the optional parameter of ``forward`` that takes a cache, or ``""``."""
    for parameter in named_parameters(forward_parameters(module)):
        if parameter.name in _NAMES and parameter.default is None:
            return parameter.name
    return ""


def _find_cache(raw: Any, main: torch.Tensor) -> Any:
    """Return the cache in what ``forward`` returned: the nest of tensors beside the output."""
    parts = list(raw.values()) if isinstance(raw, Mapping) else raw
    if not isinstance(parts, (tuple, list)):
        return None
    nests = [part for part in parts if isinstance(part, (tuple, list, dict)) and len(part)]
    return nests[0] if nests else None


def _pass_cache(trial: Trial, parameter: str, cache: Any) -> Trial:
    """Return a trial whose calls pass this cache by keyword; None passes nothing."""
    if cache is None:
        return trial
    call = trial.subject.convention
    argument = Argument(parameter, "cache", (), "", True)
    changed = replace(call, arguments=(*call.arguments, argument))
    return _Cached(trial.subject.called(changed), trial.case, cache)


@dataclass(frozen=True)
class _Cached(Trial):
    cache: Any = None

    def _value(self, argument: Argument, inputs: Mapping[str, torch.Tensor]) -> Any:
        if argument.input == "cache":
            return self.cache
        return super()._value(argument, inputs)
