"""What a target names is called only if it builds a module, and this is known before the call."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from attncheck.errors import TargetError
from attncheck.signature.resolve import resolve

FILE = """
import functools, os, subprocess, torch
from subprocess import getoutput
from torch import nn
from torch.nn import Conv2d
from torch.nn.init import xavier_uniform_

class Block(nn.Module):
    class Inner(nn.Module):
        pass

class Meta(type):
    def __call__(cls, *a, **k):
        raise SystemExit("called")
    def __subclasscheck__(cls, other):
        return True
    def __instancecheck__(cls, other):
        return True

class Loud(metaclass=Meta):
    pass

class Says:
    __class__ = type
    def __call__(self, cmd):
        raise SystemExit("called")

says = Says()

def told(function):
    @functools.wraps(function)
    def inner(*a, **k):
        return function(*a, **k)
    return inner

def untold(function):
    def inner(*a, **k):
        return function(*a, **k)
    return inner

@told
def make(channels):
    return nn.Conv2d(channels, channels, 1)

@untold
def build(channels):
    return nn.Conv2d(channels, channels, 1)

half = functools.partial(make, 2)
shell = functools.partial(getoutput, "true")
shell_at_once = functools.partial(os.system)

class Registry:
    @classmethod
    def get(cls, channels):
        return make(channels)
    @property
    def danger(self):
        raise SystemExit("called")
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "blocks.py"
    path.write_text(FILE, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    "name", ["Block", "Block.Inner", "Conv2d", "make", "build", "half", "Registry.get"]
)
def test_what_a_file_makes_modules_with_is_a_factory(file: str, name: str) -> None:
    assert callable(resolve(f"{file}:{name}"))


@pytest.mark.parametrize(
    "name", ["getoutput", "subprocess.run", "os.system", "shell", "shell_at_once", "Loud"]
)
def test_what_a_file_only_imports_is_none(file: str, name: str) -> None:
    with pytest.raises(TargetError) as told:
        resolve(f"{file}:{name}")
    assert told.value.instead


def test_a_function_of_another_package_is_named_where_it_is_written(file: str) -> None:
    with pytest.raises(TargetError, match=r"imported from torch\.nn\.init"):
        resolve(f"{file}:xavier_uniform_")


@pytest.mark.parametrize(
    "target", ["subprocess:getoutput", "os:system", "builtins:eval", "builtins:exec"]
)
def test_pythons_own_functions_make_no_module(target: str) -> None:
    with pytest.raises(TargetError, match="Python's own"):
        resolve(target)


def test_a_factory_that_a_package_passes_on_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "some_vision"
    package.mkdir()
    (package / "resnet.py").write_text("def resnet(width=8): ...", encoding="utf-8")
    (package / "__init__.py").write_text("from .resnet import resnet", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        assert callable(resolve("some_vision:resnet"))
        assert callable(resolve("some_vision.resnet:resnet"))
    finally:
        sys.modules.pop("some_vision", None)
        sys.modules.pop("some_vision.resnet", None)


@pytest.mark.parametrize("name", ["Block", "Block.Inner", "Conv2d"])
def test_of_a_target_from_elsewhere_a_module_is_built(file: str, name: str) -> None:
    assert isinstance(resolve(f"{file}:{name}", modules_only=True), type)


@pytest.mark.parametrize(
    "name",
    [
        *("getoutput", "subprocess.getoutput", "subprocess.Popen", "os.system", "make", "build"),
        *("half", "shell", "Loud", "Meta", "says", "Registry", "Registry.get", "Registry.danger"),
        *("Block.__init__", "Block.__class__", "torch.hub.load", "nothing", "Block.nothing.at.all"),
    ],
)
def test_of_a_target_from_elsewhere_nothing_else_is_called(file: str, name: str) -> None:
    with pytest.raises(TargetError, match=r"no class of torch\.nn\.Module"):
        resolve(f"{file}:{name}", modules_only=True)


def test_our_own_definitions_are_modules_too() -> None:
    assert callable(resolve("attncheck.reference.se:se", modules_only=True))
