"""The name in the later version of each submodule of the earlier, told by what stands below it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping


def later_names(owners: Mapping[str, str]) -> Callable[[str], str]:
    """Return what says the later name of a submodule, its own where nothing is known of it.

    Args:
        owners: of each submodule that holds tensors, its later name.
    """
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for old, new in owners.items():
        while True:
            votes[old][new] += 1
            head, _, last = old.rpartition(".")
            other, _, its = new.rpartition(".")
            if not old or not new or last != its:
                break
            old, new = head, other
    found = {old: most.most_common(1)[0][0] for old, most in votes.items()}

    def now(name: str) -> str:
        head, rest = name, ""
        while head and head not in found:
            head, _, last = head.rpartition(".")
            rest = f"{last}.{rest}" if rest else last
        if not head:
            return name
        return f"{found[head]}.{rest}" if rest else found[head]

    return now
