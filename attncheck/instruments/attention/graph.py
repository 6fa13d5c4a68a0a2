"""Record every operation of one call as a graph, below autograd, fused attention taken apart.

Operators are told apart by what they do to a tensor: rearrange, scale, normalise or contract it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from attncheck.lazy import torch
from attncheck.subject.dispatcher import watching
from attncheck.subject.sampling import seed_everything
from attncheck.subject.trial import Trial

Key = tuple[Any, ...]
_BLANK = frozenset(
    {"zeros_like", "ones_like", "full_like", "empty_like", "new_zeros", "new_full", "new_ones"}
)
"""Operators that take from a tensor its shape and none of its numbers."""

MOVES = frozenset(
    {
        *("view", "_unsafe_view", "reshape", "transpose", "t", "permute", "expand", "clone"),
        *("unsqueeze", "squeeze", "detach", "_to_copy", "contiguous", "alias", "select", "slice"),
        *("split", "split_with_sizes", "unbind", "chunk", "lift_fresh", "_reshape_alias"),
        *("as_strided", "unsafe_split", "movedim", "flatten", "unflatten", "narrow"),
    }
)
"""Operators whose result holds the first argument's numbers in another order or shape."""

SOFTMAX = frozenset({"_softmax", "_safe_softmax"})
CONTRACTIONS = frozenset({"bmm", "mm", "baddbmm", "addmm", "addbmm", "mv", "addmv", "dot"})
PROJECTIONS = CONTRACTIONS | {"convolution", "_convolution", "linear"}


@dataclass(eq=False)
class Node:
    """One operation's result.

    Attributes:
        op: the operator's name without its overload (``bmm``); ``""`` for a tensor that no
            recorded operation made: an input, a parameter, a constant.
        arguments: what it was given, tensors as nodes.
        value: its result.
        named: the numbers among its keyword arguments.
        from_input: it follows from a data input.
        from_parameter: it follows from a parameter.
        uses: the nodes that read it.
    """

    op: str
    arguments: tuple[Any, ...]
    value: torch.Tensor
    named: dict[str, float] = field(default_factory=dict)
    from_input: bool = False
    from_parameter: bool = False
    uses: list[Node] = field(default_factory=list)

    @property
    def parents(self) -> list[Node]:
        """The tensors it was made from."""
        return list(_nodes(self.arguments))


def record(
    trial: Trial, module: torch.nn.Module, inputs: Mapping[str, torch.Tensor]
) -> tuple[list[Node], torch.Tensor]:
    """Call the module on copies of the inputs; return the operations in order and the output.

    Raises:
        SubjectError: ``forward`` raises.
    """
    from torch.nn.attention import SDPBackend, sdpa_kernel

    copies = {name: tensor.clone() for name, tensor in inputs.items()}
    data = {name for name in copies if name in trial.subject.convention.inputs}
    recorder = _Recorder([copies[name] for name in data], list(module.parameters()))
    seed_everything(trial.case.seed, trial.case.device)
    with sdpa_kernel(SDPBackend.MATH), watching(recorder.see):
        output = trial.call(module, copies).main
    return recorder.nodes, output


class _Recorder:
    """What every operator made, and of what."""

    def __init__(self, inputs: list[Any], parameters: list[Any]) -> None:
        self.nodes: list[Node] = []
        self.known: dict[Key, Node] = {}
        self.inputs = {_storage(t) for t in inputs}
        self.parameters = {_storage(t) for t in parameters}

    def see(self, mode: Any, func: Any, args: Any, kwargs: Any) -> Any:
        """Run an operator and keep what it made of what."""
        given = self.as_nodes((*args, *kwargs.values()))
        out = func(*args, **kwargs)
        parents = list(_nodes(given))
        blank = func.overloadpacket.__name__ in _BLANK
        for tensor in out if isinstance(out, (tuple, list)) else (out,):
            if not isinstance(tensor, torch.Tensor):
                continue
            node = Node(
                func.overloadpacket.__name__,
                given,
                tensor.detach(),
                {n: v for n, v in kwargs.items() if isinstance(v, (int, float))},
                any(p.from_input for p in parents) and not blank,
                any(p.from_parameter for p in parents) and not blank,
            )
            for parent in parents:
                parent.uses.append(node)
            self.nodes.append(node)
            self.known[_key(tensor)] = node
        return out

    def as_nodes(self, values: Any) -> tuple[Any, ...]:
        found: list[Any] = []
        for value in values:
            if isinstance(value, torch.Tensor):
                found.append(self.node_of(value))
            elif isinstance(value, (tuple, list)):
                found.append(self.as_nodes(value))
            else:
                found.append(value)
        return tuple(found)

    def node_of(self, tensor: Any) -> Node:
        key = _key(tensor)
        if key not in self.known:
            place = _storage(tensor)
            leaf = Node("", (), tensor.detach(), {}, place in self.inputs, place in self.parameters)
            self.known[key] = leaf
        return self.known[key]


def _storage(tensor: Any) -> int:
    return int(tensor.untyped_storage().data_ptr())


def _key(tensor: Any) -> Key:
    """What tells two tensors apart: autograd may hand out several objects for one view.

    The graph keeps every storage alive, so that no address is used twice.
    """
    place = (_storage(tensor), tensor.storage_offset())
    return (*place, tuple(tensor.shape), tensor.stride(), tensor.dtype)


def _nodes(arguments: Any) -> Iterator[Node]:
    for argument in arguments:
        if isinstance(argument, Node):
            yield argument
        elif isinstance(argument, tuple):
            yield from _nodes(argument)


def operands(node: Node) -> tuple[Node, Node]:
    """Return the two factors of a contraction."""
    first = 1 if node.op in ("baddbmm", "addmm", "addbmm", "addmv") else 0
    left, right = node.arguments[first], node.arguments[first + 1]
    return left, right


def contracted(node: Node, factor: Node) -> int:
    """Return the axis of ``factor`` over which the contraction ``node`` sums."""
    left, _ = operands(node)
    return factor.value.ndim - 1 if factor is left else max(factor.value.ndim - 2, 0)
