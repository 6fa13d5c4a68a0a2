"""Lines of a child: sealed in their order, and such that UTF-8 can hold them."""

from __future__ import annotations

import msgspec

from attncheck.execution.messages import Done, Opened, Refused, Started, decode, encode
from attncheck.execution.seal import opening, sealing, secret


def test_half_a_surrogate_pair_is_written_as_text() -> None:
    message = msgspec.convert(
        decode(encode(Refused("subject", "raises \udc80", "x\ud800.py:3"))), Refused
    )
    assert message == Refused("subject", "raises \\udc80", "x\\ud800.py:3")


def test_a_line_counts_once_in_its_place_and_as_it_was_said() -> None:
    lines = [encode(one) for one in (Opened({}), Started("shape"), Done())]
    key = secret()
    same = bytes(key)
    unseal, seal = opening(same), sealing(key)
    sealed = [seal(line) for line in lines]
    assert set(key) == {0}, "the key is wiped"
    assert [unseal(line) for line in sealed] == lines
    for wrong in (
        [sealed[0], sealed[0]],
        [sealed[1]],
        [sealed[0], sealed[2]],
        [sealed[0].replace(b"{}", b"[]")],
        [lines[0]],
        [b""],
    ):
        unseal = opening(same)
        assert [unseal(line) for line in wrong][-1] is None
