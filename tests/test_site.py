"""The documentation site: every page is there, every link leads somewhere, every command works."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.main import get_command

from attncheck.catalogue import load
from attncheck.cli.app import assembled
from attncheck.commands.evaluate.judge import Judged
from attncheck.commands.evaluate.run import Evaluation
from attncheck.commands.evaluate.tally import tally
from docs.site.definition import equations
from docs.site.errors import errors_page
from docs.site.faults import faults, mistakes
from docs.site.mathematics import formula
from docs.site.mechanism import Known, reference_of
from docs.site.pages import WRITTEN, anchors, navigation, pages
from docs.site.reach import diagrams
from docs.site.screens import PASSED, commands, lay_out, ran, with_screens
from docs.site.shelf import kinds, limits, specs
from tests.readme import ROOT
from tests.thorough import THOROUGH

SHOWN = [
    (place, command)
    for place, file in WRITTEN.items()
    for command in commands((ROOT / file).read_text(encoding="utf-8"))
]
"""Commands that pages run as they are made."""


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return pages(Known(mistakes=False))


def listed(entries: Any) -> Iterator[str]:
    """Yield the pages of a navigation."""
    for entry in [entries] if isinstance(entries, (str, dict)) else entries:
        if isinstance(entry, str):
            yield entry
        else:
            for inner in entry.values():
                yield from listed(inner)


def test_every_mechanism_claim_and_limit_has_a_page(made: dict[str, str]) -> None:
    wanted = {f"mechanisms/{name}.md" for name in specs()}
    wanted |= {f"claims/{name}.md" for name in kinds()}
    wanted |= {f"limits/{limit}.md" for limit in limits()}
    assert wanted <= set(made)
    for name, spec in specs().items():
        assert spec.document.title in made[f"mechanisms/{name}.md"]


def test_a_page_of_a_claim_kind_names_those_who_claim_it_and_those_who_break_it(
    made: dict[str, str],
) -> None:
    for name, page in made.items():
        if name.startswith("mechanisms/"):
            for kind in re.findall(
                r"^\| \[[^]]*\]\(\.\./claims/(\S+)\.md\)", page.partition("<details")[0], re.M
            ):
                assert f"(../{name})" in made[f"claims/{kind}.md"], (name, kind)
    assert "(../mechanisms/cca.md#as-code)" in made["claims/reach.md"], "RowOnly breaks it"


def test_the_navigation_holds_every_page_once(made: dict[str, str]) -> None:
    assert sorted(listed(navigation())) == sorted(made)


def test_every_link_of_a_page_leads_to_a_page_and_a_heading(made: dict[str, str]) -> None:
    known = {name: {*anchors(page)} for name, page in made.items()}
    broken = []
    for name, page in made.items():
        prose = re.sub(r"^(```+).*?^\1|`[^`\n]*`", "", page, flags=re.DOTALL | re.MULTILINE)
        links = re.findall(r"\]\(([^)\s]+)\)", prose) + re.findall(r'href="([^"]+)"', prose)
        for link in links:
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            place = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
            there = place.replace(".html", ".md") if path else name
            if there not in made or (anchor and anchor not in known[there]):
                broken.append(f"{name}: {link}")
    assert broken == []


def test_every_command_line_of_a_page_is_one_that_can_be_typed(made: dict[str, str]) -> None:
    lines = {
        line.removeprefix("$ ")
        for page in made.values()
        for block in re.findall(r"^```(?:sh|console)\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
        for line in block.splitlines()
        if line.removeprefix("$ ").startswith("attncheck ")
    }
    assert len(lines) > len(specs())
    for line in lines:
        _, name, *words = shlex.split(line, comments=True)
        command = get_command(assembled([name]))
        with command.make_context("attncheck", [name]) as context:
            found = command.get_command(context, name)  # type: ignore[attr-defined]
            assert found is not None, line
            found.make_context(name, words, parent=context).close()


@pytest.mark.skipif(not THOROUGH, reason="each takes seconds: ATTNCHECK_THOROUGH=1")
@pytest.mark.parametrize(("place", "command"), SHOWN)
def test_a_command_of_a_page_does_its_work(place: str, command: str, tmp_path: Path) -> None:
    lay_out((ROOT / WRITTEN[place]).read_text(encoding="utf-8"), tmp_path)
    done = ran(command, tmp_path)
    assert done.status in PASSED, done.printed


def test_a_screen_is_what_the_command_prints_and_a_failing_one_is_no_page(tmp_path: Path) -> None:
    page = with_screens("# A\n\n```console\n$ attncheck list claims\n```\n", tmp_path)
    assert '<div class="screen">' in page
    assert "batch-independence" in page
    with pytest.raises(RuntimeError, match="no-such-thing"):
        with_screens("```console\n$ attncheck explain no-such-thing\n```\n", tmp_path)


def test_steps_read_as_equations() -> None:
    mechanism = reference_of(load("mha").document)
    assert mechanism is not None
    drawn = equations(mechanism)
    assert "<mi>W</mi><mtext>query</mtext>" in drawn, "a matrix that is learned"
    assert "<msqrt><mi>d</mi></msqrt>" in drawn, "the root that scores are divided by"
    assert "<mo>⊤</mo>" in drawn
    assert "eq. 1" in drawn, "the paper's own number"


def test_a_formula_is_drawn_with_its_powers_and_whole_parts() -> None:
    assert "<msup>" in formula("N^1.5")
    assert "⌊" in formula("C // r")


def test_reach_is_drawn_as_the_spec_claims_it() -> None:
    one, two = diagrams(load("cca"))
    assert one.caption == "row + column"
    assert one.svg.count('class="seen"') == 7, "a row, and one cell of each other row"
    assert two.caption == "after 2 passes, every position"
    (causal,) = diagrams(load("causal"))
    widths = [int(w) for w in re.findall(r'class="seen"[^>]* width="(\d+)"', causal.svg)]
    assert widths == list(range(1, len(widths) + 1)), "each token and those before it"


def test_faults_are_shown_as_the_code_that_the_tests_audit(made: dict[str, str]) -> None:
    for name, found in faults().items():
        page = made[f"mechanisms/{name}.md"]
        assert page.count('id="fault-') == len(found)
        assert all(fault.code in page for fault in found)


def test_error_rates_are_those_of_the_last_finished_evaluation(tmp_path: Path) -> None:
    wrong = Judged(id="se_missed", role="faulty", spec="se", verdict="conforms")
    finished = Evaluation(environment={"torch": "2.99"}, tally=tally([wrong]), entries=[wrong])
    stored = tmp_path / "evaluation.json"
    stored.write_bytes(msgspec.json.encode(finished))
    page = errors_page(stored)
    assert "torch 2.99" in page
    assert "se&#95;missed" in page, "what was missed is said"
    stored.write_bytes(msgspec.json.encode(msgspec.structs.replace(finished, partial=True)))
    assert "2.99" not in errors_page(stored), "an interrupted one says nothing"
    assert re.search(r"\(claims/gate.md\) \| [1-9]", errors_page(tmp_path / "none")), (
        "the tests' own"
    )


def test_mistakes_are_edits_of_the_definition() -> None:
    mechanism = reference_of(load("se").document)
    assert mechanism is not None
    found = {mutant.operator: (mutant.before, mutant.after) for mutant in mistakes(mechanism)}
    assert found["gradient cut"] == ("z = mean_hw(x)", "z = mean_hw(x).detach()")
