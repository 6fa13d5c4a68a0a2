"""Specs as data: one TOML file per mechanism, decoded into typed structures, without torch."""

from attncheck.spec.document import ChoiceEntry, SpecDocument, SubjectEntry
from attncheck.spec.reading import read_document

__all__ = ["ChoiceEntry", "SpecDocument", "SubjectEntry", "read_document"]
