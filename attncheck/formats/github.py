"""GitHub workflow commands: annotations on source lines, the worst first.

GitHub shows ten annotations of a level for one step. The rest is listed in a folded group, where
the log keeps it, and the last line counts everything.
"""

from __future__ import annotations

from collections import Counter

from attncheck.data.report import Finding, Report, Status, SubjectReport, Verdict
from attncheck.formats.shared.commands import MOST, command
from attncheck.formats.shared.places import from_here, in_words, place
from attncheck.formats.shared.wording import contrast, plural, problem_lines

_LEVELS = ("error", "warning", "notice")


class GithubFormat:
    """The report as annotations of a GitHub Actions step."""

    name = "github"
    suffixes = ()

    def render(self, report: Report, *, color: bool, width: int) -> str:
        """Return workflow commands; colour and width change nothing."""
        found: dict[str, list[tuple[str, str]]] = {level: [] for level in _LEVELS}
        for problem in report.problems:
            title = f"{problem.spec} {problem.subject}: not audited"
            found["error"].append(_told({"title": title}, "\n".join(problem_lines(problem))))
        for subject in report.subjects:
            for finding in subject.findings:
                if level := level_of(finding):
                    found[level].append(_annotation(subject, finding))
        lines = [f"::{level} {said}" for level in _LEVELS for said, _ in found[level][:MOST]]
        rest = [f"{level} {plain}" for level in _LEVELS for _, plain in found[level][MOST:]]
        if rest:
            lines.append(f"::group::attncheck: {len(rest)} more")
            lines += [*rest, "::endgroup::"]
        return "\n".join([*lines, _summary(report)]) + "\n"


def level_of(finding: Finding) -> str:
    """Return ``error``, ``warning`` or ``notice``; "" for what nobody needs to be told."""
    match finding.status:
        case Status.VIOLATED:
            return "notice" if finding.advice else "error"
        case Status.UNDECIDED | Status.ERROR:
            return "warning" if finding.required and not finding.advice else "notice"
    return ""


def _annotation(subject: SubjectReport, finding: Finding) -> tuple[str, str]:
    where = place(subject, finding)
    title = f"{subject.spec} {subject.subject}: {finding.claim}"
    said = [finding.message or finding.status.value]
    said += [f"{label}: {text}" for label, text in contrast(finding)]
    said += [note for note in [where.note] if note]
    said += [f"{in_words(other)}: {other.note}" for other in finding.related if other.note]
    if finding.reproduce:
        said.append(finding.reproduce)
    pairs = {"file": from_here(where.path), "line": str(max(where.line, 1))}
    if where.end_line > where.line:
        pairs["endLine"] = str(where.end_line)
    return _told({**pairs, "title": title}, "\n".join(said))


def _told(pairs: dict[str, str], message: str) -> tuple[str, str]:
    """Return an annotation as a command without its level, and as a plain line of the log."""
    place_ = f" {pairs['file']}:{pairs['line']}" if "file" in pairs else ""
    plain = f"{pairs['title']}:{place_} {message.splitlines()[0] if message else ''}"
    return command(pairs, message), _harmless(plain)


def _harmless(text: str) -> str:
    """Return one line that the runner cannot take for a command of its older syntax."""
    return " ".join(text.split()).replace("##[", "## [")


def _summary(report: Report) -> str:
    counted = Counter(subject.verdict for subject in report.subjects)
    said = [f"{counted[v]} {_WORDS[v][counted[v] == 1]}" for v in Verdict if counted[v]]
    if report.problems:
        said.append(f"{len(report.problems)} not audited")
    if report.partial:
        said.append("interrupted before every claim was tried")
    return f"attncheck: {plural(len(report.subjects), 'subject')}: {', '.join(said) or 'nothing'}"


_WORDS = {
    Verdict.CONFORMS: ("conform", "conforms"),
    Verdict.VARIANT: ("variants", "variant"),
    Verdict.VIOLATES: ("violate", "violates"),
    Verdict.UNDECIDED: ("undecided", "undecided"),
    Verdict.COUNTED: ("counted alone", "counted alone"),
}


FORMAT = GithubFormat()
