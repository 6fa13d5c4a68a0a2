"""Each mechanism of the catalogue: its equations, a correct copy, and what people get wrong."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

from attncheck.catalogue import load
from attncheck.data.report import Finding, Verdict
from attncheck.signature.resolve import resolve
from attncheck.spec.shelf import spec_ids
from attncheck.subject.sampling import randomise
from tests.catalogue.evidence import HERE, evidence
from tests.reference.judging import broken, findings_of, verdict
from tests.reference.test_styles import HOSTED
from tests.reference.test_styles import STYLES as EARLIER
from tests.thorough import THOROUGH

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ALL = evidence()
EQUATIONS = [(m, v) for m in ALL for v in m.VALUES]
STYLES = [(m, name) for m in ALL for name in m.STYLES]
FAULTS = [(m, name, claim) for m in ALL for name, claim in m.FAULTS.items()]


def named(value: object) -> str:
    return value.SPEC if isinstance(value, ModuleType) else str(value)


def own_claims(spec: str) -> tuple[str, ...]:
    """Return the claims that the spec makes itself, beside those of its family."""
    return tuple(tomllib.loads(load(spec).path.read_text(encoding="utf-8"))["claims"])


def judged(evidence: ModuleType, name: str, claims: tuple[str, ...] = ()) -> dict[str, Finding]:
    call: dict[str, Any] = dict(getattr(evidence, "CALL", {}))
    inputs = call.pop("inputs", ())
    file = HERE / f"{evidence.__name__.rpartition('.')[2]}.py"
    return findings_of(evidence.SPEC, f"{file}:{name}", inputs=inputs, claims=claims, **call)


def test_every_mechanism_has_its_evidence() -> None:
    here = {one.SPEC for one in ALL}
    before = {spec for spec, _ in [*EARLIER, *HOSTED]}  # in tests/reference, as is mha
    known = {name for name in spec_ids() if load(name).document.reference}
    assert here | before | {"mha"} == known
    assert all(one.VALUES and one.STYLES and one.FAULTS for one in ALL)


@pytest.mark.parametrize(("evidence", "values"), EQUATIONS, ids=named)
def test_the_reference_computes_the_papers_sums(
    evidence: ModuleType, values: dict[str, Any]
) -> None:
    module: torch.nn.Module = resolve(load(evidence.SPEC).document.reference)(**values)
    module = module.double().eval()
    randomise(module, 3)
    module.requires_grad_(False)
    options = SimpleNamespace(**module.values)
    torch.manual_seed(5)
    inputs = evidence.inputs(options)
    expected = evidence.equation(module, options, *inputs)
    output = module(*inputs)
    seen = output[0] if isinstance(output, tuple) else output
    assert torch.allclose(seen, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("evidence", "name"), STYLES if THOROUGH else STYLES[::3], ids=named)
def test_a_correct_module_of_another_style_conforms(evidence: ModuleType, name: str) -> None:
    findings = judged(evidence, name, () if THOROUGH else own_claims(evidence.SPEC))
    assert broken(findings) == {}
    if name in getattr(evidence, "OPEN", ()):
        assert verdict(findings) is Verdict.UNDECIDED  # right, and not proven: never accused
    else:
        assert verdict(findings).passes


@pytest.mark.parametrize(
    ("evidence", "name", "claim"), FAULTS if THOROUGH else FAULTS[::4], ids=named
)
def test_one_fault_violates(evidence: ModuleType, name: str, claim: str) -> None:
    assert claim in broken(judged(evidence, name, (claim,)))
