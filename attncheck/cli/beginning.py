"""What is looked at before any command: the words of the command line, and the working folder."""

from __future__ import annotations

import os
from collections.abc import Sequence

from attncheck.errors import UsageError


def is_lost() -> bool:
    """Say whether the working folder is gone."""
    try:
        os.getcwd()
    except OSError:
        return True
    return False


def check(words: Sequence[str]) -> None:
    """Complain about what no command could work with.

    Raises:
        UsageError: a word is no text, or the working folder is gone.
    """
    for number, word in enumerate(words, 1):
        try:
            word.encode("utf-8")
        except UnicodeEncodeError:
            raise UsageError(
                f"{word!r} is no text in UTF-8", where=f"argument {number}", instead="rename it"
            ) from None
        if "\0" in word:
            raise UsageError(f"{word!r} holds a NUL", where=f"argument {number}")
    if is_lost():
        raise UsageError("the working folder is gone", instead="go to one that is there: cd ~")
