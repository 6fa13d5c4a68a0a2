"""Everything that is checked before a change goes in: ``nox``, or one session by name.

With ``--no-venv`` the sessions use the environment that is active.
"""

from __future__ import annotations

from pathlib import Path

import nox
from nox.virtualenv import PassthroughEnv

nox.options.sessions = ["lint", "types", "tests"]


def ready(session: nox.Session, extras: str = "dev") -> None:
    """Install attncheck and its tools, unless the active environment is used as it is."""
    if not isinstance(session.virtualenv, PassthroughEnv):
        session.install("-c", "constraints.txt", "-e", f".[{extras}]")


@nox.session
def lint(session: nox.Session) -> None:
    """Style and format."""
    ready(session)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Types, strictly."""
    ready(session)
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """Tests, on two workers; other pytest options after ``--``."""
    ready(session)
    session.run("pytest", *(session.posargs or ["-n", "2"]))


@nox.session
def thorough(session: nox.Session) -> None:
    """The tests again, with longer searches and every claim on every module."""
    ready(session)
    session.run("pytest", *(session.posargs or ["-n", "2"]), env={"ATTNCHECK_THOROUGH": "1"})


@nox.session
def selftest(session: nox.Session) -> None:
    """Mutants of every reference are noticed, and our own corpus is judged right."""
    ready(session)
    session.run("attncheck", "selftest", *(session.posargs or ["--all"]))
    if not session.posargs:
        stored = "reports/evaluation.json"  # which the site shows
        session.run("attncheck", "evaluate", "tests/corpus", "-o", stored)


@nox.session
def gate(session: nox.Session) -> None:
    """The whole catalogue is audited and held against the baseline; ``-- --promote`` renews it."""
    ready(session)
    report = Path(session.create_tmp()) / "catalogue.json"
    # Violated as published: the gate reads which violations are accepted.
    session.run("attncheck", "audit", "--all", "-q", "-o", str(report), success_codes=[0, 1])
    baseline = "reports/baseline.json"
    if "--promote" in session.posargs:
        session.run("attncheck", "baseline", str(report), "-o", baseline)
    session.run("attncheck", "gate", str(report), "--baseline", baseline)


@nox.session
def bench(session: nox.Session) -> None:
    """How fast attncheck itself is, beside yardsticks and a stored run; ``-- --store`` keeps it."""
    ready(session)
    session.run("python", "-m", "tests.benchmarks", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """What the README shows is what the commands print; ``-- --update`` rewrites it.

    Without it the site is built too, in ``build/site``: it opens as files, and needs no network.
    """
    ready(session, "dev,site")
    session.run("python", "-m", "tests.readme", *session.posargs)
    if "--update" not in session.posargs:
        session.run("python", "-m", "docs.site", "build/site")


@nox.session
def limits(session: nox.Session) -> None:
    """Every reference under every limit of use: what one cannot do is declared in its spec."""
    ready(session)
    session.run("python", "-m", "tests.limits", *session.posargs)


@nox.session
def operators(session: nox.Session) -> None:
    """The attention operators of arXiv:2604.28118 and as many rewrites: recall, alarms, cause."""
    ready(session)
    session.run("python", "-m", "tests.operators.measure", *session.posargs)


@nox.session
def example(session: nox.Session) -> None:
    """The baseline of the example project, made anew by the command of its README."""
    ready(session)
    with session.chdir("examples/vision-project"):
        audit = ("audit", "se", "attention.py:SqueezeExcite", "--init", "channels=64")
        session.run("attncheck", *audit, "-o", "attncheck.json")
        session.run("attncheck", "baseline", "attncheck.json", "-o", "reports/baseline.json")
