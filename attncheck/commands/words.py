"""What the words of a command line name; every command reads its words here.

A word is ``SPEC``, ``SPEC@SUBJECT``, ``SPEC=TARGET`` or ``TARGET``. Targets that follow a spec are
held against it: ``se a.py:SE b.py:SE`` is ``se=a.py:SE se=b.py:SE``. A path may hold ``=`` and
``@`` too: what is known to be a spec, and which file is there, tells them apart.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from attncheck.auditing.request import Asked
from attncheck.auditing.select import Selection, gathered, kept, select_all
from attncheck.catalogue import load
from attncheck.errors import UsageError
from attncheck.signature.live_target import live_target
from attncheck.signature.resolve import split_target
from attncheck.signature.stated import stated_argument
from attncheck.spec.shelf import find_path, spec_ids, split_subject

_NAME = re.compile(r"[A-Za-z0-9][\w-]*(@[\w-]+)?")
UNSAID = "?"
"""In place of a spec that is not said; none can be called so."""
_CLASS = "path/to/file.py:Class"


class Named(NamedTuple):
    """One subject, or all that a spec lists.

    Attributes:
        spec: an id, an alias, a path, or ``SPEC@SUBJECT``.
        target: what is held against it; "" for what it lists.
    """

    spec: str
    target: str = ""


class Word(NamedTuple):
    """A word as it is read: a spec, a target, or both.

    Attributes:
        text: as it was typed.
        spec: ``SPEC`` or ``SPEC@SUBJECT``; "" where it names a target alone.
        target: "" where it names a spec alone.
    """

    text: str
    spec: str = ""
    target: str = ""

    @property
    def subject(self) -> str:
        """The subject of ``SPEC@SUBJECT``; "" where none is named."""
        return split_subject(self.spec)[1]

    @property
    def form(self) -> str:
        """How it is read, in the words of the help."""
        spec = "SPEC@SUBJECT" if self.subject else "SPEC" if self.spec else ""
        return "=".join(filter(None, (spec, "TARGET" if self.target else "")))


def read_word(text: str) -> Word:
    """Return what a word names.

    Raises:
        UsageError: it names nothing, or two things.
    """
    if not text.strip():
        raise UsageError("a word is empty", instead=f"name a spec, or a class: {_CLASS}")
    if pair := _pair(text):
        spec, target = pair
        if not target:
            raise UsageError(f"'{text}' names no target", instead=f"write {spec}={_CLASS}")
        if not _is_target(target) and _is_setting(spec, target):
            raise UsageError(
                f"'{text}' names no spec and no target",
                instead=f"a dim is stated by --set {text}, an argument by --init {text}",
            )
        return Word(text, spec, target)
    return Word(text, target=text) if _is_target(text) else Word(text, text)


def named(words: Iterable[str], *, alone: str = "", family: str = "") -> list[Named]:
    """Return what words name, in their order.

    Args:
        words: of a command line.
        alone: the subject that a spec alone stands for; "" for all that it lists.
        family: the spec that a target without one is held against; "" where it must have one.

    Raises:
        UsageError: a word cannot be read, or a target's spec is not known.
    """
    found: list[Named] = []
    before: Word | None = None  # the spec whose targets may follow
    for word in map(read_word, words):
        if word.spec:
            if before is not None and not (word.target or _is_spec(word.spec)):
                what = f"'{word.text}' is no spec, and names no class"
                raise UsageError(what, instead=f"write {_CLASS} or package.module:Class")
            found.append(_one(word, alone))
            before = None if word.target else word
        elif before is None:
            found.append(Named(family or missing(word.target), word.target))
        elif before.subject:
            raise UsageError(
                f"'{before.text}' and '{word.text}' both name a subject",
                instead=f"give one of them, or write "
                f"{_either(word, split_subject(before.spec)[0], family)}",
            )
        else:
            if found[-1].target == "":
                found.pop()
            found.append(Named(before.spec, word.target))
    return found


def side_by_side(
    words: Iterable[str], contract: str = "", *, stated: bool = False
) -> tuple[list[Named], list[str]]:
    """Return what words name where each is shown, a spec's reference as well as what follows it.

    Args:
        words: of a command line.
        contract: the spec that a target without one is held against; "" for the one spec that
            was named before it, or the map's contract where there was none.
        stated: whether the call is stated: then what no spec was named before is held against
            none, as a live model is in any case.

    Returns:
        what they name, and a sentence for each target whose spec was not said with it.

    Raises:
        UsageError: a word cannot be read, or several specs were named before a target.
    """
    found: list[Named] = []
    told: list[str] = []
    specs: list[str] = []
    for word in map(read_word, words):
        if not word.spec and len(set(specs)) > 1 and not contract:
            raise UsageError(
                f"'{word.text}' follows more than one spec: which is it held against?",
                instead="write " + _either(word, *dict.fromkeys(specs), "map"),
            )
        if not word.spec:
            plain = stated or live_target(word.target) is not None
            spec = contract or (specs[0] if specs else UNSAID if plain else "map")
            found.append(Named(spec, word.target))
            if specs and not contract:
                other = _either(word, "map")
                told.append(
                    f"{word.target} is held against {spec}; to hold it against map: {other}"
                )
            continue
        found.append(_one(word, "reference"))
        if not word.target:
            specs.append(split_subject(word.spec)[0])
    return found, told


def family_of(inputs: Sequence[str]) -> str:
    """Return the family that the first input's axes speak of: tokens where it has three.

    Args:
        inputs: ``--input`` texts.
    """
    shapes = [shape for text in inputs for shape in stated_argument(text).shapes()]
    return "tokens" if shapes and len(shapes[0].given.shape) == 3 else "map"


def selected(
    words: Sequence[str], asked: Asked, *, every: bool = False, alone: str = "", family: str = ""
) -> list[Selection]:
    """Return the subjects that a command line asks for, with their claims.

    Args:
        words: of the command line.
        asked: its options.
        every: ``--all``, in place of words.
        alone, family: see :func:`named`.

    Raises:
        UsageError, SpecError, TargetError: it asks for what is not there.
    """
    check_some(words, every=every)
    if every and not alone:
        return select_all(asked)
    return selected_of(references() if every else named(words, alone=alone, family=family), asked)


def selected_of(what: Iterable[Named], asked: Asked) -> list[Selection]:
    """Return the subjects of what words name, with the claims that are asked for.

    A target whose spec is :data:`UNSAID` is called as ``--input`` states it.

    Raises:
        UsageError, SpecError, TargetError: it asks for what is not there.
    """
    found: list[Selection] = []
    for each in what:
        plain = each.spec == UNSAID
        spec = family_of(asked.inputs) if plain else each.spec
        found += gathered(spec, each.target, replace(asked, plain=plain))
    return kept(found, asked)


def references() -> list[Named]:
    """Return the reference of every shipped spec that has one: what ``--all`` means there."""
    known = [load(name) for name in spec_ids()]
    return [Named(f"{spec.id}@reference") for spec in known if spec.document.reference]


def check_some(words: Sequence[str] | None, *, every: bool) -> None:
    """Complain where neither words nor ``--all`` say what is meant, or both do.

    Raises:
        UsageError: they do not.
    """
    if every and words:
        raise UsageError(f"--all and '{words[0]}' both say what is meant", instead="give one")
    if not (every or words):
        raise UsageError("name a spec, or say --all", instead="see: attncheck list specs")


def spec_of(text: str, what: str) -> str:
    """Return the spec that a word names, where nothing else has a meaning.

    Args:
        text: the word.
        what: what is done with it, as a clause: ``mutants are made of references``.

    Raises:
        UsageError: it names a target, or a subject other than the reference.
    """
    word = read_word(text)
    if word.target or word.subject not in ("", "reference"):
        raise UsageError(
            f"'{text}' is read as {word.form}, and {what}",
            instead=f"name a spec: {split_subject(word.spec)[0]}"
            if word.spec
            else "name a spec; see: attncheck list specs",
        )
    return split_subject(word.spec)[0]


def _one(word: Word, alone: str) -> Named:
    if not (word.target or word.subject) and alone:
        return Named(f"{word.spec}@{alone}")
    if word.target and not _is_spec(word.spec):
        try:
            load(split_subject(word.spec)[0])
        except UsageError as error:
            where = f"'{word.text}', read as {word.form}"
            raise UsageError(error.what, where=where, instead=error.instead) from None
    return Named(word.spec, word.target)


def _pair(text: str) -> tuple[str, str] | None:
    """Return (spec, target) of ``SPEC=TARGET``; None for a path that holds such a sign."""
    cuts = [at for at, sign in enumerate(text) if sign == "="]
    if not cuts:
        return None
    whole = _is_there(text)
    known = next((at for at in cuts if _is_spec(text[:at])), None)
    if known is not None:
        spec, target = text[:known], text[known + 1 :]
        if whole and _is_there(target):
            raise UsageError(
                f"'{text}' can be read in two ways: there is such a file, and '{target}'",
                instead=f"write ./{text}, or {spec} {target}",
            )
        return None if whole else (spec, target)
    spec, target = text[: cuts[0]], text[cuts[0] + 1 :]
    return None if whole or not _NAME.fullmatch(spec) else (spec, target)


def _is_spec(text: str) -> bool:
    """Say whether a shipped spec has this name, or a file of specs; a subject may follow."""
    name = split_subject(text)[0]
    return name.endswith(".toml") or ("/" not in name and find_path(name) is not None)


def _is_target(text: str) -> bool:
    """Say whether a word is ``file.py:Class``, ``package.module:Class``, or a file or folder."""
    if split_subject(text)[0].endswith(".toml"):
        return False
    if text.endswith(".py") or ("/" in text and os.path.isdir(os.path.expanduser(text))):
        return True
    return ":" in text


def _is_there(target: str) -> bool:
    """Say whether a target's file is there."""
    places = (target, target.rpartition(":")[0])
    return any(place and os.path.isfile(os.path.expanduser(place)) for place in places)


def _is_setting(name: str, value: str) -> bool:
    return not _is_spec(name) and not re.search(r"[A-Za-z_]\w*[.:/]", value)


def missing(target: str, why: str = "") -> str:
    """Complain of a target without a spec, where one is needed.

    Args:
        target: the target.
        why: why none is known, where it was looked for.

    Raises:
        UsageError: always.
    """
    split_target(target)  # a file alone is told which classes it has
    typed = shlex.quote(target)
    raise UsageError(
        f"'{target}' is a target, and what it must meet is missing{why}",
        instead=f"attncheck audit map {typed}   for a feature map (B, C, H, W);\n"
        f"attncheck audit tokens {typed}   for tokens (B, N, C);\n"
        f"attncheck audit seq2seq {typed}   for query, keys and values;\n"
        "or the mechanism that it implements: attncheck list specs",
    )


def _either(word: Word, *specs: str) -> str:
    """Return the spellings that hold a target against each of these specs."""
    return " or ".join(shlex.quote(f"{spec}={word.target}") for spec in filter(None, specs))
