"""A scan in Markdown and HTML: a line for each group, and the model as a map."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from attncheck.data.report import Report
from attncheck.data.scan import Scan
from attncheck.formats import find_format
from tests.formats import sample, scanned
from tests.formats.pages import parsed


def drawn(name: str, report: Report) -> str:
    return find_format(name).render(report, color=False, width=100)


def test_markdown_has_a_line_for_each_group_the_worst_first() -> None:
    lines = drawn("markdown", scanned.report()).splitlines()
    assert lines[0].startswith("## 5 classes in 1 file and 1 live model: 1 violates")
    rows = [line for line in lines if line.startswith("| ")][2:6]
    words = [row.split("|")[1].strip() for row in rows]
    assert words == ["✗ **violates**", "not judged", "✓ **conforms**", "unknown"]
    assert "SE ×2 stage.0.attn" in rows[0]
    assert "`n.py:9`" in rows[0] or "`m.py" in rows[0]
    assert scanned.HOSTILE not in "\n".join(lines)
    assert all(row.replace("\\|", "").count("|") == 6 for row in rows)
    assert any(line.startswith("- `b.py`") for line in lines)


def test_html_has_a_line_for_each_group_that_leads_to_its_audit() -> None:
    page = parsed(drawn("html", scanned.report()))
    assert not page.wrong
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    links = [one["href"][1:] for one in page.named("a") if one.get("href", "").startswith("#")]
    assert set(links) <= ids
    html = drawn("html", scanned.report())
    table = html[html.index('<section id="found"') : html.index('<figure class="map"')]
    rows = table.split("<tr class=")[1:]
    assert [row.split('"')[1] for row in rows] == ["violates", "not-judged", "conforms", "unknown"]
    assert "#s-se-n-py-net-a" in rows[0]
    assert "#s-se-n-py-fine" in rows[2]
    assert "href" not in rows[1] + rows[3]
    assert "<img" not in table


class _Map(HTMLParser):
    """Which submodules stand in a map, at which depth, in which folds that are open."""

    def __init__(self) -> None:
        super().__init__()
        self.depths: dict[str, int] = {}
        self.open: set[str] = set()
        self._within: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "li":
            path = str(found["data-path"]).split()[0]
            self._within.append(path)
            self.depths[path] = len(self._within)
        elif tag == "details" and "open" in found:
            self.open.add(self._within[-1])

    def handle_endtag(self, tag: str) -> None:
        if tag == "li":
            self._within.pop()


def test_the_map_holds_every_submodule_where_it_belongs_open_on_the_way_to_an_attention() -> None:
    html = drawn("html", scanned.report())
    start = html.index('<figure class="map"')
    seen = _Map()
    seen.feed(html[start : html.index("</figure>", start)])
    assert seen.depths == {path: path.count(".") + 1 for path, _ in scanned.TREE if path}
    assert seen.open == {"stage", "stage.0", "stage.1"}
    assert html[start:].count('<a href="#s-se-n-py-net-a">se, departs</a>') == 2


def test_a_map_of_a_model_without_its_inner_names_is_still_one() -> None:
    report = scanned.report()
    assert isinstance(report.scan, Scan)
    report.scan.models[0].tree = [("", "Net"), ("a.b.c", "Odd"), ("a", "Late")]
    assert not parsed(drawn("html", report)).wrong


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_a_report_of_no_scan_has_nothing_of_one(name: str) -> None:
    text = drawn(name, sample.report())
    assert 'id="found"' not in text
    assert "live model" not in text.partition("<style>")[0]


def test_a_notebook_shows_the_table_too() -> None:
    from attncheck.formats.page_html.cell import render_cell

    cell = render_cell(scanned.report())
    assert "SE ×2 stage.0.attn" in cell
    assert "<figure" not in cell
    assert "<img" not in cell
