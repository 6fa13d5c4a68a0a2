"""What a class says of itself in its docstring that its tensors do not tell."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from attncheck.subject.subject import Subject

_SENTENCES = re.compile(r"(?<=[.;!?])\s+|\n\s*\n")
_DOUBT = re.compile(
    r"\b(no|not|without|optional(ly)?|if|when|whether|unless|may|can|or|caller|outside|never|bare"
    r"|use[ds]?|inside|within|around)\b",
    re.IGNORECASE,
)
"""Words that leave open what a sentence promises, or turn it round."""
_RESIDUAL = re.compile(
    r"\b(with|plus|adds?|and)\s+(an?\s+|the\s+|its\s+)?(\w+\s+)?(skip|residual|shortcut)"
    r"\s+(connection|path|branch)\b",
    re.IGNORECASE,
)
_Q, _K, _V = r"(all\s+)?q(uer(y|ies))?", r"(all\s+)?k(eys?)?", r"(all\s+)?v(alues?)?"
_PARTS = re.compile(rf"\b{_Q}\s*[|,;]\s*{_K}\s*[|,;]\s*{_V}\b", re.IGNORECASE)
_STORED = re.compile(r"\b(rows?|stor(e[sd]?|ing)|checkpoints?|laid|packed|layout)\b", re.IGNORECASE)


def promises_a_residual(subject: Subject) -> str:
    """Return the sentence of a class's docstring that promises a skip connection, or ""."""
    return next((s for s in _said(subject) if _RESIDUAL.search(s)), "")


def promises_parts_in_order(subject: Subject) -> str:
    """Return the sentence that says that a matrix holds all of q, then of k, then of v, or ""."""
    return next((s for s in _said(subject) if _PARTS.search(s) and _STORED.search(s)), "")


def _said(subject: Subject) -> Iterator[str]:
    """Yield the sentences of a class's own docstring that leave no doubt."""
    made = subject.written
    text = inspect.cleandoc((made.__dict__.get("__doc__") or "") if isinstance(made, type) else "")
    for sentence in _SENTENCES.split(text):
        one = " ".join(sentence.split())
        if one and not _DOUBT.search(one):
            yield one
