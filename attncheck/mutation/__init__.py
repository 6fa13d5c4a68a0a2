"""Mutants: the reference's own source with one mistake that people make."""
