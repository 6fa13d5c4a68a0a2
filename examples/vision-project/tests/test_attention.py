"""One test per claim of the paper; see ``attncheck explain se``."""

from attncheck.pytest_plugin import ClaimTest, parametrize_with_claims


@parametrize_with_claims("se", "attention.py:SqueezeExcite", init={"channels": 64})
def test_squeeze_excite(claim: ClaimTest) -> None:
    claim.check()
