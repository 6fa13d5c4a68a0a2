"""Timing: single calls, beside a reference that meets the same disturbances."""
