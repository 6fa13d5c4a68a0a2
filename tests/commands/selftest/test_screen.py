"""Mutants are sorted by what they compute, whoever is to notice them."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch

from attncheck.catalogue import load
from attncheck.commands.selftest.screen import Screened, screen
from attncheck.commands.selftest.settings import settings_of
from attncheck.commands.selftest.targets import definition_of, mutated, target_of
from attncheck.errors import TargetError
from attncheck.mutation.making import mutants_of
from attncheck.signature.resolve import resolve
from attncheck.subject.prepare import prepare


@pytest.fixture(scope="module")
def se() -> list[Screened]:
    return list(screen("se"))


def edit(spec: str, index: int) -> str:
    mechanism = definition_of(spec)
    assert mechanism is not None
    return mutants_of(mechanism)[index].after


def test_every_mutant_is_sorted_once(se: list[Screened]) -> None:
    mechanism = definition_of("se")
    assert mechanism is not None
    assert [one.index for one in se] == list(range(len(mutants_of(mechanism))))
    assert {one.kind for one in se} == {"invalid", "equivalent", "alike", "distinct"}


def test_a_dropped_sigmoid_is_distinct_and_a_reordered_product_is_not(se: list[Screened]) -> None:
    kinds = {edit("se", one.index): one.kind for one in se}
    assert kinds["s = u"] == "distinct"
    equal = [after for after, kind in kinds.items() if kind == "equivalent"]
    assert equal
    assert "s = u" not in equal


def test_one_of_those_that_compute_the_same_is_audited(se: list[Screened]) -> None:
    kinds = {one.index: one.kind for one in se}
    alike = [one for one in se if one.kind == "alike"]
    assert alike
    assert {kinds[one.as_] for one in alike} == {"distinct"}


def test_a_detached_gate_differs_in_its_gradient_alone(se: list[Screened]) -> None:
    kinds = {edit("se", one.index): one.kind for one in se}
    assert kinds["s = sigmoid(u).detach()"] in ("distinct", "alike")


def test_branches_options_calls_and_masks_have_settings_of_their_own() -> None:
    mechanism = definition_of("mha")
    assert mechanism is not None
    words = [setting.words() for setting in settings_of(load("mha").document, mechanism)]
    assert words[0] == ""
    assert "--init out=False" in words
    assert any("mask=" in text and text.count("--input") == 4 for text in words)


@pytest.mark.parametrize("name", ["swin", "swin-v2"])
def test_a_mask_of_keys_is_given_to_calls_that_have_keys_alone(name: str) -> None:
    spec, mechanism = load(name), definition_of(name)
    assert mechanism is not None
    settings = settings_of(spec.document, mechanism)
    masked = [setting for setting in settings if any("mask=" in text for text in setting.inputs)]
    assert {setting.inputs[0] for setting in masked} == {"2x16x24"}
    for setting in masked:
        _, failure = prepare(spec.document, setting.request(name, mechanism))
        assert failure is None


def test_a_mutant_is_a_target_like_any_other() -> None:
    factory = resolve(target_of("se", 17))
    module = factory(C=8, r=4)
    x = torch.randn(2, 8, 3, 4)
    assert torch.equal(copy.deepcopy(module)(x), module(x))
    assert torch.equal(pickle.loads(pickle.dumps(module))(x), module(x))
    assert mutated("se", 17) is factory
    with pytest.raises(TargetError):
        resolve("attncheck.commands.selftest.targets:se.m99999")
