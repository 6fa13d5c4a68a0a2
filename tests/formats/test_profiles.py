"""A report with profiles shows them wherever it is read, not only where it was measured."""

import pytest

from attncheck.data.report import decode, encode
from attncheck.formats import find_format
from tests.formats import large


@pytest.mark.parametrize("format_name", ["text", "markdown"])
def test_figures_stand_below_the_verdicts(format_name: str) -> None:
    report = decode(encode(large.profiled(2, samples=20)))
    shown = find_format(format_name).render(report, color=False, width=120)
    verdict, figures = shown.find(report.subjects[0].subject), shown.find("cost and speed on")
    assert 0 <= verdict < figures
    assert "MACs" in shown[figures:]


@pytest.mark.parametrize("format_name", ["text", "markdown"])
def test_a_report_without_profiles_has_no_place_for_them(format_name: str) -> None:
    report = large.profiled(1, samples=3)
    report.subjects[0].profile = None
    shown = find_format(format_name).render(report, color=False, width=120)
    assert "cost and speed" not in shown
