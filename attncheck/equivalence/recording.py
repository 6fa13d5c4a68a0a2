"""Every operator of one call, with what went in and the line that called it.

Fused attention hides its scores, its mask and its weights: here it is taken apart.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from attncheck.equivalence.comparison import Probe
from attncheck.equivalence.values import Figures, figures
from attncheck.lazy import torch
from attncheck.source.files import OwnFiles
from attncheck.subject.dispatcher import watching
from attncheck.subject.raising import SubjectError

_MOST_NODES = 3000
_MOST_NUMBERS = 1_000_000


@dataclass(frozen=True)
class Made:
    """What one operator made.

    Attributes:
        index: its place in the record.
        operator: the operator's name, without its overload.
        tensor: a copy of the value.
        reads: places of what went in; names of parameters, buffers and inputs.
        numbers: the numbers among its arguments.
        of_data: whether it depends on an input.
        is_constant: whether it depends on neither an input nor a parameter.
        is_view: whether it only orders, cuts or copies.
        path, line: the innermost line of the subject's own files.
        callers: the lines that called it, inmost first.
    """

    index: int
    operator: str
    tensor: torch.Tensor
    reads: tuple[int | str, ...]
    numbers: tuple[float, ...]
    of_data: bool
    is_constant: bool
    is_view: bool
    path: str
    line: int
    callers: tuple[tuple[str, int], ...] = ()

    @cached_property
    def figures(self) -> Figures:
        """The figures of the value; none of a constant, or of what is no tensor of real numbers."""
        told = not self.is_constant and self.tensor.is_floating_point()
        if told and 1 < self.tensor.numel() <= _MOST_NUMBERS:
            return figures(self.tensor)
        return Figures(0, 0.0, 0.0, 0.0, 0.0)


@dataclass
class Record:
    """The operators of one call in their order.

    Attributes:
        nodes: what they made.
        leaves: storage -> name of a parameter or buffer.
        inputs: identity of an input's tensor -> its name.
        files: whose lines are told.
    """

    leaves: Mapping[int, str]
    inputs: Mapping[int, str]
    files: OwnFiles | None = None
    nodes: list[Made] = field(default_factory=list)
    _places: dict[int, int] = field(default_factory=dict)
    _alive: list[Any] = field(default_factory=list)

    def place_of(self, tensor: torch.Tensor) -> int | str | None:
        """Return where a tensor was made, or the name of what it is; None for a constant."""
        found = self._places.get(id(tensor))
        if found is not None:
            return found
        if id(tensor) in self.inputs:
            return self.inputs[id(tensor)]
        return self.leaves.get(tensor.untyped_storage()._cdata)

    def see(self, mode: Any, operator: Any, args: Any, kwargs: Any) -> Any:
        """Run an operator and note it; for :func:`watching`."""
        given = torch.utils._pytree.tree_leaves((args, kwargs))
        tensors = [t for t in given if isinstance(t, torch.Tensor)]
        read = tuple(p for t in tensors if (p := self.place_of(t)) is not None)
        found = operator(*args, **kwargs)
        if len(self.nodes) < _MOST_NODES:
            numbers = tuple(float(n) for n in given if type(n) in (int, float, bool))
            for tensor in found if isinstance(found, (tuple, list)) else (found,):
                if isinstance(tensor, torch.Tensor) and tensor.layout is torch.strided:
                    self._note(operator, tensor, read, numbers)
        return found

    def _note(
        self, operator: Any, tensor: torch.Tensor, read: tuple[int | str, ...], numbers: Any
    ) -> None:
        name = operator.name().removeprefix("aten::").partition(".")[0]
        of_data = any(
            self.nodes[p].of_data if isinstance(p, int) else p in self.inputs.values() for p in read
        )
        constant = all(isinstance(p, int) and self.nodes[p].is_constant for p in read)
        real = tensor.is_floating_point() and tensor.numel() <= _MOST_NUMBERS
        lines = self._lines()
        node = Made(
            len(self.nodes),
            name.rstrip("_") if name.endswith("_") else name,
            tensor.detach().clone() if real else tensor.detach(),
            read,
            numbers,
            of_data,
            constant,
            _only_moves(operator, name),
            *(lines[0] if lines else ("", 0)),
            tuple(lines[1:]),
        )
        self.nodes.append(node)
        self._places[id(tensor)] = node.index
        self._alive.append(tensor)

    def _lines(self) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        frame: Any = sys._getframe(3) if self.files is not None else None
        while frame is not None:
            if frame.f_code.co_filename in self.files:  # type: ignore[operator]
                found.append((frame.f_code.co_filename, frame.f_lineno))
            frame = frame.f_back
        return found

    def alike(self, wanted: Figures) -> Iterator[Made]:
        """Yield what holds these numbers, whatever their order."""
        for node in self._by_count.get(wanted.count, ()) if wanted.count else ():
            if node.figures.same(wanted):
                yield node

    @cached_property
    def _by_count(self) -> dict[int, list[Made]]:
        """The finished record's nodes by how many numbers they hold."""
        found: dict[int, list[Made]] = {}
        for node in self.nodes:
            found.setdefault(node.figures.count, []).append(node)
        return found


_MOVING = frozenset(
    [
        "clone",
        "_to_copy",
        "copy",
        "_reshape_copy",
        "_unsafe_view",
        "roll",
        "contiguous",
        "lift_fresh",
        "repeat",
        "cat",
        "stack",
        "index_select",
        "index",
        "constant_pad_nd",
        "im2col",
        "flip",
        "gather",
        "embedding",
        "unfold",
        "pixel_shuffle",
        "pixel_unshuffle",
        "native_dropout",
        "dropout",
    ]
)


def _only_moves(operator: Any, name: str) -> bool:
    return bool(getattr(operator, "is_view", False)) or name in _MOVING


def names_of(module: torch.nn.Module) -> dict[int, str]:
    """Return storage -> name of the module's parameters and buffers."""
    held = [*module.named_buffers(), *module.named_parameters()]
    return {tensor.untyped_storage()._cdata: name for name, tensor in held}


def record_of(probe: Probe, module: torch.nn.Module) -> tuple[Record, torch.Tensor] | None:
    """Return the operators of the subject's call, and its output; None where it raises."""
    given = {id(tensor): name for name, tensor in probe.inputs.items()}
    files = OwnFiles(probe.trial.subject.written, module)
    record = Record(names_of(module), given, files)
    try:
        with torch.no_grad(), taken_apart(), watching(record.see):
            output = probe.trial.run(module, probe.inputs)
    except SubjectError:
        return None
    return record, output.detach()


@contextmanager
def taken_apart() -> Iterator[None]:
    """Run scaled_dot_product_attention as the products and the softmax that it stands for."""
    from torch.overrides import TorchFunctionMode

    fused = torch.nn.functional.scaled_dot_product_attention

    class Apart(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            run: Callable[..., Any] = _attention if func is fused else func
            return run(*args, **(kwargs or {}))

    fast = torch.backends.mha.get_fastpath_enabled()
    with ExitStack() as stack:
        torch.backends.mha.set_fastpath_enabled(False)
        stack.callback(torch.backends.mha.set_fastpath_enabled, fast)
        stack.enter_context(Apart())
        yield


def _attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    if enable_gqa:
        times = query.shape[-3] // key.shape[-3]
        key, value = (t.repeat_interleave(times, -3) for t in (key, value))
    scores = query @ key.transpose(-1, -2)
    logits = scores / query.shape[-1] ** 0.5 if scale is None else scores * scale
    if is_causal:
        n, m = logits.shape[-2:]
        future = torch.ones(n, m, dtype=torch.bool, device=query.device).triu(1)
        logits = logits.masked_fill(future, float("-inf"))
    if attn_mask is not None:
        if attn_mask.dtype == torch.bool:
            logits = logits.masked_fill(~attn_mask, float("-inf"))
        else:
            logits = logits + attn_mask
    weights = logits.softmax(-1)
    if attn_mask is not None:  # a query that sees nothing gets nothing
        weights = weights.masked_fill((logits == float("-inf")).all(-1, keepdim=True), 0.0)
    if dropout_p:
        weights = torch.nn.functional.dropout(weights, dropout_p)
    return weights @ value
