"""Prove that the probes can fail: audit mutants of the references and see who notices."""
