"""Specs as data: one TOML file per mechanism, decoded into typed structures, without torch."""

from attncheck.spec.document import SpecDocument, SubjectEntry
from attncheck.spec.reading import read_document

__all__ = ["SpecDocument", "SubjectEntry", "read_document"]
