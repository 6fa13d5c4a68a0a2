"""Sets of places that a claim names: ``row + column``, ``window 7``, ``block 4 from 2``.

Where every token is the same, positions alone tell keys apart: so distances are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from attncheck.data.formula import Formula
from attncheck.instruments.attention.graph import SOFTMAX, record
from attncheck.lazy import torch
from attncheck.subject.trial import Trial

Place = tuple[int, ...]

_WORDS = ("nothing", "self", "row", "column", "all", "causal")
_SIZED = ("causal window", "window", "rows", "columns", "block", "whole blocks")
ALLOWED = (
    "self, row, column, rows K, columns K, all, window K, causal, causal window K, "
    "block K [from S] [around A], whole blocks K, joined by ' + '"
)

_HIDDEN = -1e3
"""Logits below are those of a mask."""


def terms(text: str) -> list[tuple[str, str]]:
    """Split a set into (word, size formula) pairs.

    Raises:
        ValueError: a word is none of the known ones.
    """
    found: list[tuple[str, str]] = []
    starts = "|".join((*_SIZED, *_WORDS))
    for part in re.split(rf"\+\s*(?=(?:{starts})\b)", text.strip()):
        word = part.strip()
        sized = next((s for s in _SIZED if re.match(rf"{s}\s+\S", word)), "")
        if sized:
            size = word[len(sized) :].strip()
            if sized == "block":
                block(size)
            else:
                Formula(size)
            found.append((sized, size))
        elif word in _WORDS:
            found.append((word, ""))
        else:
            raise ValueError(f"'{part.strip()}' is no set of places; allowed: {ALLOWED}")
    return found


def largest_window(text: str, dims: Mapping[str, int]) -> int:
    """Return the size of the largest window named, 0 without one; blocks are no windows."""
    sizes = [
        int(Formula(size).evaluate(dims))
        for word, size in terms(text)
        if size and word not in ("block", "whole blocks")
    ]
    return max(sizes, default=0)


def claimed_places(
    text: str, origin: Place, sizes: tuple[int, ...], dims: Mapping[str, int]
) -> torch.Tensor:
    """Return the set as a boolean tensor of the places' sizes.

    A window of K holds K×K places around the origin, cut at the border; of an even K the larger
    half lies after it; K rows, or columns, are those around its own. A block of K is
    the K×K square of a grid that holds the origin: the grid begins at S, and the block is taken
    with A places around it; whole blocks of K are all of that grid that the map does not cut, as
    a pooling without padding sees them. Causal order is that of tokens, or of pixels row by row.
    """
    result = torch.zeros(sizes, dtype=torch.bool)
    for word, size in terms(text):
        if word == "block":
            result |= block_places(block(size).evaluate(dims), origin, sizes)
            continue
        width = int(Formula(size).evaluate(dims)) if size else 0
        result |= _single(word, width, origin, sizes)
    return result


def _single(word: str, width: int, origin: Place, sizes: tuple[int, ...]) -> torch.Tensor:
    here = torch.zeros(sizes, dtype=torch.bool)
    if word != "all" and any(i >= size for i, size in zip(origin, sizes, strict=True)):
        return here  # a query further on than the last key stands beside none of them
    match word:
        case "self":
            here[origin] = True
        case "all":
            here[...] = True
        case "row" | "column" | "rows" | "columns" if len(sizes) != 2:
            raise ValueError("rows and columns are of maps, not of tokens")
        case "row":
            here[origin[0]] = True
        case "column":
            here[:, origin[-1]] = True
        case "whole blocks":
            here[tuple(slice(0, size // width * width) for size in sizes)] = True
        case "window" | "rows" | "columns":
            around = [slice(max(0, i - (width - 1) // 2), i + width // 2 + 1) for i in origin]
            if word != "window":
                around[1 if word == "rows" else 0] = slice(None)
            here[tuple(around)] = True
        case "causal" | "causal window":
            flat = here.view(-1)
            last = int(torch.tensor(here.stride()).mul(torch.tensor(origin)).sum())
            flat[max(0, last - width + 1) if width else 0 : last + 1] = True
    return here


def describe_places(seen: torch.Tensor, origin: Place) -> str:
    """Name a set that was seen around an origin: ``a 3×3 window``, ``row + column``."""
    sizes = tuple(seen.shape)
    if not bool(seen.any()):
        return "no position at all"
    names = [("self", "itself alone"), ("all", "every position")]
    if len(sizes) == 2:
        names += [("row", "its row"), ("column", "its column"), ("row + column", "row + column")]
    for k in range(3, 2 * max(sizes), 2):
        names.append((f"window {k}", " × ".join([str(k)] * len(sizes)).replace(" ", "")))
    if len(sizes) == 1:
        names.append(("causal", "every position up to its own"))
        names += [(f"causal window {w}", f"the last {w} positions") for w in range(2, sizes[0])]
    for text, name in names:
        if torch.equal(claimed_places(text, origin, sizes, {}), seen):
            return f"a {name} window" if text.startswith("window") else name
    return f"{int(seen.sum())} positions of another shape"


def describe_claim(text: str, dims: Mapping[str, int]) -> str:
    """Return the set as a person reads it, sizes filled in: ``a 7×7 window``."""
    names = {"self": "itself alone", "all": "every position", "nothing": "no position"}
    parts = []
    for word, size in terms(text):
        if word == "block":
            parts.append(describe_block(block(size).evaluate(dims)))
            continue
        width = str(Formula(size).evaluate(dims)) if size else ""
        if word == "window":
            parts.append(f"a {width}×{width} window" if "H" in dims else f"a window of {width}")
        elif word in ("rows", "columns"):
            parts.append(f"{width} {word}")
        elif word == "whole blocks":
            parts.append(f"every whole {width}×{width} block")
        elif word == "causal":
            parts.append("every position up to its own")
        elif size:
            parts.append(f"the last {width} positions")
        else:
            parts.append(names.get(word, word))
    return " + ".join(parts)


def channel_group(
    text: str, channel: int, inputs: int, outputs: int, dims: Mapping[str, int]
) -> torch.Tensor:
    """Return the input channels that a claim lets an output channel see, as booleans.

    ``self``, ``all``, ``window K``, ``group G`` (the channels split into G equal parts),
    ``groups of N`` (parts of N channels).

    Raises:
        ValueError: the text is none of these.
    """
    seen = torch.zeros(inputs, dtype=torch.bool)
    if text in ("self", "all", "nothing") or text.startswith("window "):
        return claimed_places(text, (channel,), (inputs,), dims)
    match = re.fullmatch(r"(groups of|groups?)\s+(.+)", text)
    if not match:
        raise ValueError(
            f"'{text}' is no set of channels; allowed: self, all, window K, group G, groups of N"
        )
    number = int(Formula(match[2]).evaluate(dims))
    groups = inputs // max(number, 1) if match[1] == "groups of" else number
    groups = max(groups, 1)
    width, index = inputs // groups, channel * groups // outputs
    seen[index * width : (index + 1) * width] = True
    return seen


def describe_channels(seen: torch.Tensor, channel: int) -> str:
    """Name a set of input channels that one output channel sees."""
    count, total = int(seen.sum()), seen.numel()
    if count == total:
        return "every channel"
    if count == 1 and bool(seen[channel % total]):
        return "its own channel alone"
    if count == 0:
        return "no channel"
    first = int(seen.nonzero()[0])
    if bool(seen[first : first + count].all()):
        return f"a group of {count}, channels {first} to {first + count - 1}"
    return f"{count} channels"


@dataclass(frozen=True)
class Block:
    """A grid's squares, with numbers in place of formulas once evaluated.

    Attributes:
        size: height and width of a square.
        start: where the grid's first square begins, along both axes.
        around: how many places beyond each side belong to the set.
    """

    size: Formula | int
    start: Formula | int = 0
    around: Formula | int = 0

    def evaluate(self, dims: Mapping[str, int]) -> tuple[int, int, int]:
        """Return size, start and places around as numbers."""
        numbers = [
            value if isinstance(value, int) else int(value.evaluate(dims))
            for value in (self.size, self.start, self.around)
        ]
        return numbers[0], numbers[1], numbers[2]


def block(text: str) -> Block:
    """Read ``K [from S] [around A]``, formulas over dims.

    Raises:
        SpecError: one of them is no formula.
    """
    head, _, around = text.partition(" around ")
    size, _, start = head.partition(" from ")
    found = re.sub(r"\s+", " ", size)
    return Block(Formula(found), Formula(start) if start else 0, Formula(around) if around else 0)


def block_places(
    numbers: tuple[int, int, int], origin: tuple[int, ...], sizes: tuple[int, ...]
) -> torch.Tensor:
    """Return the block that holds the origin as a boolean tensor of the places' sizes."""
    size, start, around = numbers
    here = torch.zeros(sizes, dtype=torch.bool)
    firsts = [(place - start) // size * size + start for place in origin]
    here[tuple(slice(max(0, at - around), at + size + around) for at in firsts)] = True
    return here


def describe_block(numbers: tuple[int, int, int]) -> str:
    """Return the set as a person reads it."""
    size, start, around = numbers
    text = f"its {size}×{size} block"
    text += f" of the grid from {start}" if start else ""
    return text + (f" and {around} places around it" if around else "")


def with_equal_tokens(trial: Trial) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Call a module on one token repeated, fused attention taken apart.

    Returns:
        What each softmax over pairs of tokens reads, (…, N, N) in float64, NaN where it is hidden;
        and the output.
    """
    size, along = trial.dims["N"], trial.axes().index("N")
    tokens = trial.inputs()[trial.main]
    same = tokens.narrow(along, 0, 1).repeat_interleave(size, along)
    nodes, output = record(trial, trial.module(), {trial.main: same})
    logits = [
        node.arguments[0].value.detach().double()
        for node in nodes
        if node.op in SOFTMAX and node.from_input and tuple(node.value.shape[-2:]) == (size, size)
    ]
    return [found.masked_fill(found < _HIDDEN, torch.nan) for found in logits], output
