"""What the tools said, as tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.counting.cases import EVERY
from benchmarks.counting.running import Answers
from benchmarks.counting.tools import Answer

GROUPS = {"module": "modules", "operator": "operators", "more": "more operators"}


def summary(said: dict[str, Answers]) -> list[str]:
    """Return a row for each tool: how many cases it counts exactly, by group, eval and training."""
    sizes = {group: sum(name.startswith(f"{group}: ") for name in EVERY) for group in GROUPS}
    heads = [
        f"{sizes[group]} {title}, {mode}"
        for group, title in GROUPS.items()
        for mode in ("eval", "train")
    ]
    rows = []
    for tool, answers in said.items():
        cells, total = [], 0
        for group in GROUPS:
            for train in (False, True):
                right = sum(_exact(name, answers, train) for name in _of(group))
                total += right
                cells.append(f"{100 * right / sizes[group]:.0f} % ({right})")
        rows.append([tool, *cells, f"{100 * total / (2 * len(EVERY)):.1f} %"])
    return _table(["exact", *heads, "all"], rows)


def details(said: dict[str, Answers], group: str) -> list[str]:
    """Return a row for each case of a group: the hand's MACs and what every tool makes of them."""
    rows = []
    for name in _of(group):
        case = EVERY[name]
        cells = []
        for answers in said.values():
            both = [_cell(case.hand(t), case.written_out, answers[name][t]) for t in (0, 1)]
            cells.append(both[0] if both[0] == both[1] else f"{both[0]}, train {both[1]}")
        rows.append([name.split(": ", 1)[1], f"{case.macs:,}", case.how, *cells])
    return _table([GROUPS[group].rstrip("s"), "MACs", "by hand", *said], rows)


def _of(group: str) -> list[str]:
    return [name for name in EVERY if name.startswith(f"{group}: ")]


def _exact(name: str, answers: Answers, train: bool) -> bool:
    return answers[name][train] == EVERY[name].hand(train)


def _cell(hand: int, written_out: int, answer: Answer) -> str:
    if isinstance(answer, str):
        return "named" if answer == f"named, {hand - written_out} without" else answer
    if answer == hand:
        return "="
    if not hand:
        return f"+{answer:,}"
    ratio = answer / hand
    if not answer:
        return "0"
    return f"{100 * (ratio - 1):+.2g} %" if 0.9 < ratio < 1.1 else f"{ratio:.2g}×"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    lines = [list(heads)]
    lines += [["---"] * len(lines[0]), *map(list, rows)]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
