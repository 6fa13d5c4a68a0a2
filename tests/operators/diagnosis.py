"""What a report says of one subject: which part it points at, and in which words."""

from __future__ import annotations

import json
import re
from typing import Any

Found = dict[str, Any]

STEPS = {
    "projections": "q_all k_all v_all q_even k_even q_raw k_raw q k v k_own v_own k_new v_new x "
    "keys values times heads contents merged out",
    "score": "d scores scaled logits attention weights capped",
    "mask": "masked hidden future outside past oldest reach gap distance seen allowed visible",
    "position": "here there gap theta angle wide cos sin q_partner k_partner q_along q_across "
    "q_turned k_along k_across k_turned index ahead place placed rate penalty far m a_k a_v "
    "by_query by_key",
    "cache": "own cached",
}
"""The variables of the definitions by their part."""

KINDS = {
    "mask": "mask|causality|reach|permutation|repetition|equivariant|invariant",
    "cache": "cache",
    "score": "logit-scale|^weights|^scores$",
    "position": "relative-positions|distance-slopes",
    "kernel": "determinis|dtype|precision|autocast|finite|dropout",
    "projections": "gradient|trains|finite-differences|^start|initial|unused|^linear",
}
"""The kinds and names of claims by their part."""

WORDS = {
    "mask": r"\bmask|padding|future|causal",
    "cache": r"\bcache|\bpast\b",
    "position": r"position|rotat|bucket|offset|slope",
    "kernel": r"precision|float16|bfloat16|\bhalf\b|dropout|rounding",
    "projections": r"projection|\bheads?\b|initial|\bstart|gradient",
    "score": r"softmax|√|sqrt|scale|logits|scores",
    "variant": r"\bheads?\b|causal",
}
"""What a departure's words speak of, where its step has no part."""


def verdict(subject: Found) -> str:
    """Return the subject's verdict, or ``refused``."""
    return str(subject.get("verdict") or "refused")


def _required(finding: Found) -> bool:
    return finding["status"] == "violated" and not finding.get("advice")


def headline(subject: Found, advice: bool = False) -> Found | None:
    """Return the finding that speaks for all: the difference where it is known, else the first.

    With ``advice`` what is to be known speaks where nothing is violated.
    """
    findings: list[Found] = subject.get("findings", [])
    broken = [f for f in findings if _required(f)]
    if not broken and advice:
        broken = [f for f in findings if f["status"] == "violated"]
    named = [f for f in broken if f.get("kind", f["claim"]) == "equivalence" and _explains(f)]
    return (named or broken or [None])[0]


def _explains(finding: Found) -> bool:
    evidence = finding.get("evidence", {})
    return bool(
        evidence.get("departure")
        or evidence.get("diagnosis", {}).get("mutants")
        or finding.get("seen")
    )


def words(finding: Found | None) -> str:
    """Return all that a finding says to people."""
    if finding is None:
        return ""
    evidence = finding.get("evidence", {})
    said = [
        finding.get("claim"),
        finding.get("message"),
        finding.get("expected"),
        finding.get("seen"),
    ]
    said += [finding.get("location", {}).get("note")]
    said += [
        json.dumps(evidence.get(key), ensure_ascii=False)
        for key in ("departure", "changes")
        if evidence.get(key)
    ]
    return "\n".join(str(one) for one in said if one)


def all_words(subject: Found, advice: bool) -> str:
    """Return what is said of everything violated, of its diagnosis and of design changes."""
    findings = subject.get("findings", [])
    told = [f for f in findings if _required(f) or (advice and f["status"] == "violated")]
    settled = [f for f in findings if f["status"] == "holds" and f.get("kind") == "equivalence"]
    told += [f for f in settled if advice or f.get("evidence", {}).get("changes")]
    message = subject.get("diagnosis", {}).get("message", "")
    return "\n".join([message, *(words(f) for f in told)])


def _step(finding: Found) -> set[str]:
    evidence = finding.get("evidence", {})
    texts = [str(evidence.get("departure", {}).get("step", ""))]
    for mutant in evidence.get("diagnosis", {}).get("mutants", []):
        texts += [line[2:] for line in mutant.get("diff", []) if line.startswith("-")]
    texts.append(str(finding.get("expected", "")))
    names = {m[1] for text in texts for m in re.finditer(r"(?:^|[\s;,`])(\w+)\s*=(?!=)", text)}
    return {part for part, known in STEPS.items() if names & set(known.split())}


def parts(finding: Found | None) -> set[str]:
    """Return the parts of an attention that a finding points at: by step, claim and words."""
    if finding is None:
        return set()
    kind, name = finding.get("kind", ""), finding["claim"]
    if kind != "equivalence":
        by_claim = {
            p
            for p, pattern in KINDS.items()
            if re.search(pattern, kind) or re.search(pattern, name)
        }
        if by_claim:
            return by_claim
    told = {
        p
        for p, pattern in WORDS.items()
        if re.search(pattern, str(finding.get("message", "")), re.I)
    }
    return _step(finding) | told if kind == "equivalence" else told or _step(finding)


def says(text: str, cause: list[str]) -> bool:
    """Return whether a text holds every expression of a cause."""
    return all(re.search(one, text, re.I) for one in cause)
