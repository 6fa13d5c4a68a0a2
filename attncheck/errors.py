"""What can go wrong outside the module under audit, told so that a person can put it right.

AttncheckError
├── UsageError      the command line asks for something that is not there
├── SpecError       a spec file does not say something that attncheck understands
├── TargetError     the module under audit cannot be found, imported or bound
├── DeviceError     the device is not there
└── OutputError     a report cannot be written
"""

from __future__ import annotations

from collections.abc import Iterable


class AttncheckError(Exception):
    """A mistake with its place and its remedy.

    Args:
        what: what was wrong, one sentence.
        where: the place: a path, ``path:line`` or an option.
        instead: what to type or write instead.
    """

    def __init__(self, what: str, *, where: str = "", instead: str = "") -> None:
        super().__init__(what, where, instead)
        self.what = what
        self.where = where
        self.instead = instead

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f"\n{self.instead}" if self.instead else ""
        return f"{place}{self.what}{remedy}"


class UsageError(AttncheckError):
    """The command line asks for something that is not there."""


class SpecError(AttncheckError):
    """A spec file does not say something that attncheck understands."""


class TargetError(AttncheckError):
    """The module under audit cannot be found, imported or bound."""


class DeviceError(AttncheckError):
    """The device is not there."""


class OutputError(AttncheckError):
    """A report cannot be written."""


def reason_of(error: Exception) -> str:
    """Return why a file could not be used, in words that stand after a colon."""
    return (getattr(error, "strerror", None) or str(error)).lower()


_MOST_WORDS, _LONGEST_WORD, _MOST_SHOWN = 1000, 100, 300
"""What is looked through for the nearest spelling: names in files of strangers may be more."""


def _alike(one: str, other: str) -> int:
    """Return how many letters two words begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return ``did you mean 'x'?`` for the nearest spelling, or the allowed words."""
    import difflib  # only where something is wrong already

    allowed = sorted(allowed)[:_MOST_WORDS]
    # To compare takes time with the square of a word's length.
    plausible = [name for name in allowed if len(name) <= _LONGEST_WORD]
    nearest = difflib.get_close_matches(word[:_LONGEST_WORD], plausible, n=12, cutoff=0.6)
    # Transposed letters first, then what begins alike.
    nearest.sort(key=lambda name: (sorted(name) != sorted(word), -_alike(name, word)))
    if nearest:
        return f"did you mean '{nearest[0]}'?"
    if len(allowed) > _MOST_SHOWN:
        allowed = [*allowed[:_MOST_SHOWN], "…"]
    return f"allowed: {', '.join(allowed)}" if allowed else "nothing is allowed here"
