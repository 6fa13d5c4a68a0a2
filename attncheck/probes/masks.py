"""Masked keys have no influence on valid queries, unmasked ones do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from attncheck.instruments.attention.beside import named_beside
from attncheck.instruments.attention.erased import erased
from attncheck.instruments.attention.hearing import Hearing
from attncheck.instruments.attention.masks import MaskWay, encode, hear_masked, some_hidden
from attncheck.instruments.attention.misread import blame
from attncheck.instruments.attention.offers import Unclear, ways_of
from attncheck.instruments.attention.padding import factor_for_gap, padding_changes
from attncheck.lazy import torch
from attncheck.signature.convention import LENGTHS
from attncheck.signature.masks import key_axis
from attncheck.source.lost import lost
from attncheck.source.paired import traced
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


class Masks(Claim, frozen=True, kw_only=True):
    """A mask takes keys out of the attention: hidden keys change nothing, visible ones do.

    ## What it checks
    Every key is replaced in turn, with the mask and without. Under the mask, a valid query's
    output must not move when a hidden key does, and must still move when a visible one does, in
    every sample by that sample's own mask. The mask itself must be the same after the call. With
    `padding`, more padding behind a sequence must not change its valid outputs; approximations
    that cut the sequence into parts do not promise that. What the mask means is what
    the user states (`--input 2x8:pad-true`, `:valid-true`, `:valid-01`, `:pad-01`, `:additive`,
    `--input lengths=2:lengths`), else what its author writes in a docstring; torch's own
    names (`key_padding_mask`) mean what torch means; of other optional masks, lengths among them,
    the meaning is found by trying. One that changes nothing is a finding, with the line where it
    is lost; one whose meaning no convention explains is undecided. With `gap`, the same once more
    with logits that far apart: a mask that adds a constant hides nothing beyond it.

    ## Why it matters
    torch's attention function attends where a mask is True, torch's attention module where it is
    False. A mask read the wrong way round, added as numbers, or applied after the softmax trains
    without complaint and lets padding into every output.

    ## Example
    `F.scaled_dot_product_attention(q, k, v, attn_mask=key_padding_mask[:, None, None])`.
    """

    kind: ClassVar[str] = "masks"
    located_by: ClassVar[tuple[str, ...]] = ("masks", "scores")
    turn: ClassVar[int] = 180
    faults: ClassVar[tuple[str, ...]] = (
        "mask_after_softmax",
        "mask_axis",
        "mask_dtype",
        "mask_inverted",
        "padding_leak",
    )

    gap: float = 0.0
    """Spread the logits at least so far apart; 0 leaves them as they are."""

    padding: bool = False
    """Also ask that the length of the padding changes nothing."""

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()
        if not self.gap:
            yield subject.near({"B": 3, "N": 6, "M": 5}, seed=1)

    def check(self, trial: Trial) -> Outcome:
        keys = key_axis(trial.subject.convention.inputs)
        if keys not in ("N", "M", "G") or trial.dims[keys] < 3:
            return skipped("no keys that a mask could hide")
        ways, unclear = ways_of(trial.subject, trial)
        if not self.gap:
            unclear = [self._told(one, trial) for one in unclear]
            for one in unclear:
                if (outcome := _without_effect(one, trial)) is not None:
                    return outcome
        outcomes: list[Outcome] = []
        for way in ways:
            outcome = self._one(way, trial)
            if outcome.status == "violated":
                return outcome
            outcomes.append(outcome)
        undecided_ones = [outcome for outcome in outcomes if outcome.status == "undecided"]
        if undecided_ones:
            return undecided_ones[0]
        if self.gap and not ways:
            return skipped("forward takes no mask whose meaning is known")
        if untold := [one for one in unclear if not one.otherwise]:
            return undecided(_untold(untold[0], trial), mask=untold[0].parameter)
        if not ways and not unclear:
            return skipped("forward takes no mask")
        return holds(
            "; ".join(
                [way.describe() for way in ways]
                + [f"'{one.parameter}' is a mask {one.otherwise}" for one in unclear]
            )
        )

    def _told(self, one: Unclear, trial: Trial) -> Unclear:
        """Return it as the mask of another input, which the module cannot take."""
        if one.otherwise or one.silent is None:
            return one
        other = named_beside(trial, one.parameter)
        return replace(one, otherwise=f"of '{other}', which it does not take") if other else one

    def _one(self, way: MaskWay, plain: Trial) -> Outcome:
        trial = Trial(way.applied(plain.subject), plain.case)
        hidden = some_hidden(way, trial)
        mask = encode(hidden, way, trial)
        name = way.argument.input
        factor = factor_for_gap(trial, self.gap)
        if factor is None:
            return undecided("the logits cannot be observed, so they cannot be spread")
        hearing = hear_masked(way, plain, factor)
        if self.gap and not hear_masked(way, plain).obeys:
            return skipped("hidden keys are not hidden with ordinary logits either")
        if outcome := self._influence(way, trial, hearing, mask):
            return _at_loss(outcome, way, trial)
        if self.gap:
            return holds(way.describe())
        if outcome := _opened(way, hearing):
            return outcome
        given = mask.clone()
        trial.call(trial.module(), {**trial.inputs(), name: given})
        if not torch.equal(given, mask):
            return violated(
                f"forward rewrites the caller's mask {way.describe()}: the next call masks "
                "something else",
                expected="the mask as it was",
                seen=f"{int((given != mask).sum())} of {mask.numel()} entries changed",
                mask=way.argument.parameter,
                fault="modified",
            )
        change, noise = padding_changes(way, trial) if self.padding else (0.0, 0.0)
        if change > noise:
            return violated(
                f"three more padded keys behind the sequence, hidden by {way.describe()}, "
                f"change the outputs of valid tokens by {change:.3g}",
                expected="no change",
                seen=f"a change of {change:.3g}",
                mask=way.argument.parameter,
                fault="padding length",
            )
        return holds(way.describe())

    def _influence(
        self, way: MaskWay, trial: Trial, hearing: Hearing, mask: torch.Tensor
    ) -> Outcome | None:
        leaks, deaf = int(hearing.leaks.sum()), int(hearing.deaf.sum())
        evidence = {
            "mask": way.argument.parameter,
            "leaks": leaks,
            "hidden": int((hearing.hidden & hearing.counts).sum()),
            "deaf": deaf,
        }
        if leaks and self.gap:
            return violated(
                f"with logits {self.gap:.3g} apart a key hidden by {way.describe()} moves a valid "
                f"query's output by {hearing.largest_leak:.3g}: the constant that the mask adds "
                "is too small",
                expected="hidden keys never matter",
                seen=f"{leaks} pairs of query and hidden key leak",
                fault="constant",
                **evidence,
            )
        if leaks and hearing.one_too_many and way.argument.meaning == LENGTHS:
            return violated(
                f"one key too many is attended under {way.describe()}: the first behind each "
                f"sample's length moves its outputs by up to {hearing.largest_leak:.3g}",
                expected="keys from the length on change no valid query's output",
                seen="the key at the length itself is attended",
                fault="one too many",
                **evidence,
            )
        if leaks:
            fault = blame(trial, hearing, {way.argument.input: mask})
            return violated(
                f"{fault.sentence} ({way.describe()}; hidden keys move valid queries' outputs by "
                f"up to {hearing.largest_leak:.3g})",
                expected="hidden keys change no valid query's output",
                seen=f"{leaks} of {evidence['hidden']} pairs of query and hidden key leak",
                fault=fault.word,
                **evidence,
            )
        if self.gap:
            return None
        rows = hearing.counts.any(2)
        if bool((~hearing.output.isfinite()).any(-1)[rows].any()):
            return violated(
                f"the output is not finite where {way.describe()} hides some keys and not others",
                expected="finite outputs for queries that see a key",
                seen="NaN or infinity",
                fault="not finite",
                **evidence,
            )
        if deaf:
            return violated(
                f"{way.describe()} silences {deaf} pairs of query and key that it leaves visible",
                expected="visible keys are attended",
                seen=f"{deaf} visible pairs without influence",
                fault="hides too much",
                **evidence,
            )
        return None


def _opened(way: MaskWay, hearing: Hearing) -> Outcome | None:
    """Say whether a causal layer hears later tokens as soon as it is given a mask."""
    count = int(hearing.future_opened.sum())
    if not count:
        return None
    return violated(
        f"a token sees no later one, but with {way.describe()} given, it does: causality is "
        f"dropped as soon as there is a mask ({count} pairs)",
        expected="the mask hides more, it shows nothing that is hidden without it",
        seen=f"{count} pairs of a token and a later one are heard",
        mask=way.argument.parameter,
        fault="causality dropped",
    )


def _without_effect(one: Unclear, trial: Trial) -> Outcome | None:
    """Return the finding for a mask that changes nothing, whatever its shape and meaning."""
    if one.silent is None or one.otherwise:
        return None
    outcome = violated(
        f"'{one.parameter}' changes nothing: no mask that runs, of {one.ran} shapes and meanings, "
        "changes any output",
        expected="hidden keys change no valid query's output",
        seen="the same output with and without the mask",
        mask=one.parameter,
        fault="ignored",
    )
    found = _at_loss(outcome, one.silent, Trial(one.silent.applied(trial.subject), trial.case))
    if found.location is None or found.evidence.get("configured"):
        why = f": {found.evidence['lost']}" if "lost" in found.evidence else ""
        return undecided(f"'{one.parameter}' changes nothing as the module is called{why}")
    return found


def _at_loss(outcome: Outcome, way: MaskWay, trial: Trial) -> Outcome:
    """Put a mask that changes nothing on the line where it is lost, and say how."""
    if outcome.evidence.get("fault") != "ignored":
        return outcome
    hidden = some_hidden(way, trial)
    module, name = trial.module(), way.argument.input
    run = traced(trial, module, {**trial.inputs(), name: encode(hidden, way, trial)})
    lines = {step.at for step in run.steps}
    loss = lost(module, way.argument.parameter, lines) or erased(way, trial)
    if loss is None:
        return outcome
    evidence = {**outcome.evidence, "lost": loss.sentence}
    if not loss.sure:
        evidence["configured"] = True
    said = f"{outcome.message}: {loss.sentence}"
    return replace(outcome, message=said, evidence=evidence, location=loss.location)


def _untold(one: Unclear, trial: Trial) -> str:
    keys = key_axis(trial.subject.convention.inputs)
    size = f"{trial.dims.get('B', 1)}x{trial.dims[keys]}"
    return (
        f"what the mask '{one.parameter}' means could not be found by trying; "
        f"state it: --input {one.parameter}={size}:pad-true (or :valid-true, :valid-01, "
        ":pad-01, :additive)"
    )
