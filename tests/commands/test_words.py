"""How words are read: one grammar, whatever the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncheck.auditing.request import Asked
from attncheck.commands.words import family_of, named, read_word, selected, side_by_side, spec_of
from attncheck.errors import AttncheckError, UsageError

CLASS = "class SE: pass\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with files whose names hold every sign of the grammar."""
    monkeypatch.chdir(tmp_path)
    for name in ("f.py", "g.py", "a=b.py", "se=odd.py", "my file@2.py", "a:b.py", "x@y/f.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(CLASS, encoding="utf-8")
    (tmp_path / "own.toml").write_text('id = "own"\nfamily = "map"\n', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "spec", "target"),
    [
        ("se", "se", ""),
        ("SE", "SE", ""),
        ("gam@article", "gam@article", ""),
        ("own.toml", "own.toml", ""),
        ("./own.toml@mine", "./own.toml@mine", ""),
        ("a@b/own.toml", "a@b/own.toml", ""),
        ("unheard-of", "unheard-of", ""),
        ("f.py:SE", "", "f.py:SE"),
        ("f.py", "", "f.py"),
        ("a:b.py:SE", "", "a:b.py:SE"),
        ("a:b.py", "", "a:b.py"),
        ("package.module:SE", "", "package.module:SE"),
        ("my file@2.py:SE", "", "my file@2.py:SE"),
        ("x@y/f.py:SE", "", "x@y/f.py:SE"),
        ("./x@y", "", "./x@y"),
        ("se=f.py:SE", "se", "f.py:SE"),
        ("se=package.module:SE", "se", "package.module:SE"),
        ("own.toml=f.py:SE", "own.toml", "f.py:SE"),
        ("se=a=b.py:SE", "se", "a=b.py:SE"),
        ("a=b.py:SE", "", "a=b.py:SE"),
        ("./c=d.py:SE", "", "./c=d.py:SE"),
        ("se=odd.py:SE", "", "se=odd.py:SE"),
        ("gan=f.py:SE", "gan", "f.py:SE"),
    ],
)
def test_a_word_is_a_spec_a_target_or_both(text: str, spec: str, target: str) -> None:
    assert read_word(text) == (text, spec, target)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["rcca", "pam"], [("rcca", ""), ("pam", "")]),
        (["gam@article"], [("gam@article", "")]),
        (["se", "f.py:SE"], [("se", "f.py:SE")]),
        (["se=f.py:SE"], [("se", "f.py:SE")]),
        (["se", "f.py:SE", "g.py:SE"], [("se", "f.py:SE"), ("se", "g.py:SE")]),
        (["se", "f.py:SE", "eca"], [("se", "f.py:SE"), ("eca", "")]),
        (["eca", "se", "f.py:SE"], [("eca", ""), ("se", "f.py:SE")]),
        (["se=f.py:SE", "p.m:SE"], [("se", "f.py:SE"), ("map", "p.m:SE")]),
        (["f.py:A", "f.py:B"], [("map", "f.py:A"), ("map", "f.py:B")]),
    ],
)
def test_targets_belong_to_the_spec_before_them(
    words: list[str], meant: list[tuple[str, str]]
) -> None:
    assert named(words, family="map") == meant
    alone = [(s if t or "@" in s else f"{s}@reference", t) for s, t in meant]
    assert named(words, alone="reference", family="map") == alone


@pytest.mark.parametrize(
    ("words", "meant", "told"),
    [
        (["se", "eca"], [("se@reference", ""), ("eca@reference", "")], 0),
        (["se", "f.py:A"], [("se@reference", ""), ("se", "f.py:A")], 1),
        (["se@reference", "f.py:A"], [("se@reference", ""), ("se", "f.py:A")], 1),
        (["f.py:A", "se"], [("map", "f.py:A"), ("se@reference", "")], 0),
        (
            ["se", "eca", "map=p:A"],
            [("se@reference", ""), ("eca@reference", ""), ("map", "p:A")],
            0,
        ),
    ],
)
def test_side_by_side_each_word_is_one(
    words: list[str], meant: list[tuple[str, str]], told: int
) -> None:
    found, said = side_by_side(words)
    assert (found, len(said)) == (meant, told)
    assert all("map=f.py:A" in one for one in said)


def test_side_by_side_a_target_after_two_specs_is_ambiguous_unless_the_contract_is_said() -> None:
    with pytest.raises(UsageError) as caught:
        side_by_side(["se", "eca", "f.py:A"])
    assert caught.value.instead == "write se=f.py:A or eca=f.py:A or map=f.py:A"
    assert side_by_side(["se", "eca", "f.py:A"], "eca")[0][-1] == ("eca", "f.py:A")


@pytest.mark.parametrize(
    ("words", "what", "instead"),
    [
        (["f.py:SE"], "'f.py:SE' is a target, and what it must meet is missing", "seq2seq f.py:SE"),
        (["f.py"], "names no class", "f.py:SE"),
        (["gam@article", "f.py:SE"], "both name a subject", "gam=f.py:SE"),
        (["gan=f.py:SE"], "unknown spec 'gan'", "did you mean 'gam'?"),
        (["C=64"], "no spec and no target", "--set C=64"),
        (["se="], "names no target", "write se="),
        ([" "], "a word is empty", "name a spec"),
    ],
)
def test_what_cannot_be_read_says_how_it_was_read(
    words: list[str], what: str, instead: str
) -> None:
    with pytest.raises(AttncheckError) as caught:
        named(words)
    assert what in caught.value.what
    assert instead in caught.value.instead


def test_a_pair_says_which_part_is_unknown() -> None:
    with pytest.raises(UsageError) as caught:
        named(["gan=f.py:SE"])
    assert caught.value.where == "'gan=f.py:SE', read as SPEC=TARGET"


def test_two_readings_with_a_file_each_are_refused_with_both_spellings(folder: Path) -> None:
    (folder / "odd.py").write_text(CLASS, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_word("se=odd.py:SE")
    assert caught.value.instead == "write ./se=odd.py:SE, or se odd.py:SE"
    assert read_word("./se=odd.py:SE").target == "./se=odd.py:SE"


@pytest.mark.parametrize("word", ["f.py:SE", "se=f.py:SE", "gam@article"])
def test_where_specs_alone_have_a_meaning_others_are_told(word: str) -> None:
    with pytest.raises(UsageError, match="mutants are made of references"):
        spec_of(word, "mutants are made of references")
    assert [spec_of(w, "") for w in ("se", "se@reference", "own.toml")] == ["se", "se", "own.toml"]


def test_three_axes_are_tokens() -> None:
    assert [family_of(one) for one in ([], ["2x64x256"], ["2x8x5x5"])] == ["map", "tokens", "map"]


def test_a_glob_may_match_the_claims_of_one_subject_alone() -> None:
    found = selected(["gam", "se"], Asked(claims=["reach"]))
    assert {spec.id for spec, _ in found} == {"gam", "se"}
    with pytest.raises(UsageError, match="matches no claim"):
        selected(["gam", "se"], Asked(claims=["nothing-like-it"]))
    with pytest.raises(UsageError, match="name a spec, or say --all"):
        selected([], Asked())
    with pytest.raises(UsageError, match="--all and 'se' both say"):
        selected(["se"], Asked(), every=True)


@pytest.mark.parametrize("alone", ["", "reference"])
def test_every_spelling_of_a_target_selects_the_same(alone: str) -> None:
    spellings = (["se", "f.py:SE"], ["se=f.py:SE"], ["SE", "f.py:SE"])
    found = [selected(words, Asked(), alone=alone, family="map") for words in spellings]
    jobs = [[(spec.id, task.job) for spec, task in one] for one in found]
    assert jobs[0] == jobs[1] == jobs[2]
    assert jobs[0][0][1].command == "attncheck audit se f.py:SE"
