"""What a subject would cost at dims that nobody could afford to run: shapes alone, on ``meta``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from attncheck.instruments.counting.count import count_trial
from attncheck.instruments.memory import following
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.live import LiveCall
from attncheck.subject.raising import blamed
from attncheck.subject.stated_calls import called_plainly
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


@dataclass(frozen=True)
class Predicted:
    """Cost of one call.

    Attributes:
        macs: multiply-accumulates.
        memory: peak bytes above parameters and inputs; 0 where nobody asked.
        unpriced: operators without a price.
        fused: whether a fused attention kernel took part: its real peak is lower.
        parts: submodule's name -> its multiply-accumulates.
        outer: those of matrix products over one element, which may count as none.
    """

    macs: int
    memory: int
    unpriced: tuple[str, ...]
    fused: bool
    parts: Mapping[str, int] = field(default_factory=dict)
    outer: int = 0


def predict(
    subject: Subject,
    dims: Mapping[str, int],
    *,
    training: bool = False,
    dtype: str = "float32",
    memory: bool = True,
) -> Predicted:
    """Return the cost of a call at dims of any size.

    Args:
        subject: what is called.
        dims: the case's dims.
        training: follow memory through a forward and a backward pass, with all that autograd
            keeps; otherwise a forward pass alone that keeps nothing.
        dtype: of parameters and inputs.
        memory: follow memory at all; it takes a second call.

    Raises:
        SubjectError: the module cannot be built, or needs values and not only shapes.
    """
    trial = Trial(subject, Case(dims=dict(dims), dtype=dtype, device="meta"))
    tally = count_trial(trial, twice=False).tally
    seen = Predicted(
        macs=tally.macs,
        memory=0,
        unpriced=tuple(sorted(tally.unpriced)),
        fused=False,
        parts=dict(tally.by_module),
        outer=sum(tally.hidden.outer),
    )
    if not memory:
        return seen
    module, inputs = trial.module(initial=True), trial.inputs()
    there = [*module.parameters(), *module.buffers(), *inputs.values()]
    fused = _Fused()
    with (
        torch.set_grad_enabled(training),
        torch.device("meta"),
        fused,
        following(there) as live,
    ):
        main = trial.call(module, inputs).main
        if training:
            with blamed("backward"):
                main.sum().backward()  # type: ignore[no-untyped-call]
    return replace(seen, memory=live.peak, fused=fused.seen)


def predict_call(call: LiveCall) -> int | None:
    """Return the peak bytes of a call of shapes alone, above parameters and inputs.

    None where it computes values, or a fused attention kernel holds less than shapes tell.
    """
    if call.device != "meta":
        return None
    given = torch.utils._pytree.tree_leaves(([*call.positional], call.named))
    tensors = [one for one in given if isinstance(one, torch.Tensor)]
    fused = _Fused()
    with fused, following([*call.module.parameters(), *call.module.buffers(), *tensors]) as live:
        called_plainly(call)
    return None if fused.seen else live.peak


class _Fused:
    """Notices calls of the fused attention function, which ``meta`` computes step by step."""

    def __init__(self) -> None:
        self.seen = False

    def __enter__(self) -> _Fused:
        self._original = torch.nn.functional.scaled_dot_product_attention

        def noticed(*args: object, **kwargs: object) -> object:
            self.seen = True
            return self._original(*args, **kwargs)  # type: ignore[arg-type]

        torch.nn.functional.scaled_dot_product_attention = noticed  # type: ignore[assignment]
        return self

    def __exit__(self, *_: object) -> None:
        torch.nn.functional.scaled_dot_product_attention = self._original
