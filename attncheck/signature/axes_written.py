"""Which axis of its input the author of a ``forward`` writes to be the batch."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any

_BATCH = re.compile(r"(b|bs|bsz|nb|batch|batch_?size|num_?batch(es)?|batches)", re.IGNORECASE)
_TUPLE = re.compile(r"[\(\[]\s*(\w+(?:\s*[,x×]\s*[\w*/]+){2,4})\s*[\)\]]")


def batch_written_second(factory: Any) -> bool:
    """Say whether the author unpacks or documents inputs whose second axis is the batch.

    ``n, b, c = x.shape`` or ``(seq_len, batch, dim)``; what is said first counts.
    """
    return next(_places(factory), 0) == 1


def _places(factory: Any) -> Iterator[int]:
    """Yield where the batch stands in each list of axes, unpacked ones before documented ones."""
    forward = getattr(factory, "forward", None)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(forward)))  # type: ignore[arg-type]
    except (OSError, TypeError, SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or not _is_shape(node.value):
            continue
        targets = node.targets[0]
        if isinstance(targets, ast.Tuple):
            yield from _of_batch([getattr(target, "id", "") for target in targets.elts])
    for text in (forward.__doc__, getattr(factory, "__doc__", "")):
        for found in _TUPLE.finditer(text or ""):
            yield from _of_batch(re.split(r"\s*[,x×]\s*", found[1]))


def _is_shape(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr == "size" and not node.args
    return isinstance(node, ast.Attribute) and node.attr == "shape"


def _of_batch(names: list[str]) -> Iterator[int]:
    at = [i for i, name in enumerate(names) if _BATCH.fullmatch(name)]
    if len(at) == 1 and len(names) > 2:
        yield at[0]
