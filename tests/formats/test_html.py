"""The HTML page stands alone, says everything as text, and runs nothing that a report holds."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from importlib import resources
from pathlib import Path

import msgspec
import pytest

from attncheck.data.counts import Counts
from attncheck.data.report import Finding, Report, Status, SubjectReport, Verdict
from attncheck.formats import find_format, format_for_file
from tests.formats import large, sample
from tests.formats.pages import Page, parsed

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def html(report: Report) -> str:
    return find_format("html").render(report, color=False, width=80)


REPORTS = {
    "sample": sample.report,
    "empty": lambda: Report(environment={}, subjects=[]),
    "one": lambda: Report(environment={}, subjects=[sample.reference()]),
    "profiled": lambda: large.profiled(2, samples=20),
    "many": lambda: large.report(80),
}


@pytest.fixture(params=REPORTS, scope="module")
def text(request: pytest.FixtureRequest) -> str:
    made: Report = REPORTS[request.param]()
    return html(made)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return parsed(text)


def test_a_suffix_chooses_it() -> None:
    assert format_for_file("report.html").name == "html"


def test_elements_are_well_nested(page: Page) -> None:
    assert not page.wrong


def test_nothing_comes_from_elsewhere(page: Page, text: str) -> None:
    for tag, attributes in page.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "img"), tag
        for name in ("src", "srcset", "data", "action", "poster", "xlink:href"):
            assert name not in attributes, (tag, attributes)
        assert attributes.get("href", "#").startswith("#"), attributes
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_ids_are_unique_and_every_link_leads_somewhere(page: Page) -> None:
    ids = Counter(a["id"] for _, a in page.tags if "id" in a)
    assert [name for name, count in ids.items() if count > 1] == []
    for attributes in page.named("a"):
        assert attributes["href"][1:] in ids
    for _, attributes in page.tags:
        for label in attributes.get("aria-labelledby", "").split():
            assert label in ids


def test_a_table_stands_under_every_figure(page: Page) -> None:
    order = [tag for tag, _ in page.tags if tag in ("figure", "table")]
    for place, tag in enumerate(order):
        if tag == "figure":
            assert order[place + 1] == "table"


def test_every_header_says_what_it_heads(page: Page) -> None:
    assert all(a.get("scope") in ("row", "col") for a in page.named("th"))


def test_the_page_has_landmarks_and_a_language(page: Page) -> None:
    assert len(page.named("main")) == len(page.named("h1")) == 1
    assert page.named("html") == [{"lang": "en"}]
    assert page.named("nav")


def test_only_the_pages_own_script_may_run(page: Page) -> None:
    policy = next(a["content"] for a in page.named("meta") if "http-equiv" in a)
    code = [text for attributes, text in page.scripts if "type" not in attributes]
    assert len(code) == 1
    digest = base64.b64encode(hashlib.sha256(code[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not [a for _, a in page.tags if any(name.startswith("on") for name in a)]


def test_the_same_report_gives_the_same_page() -> None:
    assert html(sample.report()) == html(sample.report())


def test_the_verdict_comes_first() -> None:
    shown = parsed(html(sample.report())).text
    assert shown.index("1 of 3 subjects violates its claims") < shown.index("What is wrong")
    assert "Interrupted" in shown
    assert "no value for the constructor's parameter 'size'" in shown


def test_a_violation_is_shown_with_all_that_proves_it() -> None:
    made = sample.report()
    shown = parsed(html(made)).text
    for finding in made.subjects[1].findings:
        if finding.status is Status.VIOLATED:
            assert " ".join(finding.message.split()) in shown
    assert "smallest witness (1, 8, 1, 2)" in shown
    assert "attncheck replay 7c1f02aa" in shown
    assert "tests/formats/samples/gate.py:20" in shown
    assert "x was rebound at lines 17 to 19" in shown
    assert "claimed: 11 seen: 9" in shown


def test_a_diagnosis_shows_the_difference_line_by_line() -> None:
    mutant = {"mistake": "no scale", "diff": ["- x / d**0.5", "+ x"], "operator": "", "line": 3}
    finding = Finding(
        "equivalence",
        "equivalence",
        Status.VIOLATED,
        "computes the reference without its scale",
        evidence={"diagnosis": {"mutants": [mutant], "left_over": []}},
    )
    subject = SubjectReport("mha", "mine", "mine.py:A", Verdict.VIOLATES, [finding])
    text = html(Report(environment={}, subjects=[subject]))
    assert '<span class="minus">- x / d**0.5</span>' in text
    assert '<span class="plus">+ x</span>' in text


HOSTILE = "`<b>`</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'><!--"


def test_a_hostile_report_stays_text() -> None:
    finding = Finding(
        HOSTILE,
        "reach",
        Status.VIOLATED,
        HOSTILE,
        expected=HOSTILE,
        seen=f"{HOSTILE} seen",
        evidence={"diagnosis": {"mutants": [{"mistake": HOSTILE, "diff": [HOSTILE]}]}},
        reproduce=HOSTILE,
        id=HOSTILE,
        source=HOSTILE,
    )
    profile = large.profiled(1, samples=3).subjects[0].profile
    assert profile is not None
    assert profile.against is not None
    profile.rows[0].input = profile.against.target = HOSTILE
    profile.warning = profile.disturbed = profile.device_name = HOSTILE
    macs = profile.scaling["macs"]
    profile.scaling[HOSTILE] = msgspec.structs.replace(macs, polynomial=HOSTILE)
    subject = SubjectReport(
        HOSTILE,
        HOSTILE,
        HOSTILE,
        Verdict.VIOLATES,
        [finding],
        notes=[HOSTILE],
        title=HOSTILE,
        paper=HOSTILE,
        profile=profile,
        counts=Counts(parameters=1, unpriced=[HOSTILE], disagreement=HOSTILE),
        diagnosis={"message": HOSTILE},
    )
    made = Report(environment={HOSTILE: HOSTILE}, subjects=[subject, sample.article()])
    page = parsed(html(made))
    assert not page.wrong
    assert not page.named("img")
    assert len(page.scripts) == 2
    assert not [a for _, a in page.tags if any(name.startswith("on") for name in a)]
    assert page.text.count("onerror=alert(2)") > 15
    data = json.loads(page.scripts[0][1])
    assert HOSTILE in data["claims"]


def test_every_figure_of_a_profile_is_drawn() -> None:
    shown = parsed(html(large.profiled(1, samples=10)))
    for words in ("MACs against size", "peak memory against size", "quickest call against size"):
        assert words in shown.text
    assert "latency, every sample" in shown.text
    assert "16·N^1.5 + 1,348·N; grows with N^1.5" in shown.text
    assert "exact" in shown.text


def test_where_there_is_no_profile_nothing_is_drawn() -> None:
    page = parsed(html(Report(environment={}, subjects=[sample.swapped()])))
    assert "Cost and speed" not in page.text
    assert not page.named("figure")


def test_a_claim_that_holds_shows_its_map() -> None:
    finding = Finding("reach", "reach", Status.HOLDS, "row + column, at 7 outputs")
    row = ["00100", "11111", "00100"]
    finding.evidence = {"map": {"output": [1, 2], "size": [3, 5], "claimed": row, "seen": row}}
    subject = SubjectReport("cca", "reference", "m:c", Verdict.CONFORMS, [finding])
    page = parsed(html(Report(environment={}, subjects=[subject])))
    assert "claimed: 7 seen: 7" in page.text


def test_the_page_is_made_of_files_that_are_installed_with_the_package() -> None:
    folder = resources.files("attncheck.formats.page_html") / "templates"
    names = {entry.name for entry in folder.iterdir()}
    assert {"page.html.j2", "style.css", "page.js"} <= names


def test_light_and_dark_define_the_same_colours() -> None:
    style = (resources.files("attncheck.formats.page_html") / "templates/style.css").read_text()
    blocks = re.findall(r"\{\s*color-scheme: (?:light|dark);([^}]*)\}", style)
    names = [set(re.findall(r"--[a-z-]+(?=:)", block)) for block in blocks]
    assert len(names) == 4
    assert names[0] == names[1] == names[2] == names[3]


def test_limits_of_use_stand_in_a_table_of_their_own() -> None:
    def finding(claim: str, status: Status, limit: str) -> Finding:
        return Finding(claim, claim, status, f"{claim} said", advice=True, limit=limit)

    found = [
        finding("compile", Status.HOLDS, "compile"),
        finding("compile inductor", Status.VIOLATED, "compile"),
        finding("export", Status.SKIPPED, "export"),
        Finding("runs", "runs", Status.HOLDS),
    ]
    subject = SubjectReport("se", "mine", "net.py:SE", Verdict.CONFORMS, found)
    text = html(Report(environment={}, subjects=[subject, sample.reference()]))
    section = text[text.index('<section id="limits"') : text.index('<section id="subjects"')]
    columns = re.findall(r'class="claim"><span>([^<]+)', section)
    assert columns == ["compile", "export"]
    cells = re.findall(r'<td role="cell" class="(\w)[^"]*">', section)
    assert cells == ["a", "s"]  # of two claims the worse; what was not tried
    assert 'title="compile: to know of, no fault. compile inductor said"' in section


def test_without_a_limit_there_is_no_table_of_limits() -> None:
    assert '<section id="limits"' not in html(sample.report())
