"""Correct modules of another style conform; the same with one fault violate."""

import pytest

from attncheck.data.report import Verdict
from tests.reference.judging import beside, broken, findings_of, verdict

STYLES = [
    ("se", "SqueezeByView"),
    ("eca", "NeighbourChannels"),
    ("cbam", "ChannelThenSpace"),
    ("simam", "EnergyByVariance"),
    ("gam", "GlobalByConvolution"),
    ("cca", "CrissCrossByEinsum"),
    ("rcca", "CrissCrossTwice"),
    ("nonlocal", "NonLocalByAttention"),
    ("nonlocal", "NonLocalSubsampled"),
]

HOSTED = [("resblock", "BottleneckWithGate")]
"""A block of other layers than the paper's around an attention that nobody knows."""

FAULTS = [
    ("se", "SqueezeOfTheCentre", "depends-on"),
    ("se", "SqueezeTwiceGated", "gate"),
    ("eca", "NeighboursInTheBatch", "batch-independence"),
    ("eca", "NeighboursPerChannel", "parameters"),
    ("cbam", "SpaceWithoutSigmoid", "gate"),
    ("cbam", "MeanAndMean", "channel-gate"),
    ("simam", "EnergyOfTheBatch", "batch-independence"),
    ("simam", "EnergyWithoutHalf", "gate"),
    ("gam", "GlobalUnbounded", "gate"),
    ("gam", "GlobalPooled", "reach"),
    ("cca", "ColumnCountsItself", "equivalence"),
    ("cca", "RowOnly", "reach"),
    ("rcca", "OnePassOnly", "reach"),
    ("nonlocal", "SoftmaxOverQueries", "equivalence"),
    ("nonlocal", "NoInputAdded", "residual"),
    ("resblock", "OverwritesItsInput", "unmodified"),
    ("resblock", "AddsItsPooledBranch", "same-size-sum"),
]


@pytest.mark.parametrize(("spec", "name"), STYLES)
def test_a_correct_module_of_another_style_conforms(spec: str, name: str) -> None:
    findings = findings_of(spec, beside("styles.py", name))
    assert broken(findings) == {}
    assert verdict(findings).passes


@pytest.mark.parametrize(("spec", "name"), HOSTED)
def test_a_block_that_is_not_proven_is_open_and_not_accused(spec: str, name: str) -> None:
    findings = findings_of(spec, beside("styles.py", name))
    assert broken(findings) == {}
    assert verdict(findings) is Verdict.UNDECIDED


@pytest.mark.parametrize(("spec", "name", "claim"), FAULTS)
def test_one_fault_violates(spec: str, name: str, claim: str) -> None:
    findings = findings_of(spec, beside("faults.py", name), claims=(claim,))
    assert claim in broken(findings)
    assert verdict(findings) is Verdict.VIOLATES
