"""A seal on every line that a child writes: what the subject writes to the same pipe has none.

A subject shares its process with what judges it, and can write to every descriptor. So each line
carries a keyed digest of itself and of all lines before it: one that is made up, said twice, left
out or moved does not fit. The key is made for one child, handed over once, and wiped where it was
handed over; a subject that searches the memory of its own process can still find it. This keeps
forging from being cheap; it is no sandbox.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable

LONGEST = 8 * 2**20
"""Bytes of a line; whatever an audit has to say is shorter by far."""
_SIZE = 16


def secret() -> bytearray:
    """Return a new key, which :func:`sealing` wipes."""
    return bytearray(os.urandom(32))


def sealing(key: bytearray) -> Callable[[bytes], bytes]:
    """Return what puts the next seal before a line; the key is zeros afterwards."""
    said = hashlib.blake2b(key=bytes(key), digest_size=_SIZE)
    key[:] = bytes(len(key))

    def seal(line: bytes) -> bytes:
        said.update(line)
        return said.hexdigest().encode() + b" " + line

    return seal


def opening(key: bytes) -> Callable[[bytes], bytes | None]:
    """Return what takes the seal off the next line, and gives None where it is not the right one.

    After one wrong line none fits any more.
    """
    heard = hashlib.blake2b(key=key, digest_size=_SIZE)

    def unseal(sealed: bytes) -> bytes | None:
        seal, _, line = sealed.partition(b" ")
        heard.update(line)
        return line if hmac.compare_digest(seal, heard.hexdigest().encode()) else None

    return unseal
