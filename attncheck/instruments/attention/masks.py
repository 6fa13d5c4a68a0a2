"""Masks of every convention, made from which key is hidden from which query."""

from __future__ import annotations

from dataclasses import dataclass, replace

from attncheck.instruments.attention.hearing import Call, Hearing, hear
from attncheck.lazy import torch
from attncheck.signature.convention import LENGTHS, Argument
from attncheck.signature.masks import is_per_query, is_per_sample, key_axis, query_axis
from attncheck.subject.sampling import generator
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_WORDS = {
    "pad-true": "True hides a key",
    "valid-true": "True shows a key",
    "valid-01": "1 shows a key",
    "pad-01": "1 hides a key",
    "additive": "added to the logits",
    LENGTHS: "so many keys are real",
}


@dataclass(frozen=True)
class MaskWay:
    """One mask of the subject, and how it is to be read.

    Attributes:
        argument: the parameter, the mask's axes and meaning.
        origin: ``stated`` by the user, ``named`` as torch names it, ``documented`` by its author,
            ``found`` by trying, or ``evident``: found by trying, although it does not obey.
        inside: keys are hidden between others, not behind them: where later keys are not heard
            in any case, padding at the end hides nothing.
        whole: the mask is all that hides: a causal layer leaves the future to it as well.
    """

    argument: Argument
    origin: str
    inside: bool = False
    whole: bool = False

    def describe(self) -> str:
        """Return the mask as messages name it: ``'mask' (B, N), True hides a key``."""
        axes = ", ".join(self.argument.order or self.argument.axes)
        said = ", as its author writes" if self.origin == "documented" else ""
        said += ", the future told by it as well" if self.whole else ""
        return f"'{self.argument.parameter}' ({axes}), {_WORDS[self.argument.meaning]}{said}"

    def applied(self, subject: Subject) -> Subject:
        """Return the subject called with this mask."""
        call = subject.convention
        if self.argument in call.arguments:
            return subject
        orders = call.orders
        if self.argument.order:
            orders = (*orders, (self.argument.axes, self.argument.order))
        arguments = (*call.arguments, self.argument)
        return subject.called(replace(call, arguments=arguments, orders=orders))


def encode(hidden: torch.Tensor, way: MaskWay, trial: Trial) -> torch.Tensor:
    """Return the mask that hides these keys.

    Args:
        hidden: (B, N, M), True where the query must not see the key. What the mask's axes do
            not tell apart must be equal.
        way: the mask.
        trial: for sizes and dtype.
    """
    axes, meaning = way.argument.axes, way.argument.meaning
    t = hidden if is_per_sample(axes) else hidden[:1]
    t = t if is_per_query(axes) else t[:, :1]
    if meaning == LENGTHS:
        return (~t).sum(-1).reshape(trial.sizes(axes))
    heads = trial.dims["heads"] if any("heads" in axis for axis in axes) else 1
    t = t[:, None].expand(t.shape[0], heads, *t.shape[1:])
    t = t.reshape(trial.sizes(axes)).clone()
    match meaning:
        case "pad-true":
            return t
        case "valid-true":
            return ~t
        case "valid-01":
            return (~t).to(trial.dtype)
        case "pad-01":
            return t.to(trial.dtype)
    return torch.zeros(t.shape, dtype=trial.dtype).masked_fill(t, float("-inf"))


def some_hidden(way: MaskWay, trial: Trial) -> torch.Tensor:
    """Return (B, N, M) with some keys hidden, otherwise in each sample, never all of them.

    A mask without a query axis hides the last keys, as padding does, or keys between others.
    """
    data = trial.subject.convention.inputs
    keys, queries = key_axis(data), query_axis(data)
    b, n, m = (trial.dims.get("B", 1), trial.dims.get(queries, 1), trial.dims[keys])
    axes = way.argument.axes
    hidden = torch.zeros(b, n, m, dtype=torch.bool)
    if is_per_query(axes):
        hidden = torch.rand(b, n, m, generator=generator(trial.case.seed)) < 0.4
        index = torch.arange(n)
        for step in (0, 1):  # each query sees at least two keys, itself among them
            hidden[:, index, (index + step) % m] = False
        if way.whole:
            hidden |= torch.ones(n, m, dtype=torch.bool).triu(1)
    else:
        for sample in range(b):
            count = 1 + sample % max(m - 2, 1)
            first = 1 if way.inside else m - count
            hidden[sample, :, first : first + count] = True
    return hidden if is_per_sample(axes) else hidden[:1].expand(b, n, m).clone()


def hear_masked(way: MaskWay, trial: Trial, factor: float = 1.0) -> Hearing:
    """Return which query hears which key under :func:`some_hidden`."""
    masked = Trial(way.applied(trial.subject), trial.case)
    hidden = some_hidden(way, masked)
    name = way.argument.input
    everything = encode(torch.ones_like(hidden), way, masked)
    plain = [Call(masked, {}), Call(masked, {name: everything})]
    if way.argument not in trial.subject.convention.arguments:
        plain.insert(0, Call(trial, {}))
    call = Call(masked, {name: encode(hidden, way, masked)})
    return hear(call, plain, hidden, query_rows(way), factor)


def query_rows(way: MaskWay) -> bool:
    """Say whether the mask hides keys from each query apart."""
    return is_per_query(way.argument.axes)


def half_masked(trial: Trial) -> dict[str, torch.Tensor]:
    """Return a mask for every mask argument of the call: the later half of the keys is masked.

    Empty where the call has no mask. At least one key stays.
    """
    data = trial.subject.convention.inputs
    keys, queries = key_axis(data), query_axis(data)
    m = trial.dims.get(keys, 1)
    hidden = torch.zeros(trial.dims.get("B", 1), trial.dims.get(queries, 1), m, dtype=torch.bool)
    hidden[..., (m + 1) // 2 :] = True
    return {
        argument.input: encode(hidden, MaskWay(argument, "stated"), trial).to(trial.case.device)
        for argument in trial.subject.convention.masks
    }
