"""A child tells a phase that is another one than the last; others only from time to time."""

from __future__ import annotations

import pytest

from attncheck.execution import child


@pytest.mark.parametrize(("silence", "told"), [(float("inf"), "cfcf"), (-1.0, "ccfffcf")])
def test_a_phase_that_goes_on_is_told_again_after_a_while(
    monkeypatch: pytest.MonkeyPatch, silence: float, told: str
) -> None:
    monkeypatch.setattr(child, "_SILENCE", silence)
    heard: list[str] = []
    tell = child._now_and_then(heard.append)
    for phase in "ccfffcf":
        tell(phase)
    assert "".join(heard) == told
