"""What the evidence names: parameters, buffers, submodules, attributes, arguments."""

from __future__ import annotations

from attncheck.data.report import Location
from attncheck.source.places import Blame
from attncheck.source.reading import made_by, source_of, written
from attncheck.subject.claim import Outcome
from attncheck.subject.trial import Trial


def named(trial: Trial, outcome: Outcome) -> Blame | None:
    """The evidence names parameters, buffers, submodules or attributes: where they are made."""
    names = names_in(outcome)
    if not names:
        return None
    module = trial.module()
    found = [made_by(module, name, f"`{name}` is made here") for name in names]
    places = [place for place in found if place is not None]
    return Blame(places[0], places[1:]) if places else None


_NAMING = (
    "parameters",
    "parameter",
    "unused",
    "modules",
    "module",
    "submodules",
    "submodule",
    "buffers",
    "buffer",
    "attributes",
    "attribute",
    "tensors",
    "tensor",
    "names",
    "name",
    "hidden",
    "missing",
    "frozen",
    "state",
    "dead",
    "unregistered",
    "changed",
)


def names_in(outcome: Outcome) -> list[str]:
    """Return the dotted names that an outcome's evidence holds under any usual key."""
    names: list[str] = []
    for key in _NAMING:
        value = outcome.evidence.get(key)
        if isinstance(value, str):
            names.append(value)
        elif isinstance(value, dict):
            names += [k for k in value if isinstance(k, str)]
        elif isinstance(value, (list, tuple)):
            names += [v for v in value if isinstance(v, str)]
            names += [v["name"] for v in value if isinstance(v, dict) and "name" in v]
    return list(dict.fromkeys(n.removeprefix("self.") for n in names))


def constructor(trial: Trial, outcome: Outcome) -> Blame | None:
    """``def __init__``: for what the constructor takes and does not use."""
    factory = source_of(trial.subject)
    source = written(factory)
    init = source.method("__init__") if source else None
    if source is None or init is None:
        return None
    names = names_in(outcome)
    raw = outcome.evidence.get("arguments") or outcome.evidence.get("argument") or names
    said = [raw] if isinstance(raw, str) else [str(n) for n in raw]
    takes = {a.arg for a in [*init.args.args, *init.args.kwonlyargs]}
    unread = [n for n in said if n in takes]
    if not unread:
        return None
    note = f"`{unread[0]}` is taken here and never used"
    return Blame(Location(source.path, init.lineno, note=note))
