"""GitHub's workflow commands: how their texts are escaped."""

from __future__ import annotations

from collections.abc import Mapping

MOST = 10
"""Annotations of one level that GitHub shows for one step."""


def command(properties: Mapping[str, str], message: str) -> str:
    """Return ``file=a.py,line=3::message``, a command without its level."""
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"{said}::{data(message)}"


def data(text: str) -> str:
    """Return a message in which the runner finds no end of line and no escape of its own."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return data(text).replace(":", "%3A").replace(",", "%2C")
