"""The article's modules violate their mechanisms, each with its own evidence."""

import functools
import inspect

import pytest

from attncheck.data.report import Finding, Status, Verdict
from attncheck.published import article
from tests.reference.judging import findings_of, verdict


@functools.cache
def audited(spec: str, name: str = "article") -> dict[str, Finding]:
    return findings_of(spec, "", name=name)


def line_of(finding: Finding) -> str:
    """Return the source line that a finding stands on."""
    assert finding.location is not None
    lines = inspect.getsource(article).splitlines()
    return lines[finding.location.line - 1].strip()


@pytest.mark.parametrize("spec", ["gam", "cca", "resblock"])
def test_every_module_of_the_article_violates(spec: str) -> None:
    assert verdict(audited(spec)) is Verdict.VIOLATES


@pytest.mark.parametrize(
    "claim",
    [
        "shape",
        "batch-of-one",
        "gate",
        "reach",
        "per-position",
        "parameters",
        "macs",
        "author: multi-head-attention",
        "author: residual-connection",
    ],
)
def test_the_articles_gam_breaks(claim: str) -> None:
    assert audited("gam")[claim].status is Status.VIOLATED


def test_the_articles_gam_returns_a_vector_on_its_last_line() -> None:
    finding = audited("gam")["shape"]
    assert finding.seen.endswith("1, 1)")
    assert line_of(finding) == "return x * x"


def test_the_articles_gam_pools_globally_as_its_author_says() -> None:
    assert audited("gam")["author: global-pooling"].status is Status.HOLDS


def test_the_articles_criss_cross_sees_small_windows() -> None:
    findings = audited("cca")
    assert "a 3×3 window" in findings["reach"].message
    assert "a 5×5 window" in findings["reach-in-two-passes"].message


def test_the_articles_criss_cross_cannot_change_its_width() -> None:
    finding = audited("cca")["author: two-widths"]
    assert finding.status is Status.VIOLATED
    assert line_of(finding) == "return x + y"


def test_grouping_takes_channels_and_parameters_away() -> None:
    findings = audited("cca", "article-grouped")
    assert "8 of the 32 channels" in findings["author: same-channels"].message
    assert findings["author: same-parameters"].status is Status.VIOLATED


def test_the_residual_block_runs_because_two_faults_cancel() -> None:
    finding = audited("resblock")["same-size-sum"]
    assert finding.status is Status.VIOLATED
    assert "block.0 (Focus) turns 8×12 into 4×6" in finding.message
    assert "two faults cancel" in finding.message


def test_the_residual_block_adds_one_constant() -> None:
    assert "one constant" in audited("resblock")["per-position"].message


@pytest.mark.parametrize("claim", ["runs", "batch-of-one"])
def test_the_residual_block_fails_on_odd_sizes_and_single_samples(claim: str) -> None:
    assert audited("resblock")[claim].status is Status.VIOLATED
