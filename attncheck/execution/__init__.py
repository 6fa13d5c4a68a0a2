"""Execution: one child process per subject, watched, replaced when it dies, and many at once."""
