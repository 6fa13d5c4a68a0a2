"""What is to be looked through, sorted: texts, live models, and what Python code has at hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attncheck.auditing.things import Thing, thing_of
from attncheck.errors import TargetError
from attncheck.signature.factories import AsItIs, Within
from attncheck.signature.live_target import LiveTarget, live_target

_MOST_CARRIED = 2**28
"""Bytes of a whole model that travels with a part of it."""


@dataclass
class Given:
    """Places of a scan by what is done with them.

    Attributes:
        texts: files, folders, packages and classes in them: to be read.
        live: models that a child builds, by their texts.
        instances: models that are there, named.
        classes: what no child can import, such as a class of a notebook's cell, with its name.
        names: all, as a report names them.
    """

    texts: list[str] = field(default_factory=list)
    live: dict[str, LiveTarget] = field(default_factory=dict)
    instances: list[Thing] = field(default_factory=list)
    classes: list[tuple[Thing, Any]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


def given_places(places: Iterable[Any]) -> Given:
    """Return places sorted by what is done with them.

    Raises:
        TargetError: one is no place, or the arguments of a live model cannot be read.
    """
    found = Given()
    for place in places:
        if isinstance(place, (str, Path)):
            _take_text(str(place), found)
            continue
        thing = thing_of(place)
        if isinstance(thing.factory, AsItIs):
            found.instances.append(thing)
            found.names.append(thing.written)
        elif isinstance(place, type) and thing.imported:
            _take_text(thing.target, found)
        elif isinstance(place, type):
            found.classes.append((thing, place))
            found.names.append(thing.target)
        elif thing.imported:
            _take_text(f"{thing.target}()", found)
        else:
            found.instances.append(_made(place, thing))
            found.names.append(thing.written)
    return found


def part_of(model: Any, place: str, texts: list[str], *, kept: bool) -> Thing:
    """Return a part of a model that is at hand.

    Args:
        model: the whole.
        place: the part's dotted name.
        texts: the model's call, as ``--input`` takes it.
        kept: whether its model hands it what no text says, such as a table: then the whole model
            travels with it, and is called, unless it is large.
    """
    thing = thing_of(model.get_submodule(place))
    held = sum(t.numel() * t.element_size() for t in (*model.parameters(), *model.buffers()))
    if kept and held <= _MOST_CARRIED:
        assert isinstance(thing.factory, AsItIs)
        thing.factory.within = Within(model, place, texts)
    return thing


def _take_text(text: str, found: Given) -> None:
    found.names.append(text)
    if (target := live_target(text)) is not None:
        found.live[text] = target
    else:
        found.texts.append(text)


def _made(factory: Any, thing: Thing) -> Thing:
    """Return the model that a factory makes which no child can import.

    Raises:
        TargetError: it makes none.
    """
    try:
        made = thing_of(factory())
    except TargetError:
        raise
    except Exception as error:
        raise TargetError(
            f"building it raises {type(error).__name__}: {error}", where=thing.written
        ) from error
    if not isinstance(made.factory, AsItIs):
        raise TargetError("it makes no torch.nn.Module", where=thing.written)
    return made
