"""Claims as tests: one pytest test per claim, with the findings of ``attncheck audit``.

    from attncheck.pytest_plugin import parametrize_with_claims
    from models.attention import GAM

    @parametrize_with_claims("gam", GAM, init={"channels": "C"})
    def test_gam(claim):
        claim.check()

Import it where it is used; no pytest plugin is loaded for the others. A subject is audited once,
by the first of its tests, and under pytest-xdist once for all workers.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from attncheck.auditing.request import Asked, several
from attncheck.auditing.select import Selection, select
from attncheck.errors import UsageError, did_you_mean
from attncheck.execution.limits import Limits, limits_of
from attncheck.pytest_plugin.checking import ClaimTest, Violated
from attncheck.pytest_plugin.targets import located

__all__ = ["ClaimTest", "Violated", "parametrize_with_claims"]


def parametrize_with_claims(
    spec: str,
    target: Any = "",
    *,
    init: Mapping[str, Any] | None = None,
    dims: Mapping[str, int] | None = None,
    inputs: Sequence[str] = (),
    claim: str | Sequence[str] = (),
    skip: str | Sequence[str] = (),
    xfail: Mapping[str, str] | None = None,
    device: str = "cpu",
    dtype: str = "",
    seed: int = 0,
    timeout: float = 30.0,
    memory_limit: str = "4GiB",
) -> pytest.MarkDecorator:
    """Return a decorator that gives a test its ``claim``, once per claim of the spec.

    ``claim.check()`` passes where the claim holds or is advice; fails where it is violated, or
    where it is required and could not be decided; skips where it does not apply. What an audit
    would do with the same options happens here too.

    Args:
        spec: an id or alias, ``SPEC@SUBJECT``, a family, or a path to a ``.toml``.
        target: a class, an instance, or a function that makes one; ``path/to/file.py:Class``
            (from the working folder, or from the test's folder and those above it) or
            ``package.module:Class``; "" for every subject that the spec lists.
        init: constructor arguments, any Python values; strings may be formulas over dims.
        dims: sizes that differ from the spec's.
        inputs: shapes of ``forward``'s inputs, as ``--input`` takes them.
        claim: globs: these claims only.
        skip: globs: not these.
        xfail: glob of claims or test ids -> the reason why a violation is known and accepted. It
            is strict: a claim that holds after all fails, and so does one that is undecided.
        device, dtype, seed: for every case.
        timeout: seconds for one claim.
        memory_limit: of the subject's process.

    Raises:
        UsageError, SpecError, TargetError: there is no such spec, claim or target; told when
            pytest collects the test.
    """
    asked = Asked(
        arguments=init or {},
        dims=dims or {},
        inputs=list(inputs),
        claims=several(claim),
        skips=several(skip),
        dtype=dtype,
        device=device,
        seed=seed,
    )
    limits = limits_of(timeout, memory_limit)
    place = located(target) if isinstance(target, str) else target
    tests = _tests(select(spec, place, asked), limits)
    known = _expected(xfail or {}, tests)
    return pytest.mark.parametrize(
        "claim",
        [pytest.param(test, id=name, marks=known.get(name, [])) for name, test in tests.items()],
    )


def _tests(selections: list[Selection], limits: Limits) -> dict[str, ClaimTest]:
    """Return test id -> test; the id names the subject where there are several."""
    found: dict[str, ClaimTest] = {}
    for spec, task in selections:
        for name in task.claims:
            title = f"{task.job.name}-{name}" if len(selections) > 1 else name
            found[title] = ClaimTest(spec, task, limits, name)
    return found


def _expected(
    xfail: Mapping[str, str], tests: Mapping[str, ClaimTest]
) -> dict[str, list[pytest.MarkDecorator]]:
    """Return test id -> its mark, for every test that is known to fail."""
    marks: dict[str, list[pytest.MarkDecorator]] = {}
    for glob, reason in xfail.items():
        if not reason.strip():
            raise UsageError(f"no reason is given for '{glob}'", where="xfail")
        fitting = [
            title
            for title, test in tests.items()
            if fnmatch.fnmatchcase(title, glob) or fnmatch.fnmatchcase(test.name, glob)
        ]
        if not fitting:
            names = [test.name for test in tests.values()]
            raise UsageError(
                f"'{glob}' matches no claim", where="xfail", instead=did_you_mean(glob, names)
            )
        mark = pytest.mark.xfail(reason=reason, strict=True, raises=Violated)
        marks |= {title: [mark] for title in fitting}
    return marks
