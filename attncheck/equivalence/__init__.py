"""Prove that a subject computes the reference, by letting the reference read its tensors."""
