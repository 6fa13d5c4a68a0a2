"""Values on the command line mean what they look like."""

from __future__ import annotations

from typing import Any

import pytest

from attncheck.cli.options import initials, sizes
from attncheck.data.literals import from_json, parse_literal, to_json
from attncheck.errors import UsageError
from attncheck.execution.limits import memory_bytes


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("16", 16),
        ("0.5", 0.5),
        ("None", None),
        ("True", True),
        ("false", False),
        ("C // 8", "C // 8"),
        ("relu", "relu"),
        ("'true'", "true"),
        ("(3, 5)", (3, 5)),
        ("[3, 5]", [3, 5]),
    ],
)
def test_a_literal_is_itself_and_survives_json(text: str, value: Any) -> None:
    assert parse_literal(text) == value
    back = from_json(to_json(parse_literal(text)))
    assert back == value
    assert type(back) is type(value)


def test_an_equals_sign_in_a_value_is_the_value_s() -> None:
    assert initials(["mode='a=b'"]) == {"mode": "a=b"}


def test_amounts_of_memory() -> None:
    assert memory_bytes("1GiB") == memory_bytes("1g") == memory_bytes("1024M") == 2**30
    assert memory_bytes("1.5 GB") == 3 * 2**29
    for wrong in ("", "much", "-1G", "100M"):
        with pytest.raises(UsageError):
            memory_bytes(wrong)


def test_sizes_are_whole_numbers() -> None:
    assert sizes(["C=64", "H=3"]) == {"C": 64, "H": 3}
    for wrong in ("C", "C=", "C=1.5", "1=2"):
        with pytest.raises(UsageError):
            sizes([wrong])
