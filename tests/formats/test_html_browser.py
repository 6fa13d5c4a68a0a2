"""The HTML page in a real Chromium: it opens, filters, folds, copies, and says no error.

Needs ``pip install -e '.[browser]'`` and a Chromium of the system; skipped where either is missing.
``ATTNCHECK_SCREENSHOTS=FOLDER`` keeps what the pages look like.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from attncheck.data.report import Report, Verdict, decode
from attncheck.formats import find_format
from tests.formats import large, sample, scanned

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
STALLED = 20.0
"""Seconds that even a loaded machine does not need."""

SETTLED = """async (act) => {
  const from = performance.now();
  eval(act);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - from;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine")
    with driver.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()


class Tab:
    """One page in a browser, with everything that it complained about."""

    def __init__(self, browser: Any, scheme: str = "light", width: int = 1280) -> None:
        self._context = browser.new_context(
            color_scheme=scheme,
            viewport={"width": width, "height": 900},
            offline=True,
            bypass_csp=False,
        )
        self.page = self._context.new_page()
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, path: Path) -> Any:
        self.page.goto(path.as_uri())
        return self.page

    def shown(self) -> tuple[int, int]:
        """Return how many rows and sections pass the filter."""
        rows = self.page.locator("#matrix tbody tr:not([hidden])").count()
        return rows, self.page.locator("details.subject:not([hidden])").count()

    def keep(self, name: str) -> None:
        if folder := os.environ.get("ATTNCHECK_SCREENSHOTS"):
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))


@pytest.fixture
def tab(browser: Any) -> Iterator[Tab]:
    made = Tab(browser)
    yield made
    assert made.complaints == []
    assert all(url.startswith("file:") for url in made.asked)
    assert len(made.asked) == 1


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, before = tmp_path_factory.mktemp("pages"), Path.cwd()
    os.chdir(ROOT)
    reports: dict[str, Report] = {
        "sample": sample.report(),
        "profiled": large.profiled(2, samples=30),
        "many": large.report(80),
        "scanned": scanned.report(),
        "catalogue": decode((ROOT / "reports/baseline.json").read_bytes()),
    }
    for name, report in reports.items():
        text = find_format("html").render(report, color=False, width=80)
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    os.chdir(before)
    return {name: folder / f"{name}.html" for name in reports}


def test_what_is_wrong_is_seen_first(tab: Tab, pages: dict[str, Path]) -> None:
    page = tab.open(pages["sample"])
    assert page.locator("h1").inner_text() == "1 of 3 subjects violates its claims"
    box = page.locator(".worst li").first.bounding_box()
    assert box["y"] + box["height"] < 900
    tab.keep("sample-light")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_catalogue_is_a_page_that_the_readme_shows(
    browser: Any, pages: dict[str, Path], scheme: str
) -> None:
    report = decode((ROOT / "reports/baseline.json").read_bytes())
    broken = [s for s in report.subjects if s.verdict is Verdict.VIOLATES]
    shown = Tab(browser, scheme, width=1180)
    page = shown.open(pages["catalogue"])
    told = f"{len(broken)} of {len(report.subjects)} subjects violate their claims"
    assert page.locator("h1").inner_text() == told
    shown.keep(f"verdicts-{scheme}")
    page.locator(".worst li a").first.click()
    page.wait_for_selector("details.subject[open] .finding, details.subject[open] pre")
    shown.keep(f"violation-{scheme}")
    assert shown.complaints == []


def test_the_map_of_a_model_is_searched_and_folded(tab: Tab, pages: dict[str, Path]) -> None:
    page = tab.open(pages["scanned"])
    box = page.locator(".map input")
    shown = page.locator(".map li:visible > .at, .map li:visible > details > summary > .at")
    assert shown.all_inner_texts() == ["stem", "stage", "0", "attn", "1", "attn", "head"]
    box.fill("stage.0.attn.fc")
    assert shown.all_inner_texts() == ["stage", "0", "attn", "fc"]
    box.fill("nowhere")
    assert shown.count() == 0
    assert page.get_by_text("No submodule is called so.").is_visible()
    box.fill("")
    assert shown.count() == 7
    page.locator(".map summary", has_text="Sequential").click()
    assert shown.all_inner_texts() == ["stem", "stage", "head"]


def test_it_is_filtered_by_verdict_text_mechanism_and_claim(
    tab: Tab, pages: dict[str, Path]
) -> None:
    page = tab.open(pages["sample"])
    assert tab.shown() == (3, 3)
    page.get_by_role("button", name="violates").click()
    assert tab.shown() == (1, 1)
    assert page.locator("#count").inner_text() == "1 of 3 subjects"
    page.keyboard.press("Escape")
    assert tab.shown() == (3, 3)
    page.keyboard.press("/")
    page.keyboard.type("two runs differ")
    page.wait_for_function("document.getElementById('count').textContent.startsWith('1 ')")
    page.keyboard.press("Escape")
    page.select_option("#spec", "gam")
    assert tab.shown() == (2, 2)
    page.select_option("#claim", "reach")
    assert tab.shown() == (1, 1)
    page.fill("#text", "nothing like that")
    page.wait_for_selector("#nothing:not([hidden])")


def test_a_link_opens_what_is_folded_or_filtered_away(tab: Tab, pages: dict[str, Path]) -> None:
    page = tab.open(pages["many"])
    row = page.locator("#matrix tr[data-verdict=conforms] th a").first
    target = page.locator(f"[id='{row.get_attribute('href')[1:]}']")
    assert target.get_attribute("open") is None
    row.click()
    page.wait_for_function(
        "(id) => document.getElementById(id).open", arg=target.get_attribute("id")
    )
    assert target.locator(".origin").is_visible()
    page.get_by_role("button", name="violate").click()
    assert not target.is_visible()
    page.evaluate(
        "(hash) => { location.hash = ''; location.hash = hash; }", row.get_attribute("href")
    )
    target.wait_for(state="visible")


def test_a_cell_leads_to_its_violation(tab: Tab, pages: dict[str, Path]) -> None:
    page = tab.open(pages["sample"])
    page.get_by_role("link", name="reach: violated").click()
    shown = page.locator("article.violation:target h4")
    assert shown.inner_text().endswith("reach")
    page.wait_for_function("window.scrollY > 400")


def test_a_row_is_named_by_subject_and_verdict(tab: Tab, pages: dict[str, Path]) -> None:
    page = tab.open(pages["sample"])
    page.get_by_role("rowheader", name="violates gam article").wait_for()


def test_every_claim_is_listed_when_asked_for(tab: Tab, pages: dict[str, Path]) -> None:
    page = tab.open(pages["sample"])
    listed = page.locator("details.claims").first
    listed.locator("summary").click()
    listed.locator("table").wait_for()
    assert listed.locator("tbody tr").count() == 11
    assert "expected (B, C, H, W)" in listed.locator("tbody tr").first.inner_text()


def test_claims_that_hold_everywhere_are_shown_on_demand(tab: Tab, pages: dict[str, Path]) -> None:
    page = tab.open(pages["sample"])
    quiet = page.locator("#matrix thead th.q").first
    assert not quiet.is_visible()
    page.get_by_label("also claims that hold everywhere").check()
    assert quiet.is_visible()


def test_a_command_is_copied(browser: Any, pages: dict[str, Path]) -> None:
    tab = Tab(browser)
    tab._context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = tab.open(pages["sample"])
    page.locator("button.copy").first.click()
    page.wait_for_function("document.querySelector('button.copy').textContent === 'copied'")
    assert page.evaluate("navigator.clipboard.readText()") == "attncheck replay 7c1f02aa"
    assert tab.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_and_can_be_switched(
    browser: Any, pages: dict[str, Path], scheme: str
) -> None:
    tab = Tab(browser, scheme)
    page = tab.open(pages["sample"])
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    page.locator("#theme").click()
    assert page.evaluate(ground) != before
    page.locator("#theme").click()
    assert page.evaluate(ground) == before
    page.evaluate("document.getElementById('s-gam-article').scrollIntoView()")
    tab.keep(f"violation-{scheme}")
    assert tab.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["sample", "profiled"])
def test_text_stands_out_from_its_ground(
    browser: Any, pages: dict[str, Path], name: str, scheme: str
) -> None:
    page = Tab(browser, scheme).open(pages[name])
    faint = page.evaluate(CONTRAST)
    assert faint == []


def test_figures_are_drawn_and_have_a_name(tab: Tab, pages: dict[str, Path]) -> None:
    page = tab.open(pages["profiled"])
    pictures = page.locator("svg[role=img]")
    assert pictures.count() >= 8
    for number in range(pictures.count()):
        box = pictures.nth(number).bounding_box()
        assert box["width"] > 100
        assert box["height"] > 40
    tab.keep("profiled-light")


def test_a_narrow_window_does_not_scroll_sideways(browser: Any, pages: dict[str, Path]) -> None:
    for name in ("sample", "profiled"):
        page = Tab(browser, width=390).open(pages[name])
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_it_prints(tab: Tab, pages: dict[str, Path]) -> None:
    page = tab.open(pages["sample"])
    assert len(page.pdf(format="A4")) > 20_000


def test_a_thousand_subjects_open_and_filter_without_stalling(
    tab: Tab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = large.report(1000)
    from_ = time.perf_counter()
    text = find_format("html").render(report, color=False, width=80)
    seconds = {"rendered": time.perf_counter() - from_}
    path = tmp_path / "large.html"
    path.write_text(text, encoding="utf-8")
    from_ = time.perf_counter()
    page = tab.open(path)
    seconds["opened"] = time.perf_counter() - from_
    type_ = "const find = document.getElementById('text'); find.value = {!r}; "
    type_ += "find.dispatchEvent(new Event('input'))"
    acts = {
        "filtered by text": type_.format("reach"),
        "filter cleared": type_.format(""),
        "filtered by verdict": "document.querySelector('.verdicts .violates').click()",
        "all claims shown": "document.getElementById('quiet')?.click()",
    }
    for name, act in acts.items():
        seconds[name] = (
            page.evaluate(SETTLED, f"var {act}" if act.startswith("find") else act) / 1e3
        )
    assert page.locator("#count").inner_text().endswith("of 1,000 subjects")
    with capsys.disabled():
        said = ", ".join(f"{name} {value:.2f} s" for name, value in seconds.items())
        print(f"\n1,000 subjects, {len(text) / 2**20:.1f} MiB: {said}")
    assert max(seconds.values()) < STALLED


CONTRAST = """() => {
  const channel = (v) => (v /= 255, v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (part) => {
    for (let one = part; one; one = one.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(one).backgroundColor);
      if (a === 1 && r !== undefined) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  for (const part of document.querySelectorAll("main *, header *, footer *")) {
    const own = [...part.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !part.checkVisibility() || part.closest("svg, select")) continue;
    const [a, b] = [light(parse(getComputedStyle(part).color)), light(ground(part))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.add(`${part.tagName}.${part.className} ${ratio.toFixed(2)}`);
  }
  return [...faint];
}"""
