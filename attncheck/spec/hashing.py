"""A hash of what a spec demands, so that a gate notices when the question has changed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from attncheck.spec.document import SpecDocument

_TOLD = frozenset(
    {"title", "aliases", "specialises", "paper", "summary", "untestable", "known_faults"}
    | {"subjects"}
)
LENGTH = 16
"""Of every hash in a report, in characters."""


def spec_hash(document: SpecDocument, subject: str) -> str:
    """Return a hash of everything in a spec that decides this subject's verdict.

    Texts for people and other subjects do not change it, nor does the folder that it lies in;
    what is inherited from the family does.

    Args:
        document: the spec, merged with its family's.
        subject: one that it lists, or any other name.
    """
    said: dict[str, Any] = msgspec.to_builtins(document)
    entry = said["subjects"].get(subject)
    demands = {key: value for key, value in said.items() if key not in _TOLD}
    place, colon, name = document.reference.rpartition(":")
    demands["reference"] = f"{Path(place).name}{colon}{name}"
    demands["subject"] = entry
    content = msgspec.json.encode(demands, order="sorted")
    return hashlib.sha256(content).hexdigest()[:LENGTH]
