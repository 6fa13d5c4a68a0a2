"""Reports that nobody would write: each is shown, compared or refused in words, and at once."""

from __future__ import annotations

import copy
import json
import time
import tracemalloc
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attncheck.auditing.job import Job
from attncheck.auditing.replay import find
from attncheck.commands.report import page as differences
from attncheck.commands.report.diff import difference
from attncheck.commands.report.merge import merge
from attncheck.data.report import Report, encode
from attncheck.data.report_file import read_report
from attncheck.errors import AttncheckError
from attncheck.formats import all_formats, render_page
from attncheck.formats.shared.profiles import profile_page
from attncheck.gate import Files, Policy, gate, load_report, page
from attncheck.gate.baseline import refusals
from attncheck.gate.page import annotated, plain_text
from tests.formats import sample
from tests.gate.reports import profile, report
from tests.thorough import THOROUGH

EXAMPLES = 3000 if THOROUGH else 150
SECONDS = 2.0
BYTES = 512 * 2**20
TODAY = date(2026, 11, 28)
FORMATS = list(all_formats())


def _whole() -> Any:
    """Return a report of everything: all that formats show, and a profile."""
    raw = json.loads(encode(sample.report()))
    told = json.loads(encode(report()))
    raw["subjects"] += told["subjects"]
    raw["subjects"][1]["profile"] = msgspec.to_builtins(profile())
    raw["subjects"][1]["job"] = {"spec": "gam", "name": "article", "target": "a.py:Net"}
    return json.loads(json.dumps(raw))


WHOLE = _whole()
UNFIT: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**62, 10**10, 2**63, 10**400, -(10**30), 0.5, -0.0),
    *(1e308, -1e308, 5e-324, "", "a", "\x1b[31m", "::error::x", "<b>", "\ud800", "0" * 100_000),
    *("../../x", "/dev/zero", "/etc/passwd", "nan", "[bold]", [], {}, [[]], [None], [1, 2], [-1]),
    *([10**10, 10**10], [2**20, 2**20], [1] * 5000, {"a": 1}, {"": None}, [[1.5, None]]),
    *({"dims": []}, {"dims": {"B": "x"}}, [["1" * 3000] * 300]),
]
_value = st.sampled_from(UNFIT) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def _places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    if isinstance(value, (dict, list)):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in inner:
            yield from _places(one, (*way, key))


PLACES = [place for place in _places(WHOLE) if place]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Draw a report with a few values replaced, dropped, doubled, nested or moved."""
    raw = copy.deepcopy(WHOLE)
    for _ in range(draw(st.integers(1, 4))):
        *way, last = draw(st.sampled_from(PLACES))
        node = raw
        try:
            for key in way:
                node = node[key]
            before = node[last]
            match draw(st.integers(0, 5)):
                case 0 | 1 | 2:
                    node[last] = draw(_value)
                case 3:
                    del node[last]
                case 4:
                    node[last] = [before, before]
                case _:
                    node[last] = copy.deepcopy(draw(st.sampled_from(_samples(raw))))
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    return json.dumps(raw).encode()


def _samples(raw: Any) -> list[Any]:
    return [raw.get("environment"), raw.get("partial"), raw.get("schema"), {"x": [{}] * 9}]


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """Draw a report with bytes changed, cut, or many brackets put in."""
    data = bytearray(json.dumps(WHOLE).encode())
    at = draw(st.integers(0, len(data) - 1))
    match draw(st.integers(0, 3)):
        case 0:
            data[at] = draw(st.integers(0, 255))
        case 1:
            del data[at:]
        case 2:
            data[at:at] = draw(st.binary(max_size=9))
        case _:
            data[at:at] = draw(st.sampled_from([b"[", b'{"a":'])) * draw(st.integers(1, 9000))
    return bytes(data)


def use(path: Path, other: Path) -> None:
    """Do with a file whatever attncheck does with reports."""
    found = read_report(path)
    for format_ in FORMATS:
        format_.render(found, color=False, width=80)
    render_page(profile_page(found, "latency"), color=False, width=40)
    merged = merge([("a", found), ("b", read_report(other))])
    changed = difference(found, merged.report)
    differences.markdown_of(changed)
    render_page(differences.page_of(changed), color=False, width=60)
    list(refusals(found, [], TODAY))
    for one, two in ((path, other), (other, path)):
        try:
            _gate(load_report(one), load_report(two))
        except AttncheckError:
            continue
    for id_ in ("7c1f", "a", "0123abcd"):
        try:
            assert isinstance(find(f"{path}:{id_}").job, Job)
        except AttncheckError:
            continue


def _gate(found: Report, base: Report) -> None:
    result = gate(found, base, Policy(), [], today=TODAY, files=Files("a", "b", "c"))
    annotated(result)
    page.markdown_of(result)
    plain_text(page.page_of(result), 80)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    (folder / "base.json").write_text(json.dumps(WHOLE), encoding="utf-8")
    use(folder / "base.json", folder / "base.json")  # whatever is loaded late is loaded now
    return folder


def held(data: bytes, folder: Path) -> None:
    """Use a report, and hold what it costs against what reading may cost."""
    path = folder / "report.json"
    path.write_bytes(data)
    before = time.process_time()
    try:
        use(path, folder / "base.json")
    except AttncheckError as error:
        said = str(error)
    else:
        said = "used"
    assert 0 < len(said) < 4000
    assert time.process_time() - before < SECONDS


_settings = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@given(data=mutated())
@_settings
def test_a_changed_report_is_used_or_refused_in_words(data: bytes, folder: Path) -> None:
    held(data, folder)


@given(data=broken())
@settings(_settings, max_examples=EXAMPLES // 2)
def test_a_broken_file_is_refused_in_words(data: bytes, folder: Path) -> None:
    held(data, folder)


@pytest.mark.parametrize("unfit", range(len(UNFIT)), ids=lambda n: repr(UNFIT[n])[:30])
def test_no_value_is_fatal_wherever_it_stands(unfit: int, folder: Path) -> None:
    """Each kind of place gets each value once: a field of a list is tried in its first entry."""
    kinds = {tuple(k if isinstance(k, str) else 0 for k in place): place for place in PLACES}
    chosen = list(kinds.values())
    step = 1 if THOROUGH else 62
    for *way, last in chosen[unfit % step :: step]:
        raw = copy.deepcopy(WHOLE)
        node = raw
        for key in way:
            node = node[key]
        node[last] = UNFIT[unfit]
        held(json.dumps(raw).encode(), folder)


def test_memory_is_bounded_by_what_is_shown(folder: Path) -> None:
    raw = copy.deepcopy(WHOLE)
    evidence = {"output": [0, 0], "size": [10**5, 10**5], "claimed": [[1]], "seen": [[1]]}
    raw["subjects"][1]["findings"][1]["evidence"] = evidence
    raw["subjects"][1]["findings"][0]["related"] = [{"path": "a", "line": 1, "end_line": 10**6}] * 9
    tracemalloc.start()
    try:
        held(json.dumps(raw).encode(), folder)
        assert tracemalloc.get_traced_memory()[1] < BYTES
    finally:
        tracemalloc.stop()
