"""Targets of live models: what is called, with which literals, and which part of it."""

from __future__ import annotations

import pytest

from attncheck.errors import TargetError
from attncheck.signature.live_target import live_target


def test_a_class_or_a_file_alone_is_none() -> None:
    for text in ("net.py:Net", "pkg.nets:Net", "net.py", "folder", "a(b).py:Net"):
        assert live_target(text) is None


def test_a_call_has_literal_arguments_whatever_they_hold() -> None:
    target = live_target("pkg.nets:Net(3, cfg='a:b(c)#d.yaml', sizes=[1, 2])#layer1.0.se")
    assert target is not None
    assert (target.factory, target.part) == ("pkg.nets:Net", "layer1.0.se")
    assert target.arguments == (3,)
    assert target.keywords == {"cfg": "a:b(c)#d.yaml", "sizes": [1, 2]}
    assert target.whole == "pkg.nets:Net(3, cfg='a:b(c)#d.yaml', sizes=[1, 2])"


def test_a_part_alone_makes_it_live() -> None:
    target = live_target("net.py:Net#body.0")
    assert target is not None
    assert (target.factory, target.part, target.whole) == ("net.py:Net", "body.0", "net.py:Net")


def test_a_part_may_have_any_name() -> None:
    target = live_target("net.py:Net()#body.block1-0.se")
    assert target is not None
    assert target.part == "body.block1-0.se"


@pytest.mark.parametrize("call", ["(x)", "(f())", "(**k)", "(*a)", "(1))", "(a=open('x'))"])
def test_what_is_no_literal_is_refused(call: str) -> None:
    with pytest.raises(TargetError, match="literals"):
        live_target(f"net.py:Net{call}")
