"""What Python code gives to be audited: a target's text, a class, an instance, a factory.

What a child process can import travels by its name. Everything else travels by value, with the
source of what stands in no file, such as a notebook's cell: lines and excerpts stay what they are.
"""

from __future__ import annotations

import copy
import functools
import importlib.util
import io
import linecache
import os
import pickle
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import cloudpickle

from attncheck.auditing.job import Carried, Job
from attncheck.data.installed import installed_folders
from attncheck.data.literals import from_json, is_literal, to_json
from attncheck.errors import TargetError
from attncheck.signature.factories import AsItIs
from attncheck.signature.inputs import parse_input
from attncheck.signature.live_target import live_target
from attncheck.signature.resolve import Factory, split_target
from attncheck.source.raised import CELL
from attncheck.subject.live import in_place, taken_out
from attncheck.subject.prepare import Request

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


@dataclass(frozen=True)
class Thing:
    """Something to audit, named for a report and packed for a child process.

    Attributes:
        target: ``file.py:Class``, ``package.module:Class``, ``__main__:Class`` or
            ``notebook:In[3]:Class``.
        name: its last part.
        written: how Python code writes it.
        factory: what was given, None where it was a text.
        imported: whether a child can import the target.
        file: where it is defined: a path, or ``<notebook cell 3>``; "" where that is not known.
    """

    target: str
    name: str
    written: str
    factory: Factory | None = None
    imported: bool = False
    file: str = ""


def thing_of(given: Any) -> Thing:
    """Return what was given, named.

    Raises:
        TargetError: it makes no module, or its text names no class.
    """
    if isinstance(given, Thing):
        return given
    if isinstance(given, str):
        if (live := live_target(given)) is not None:
            name = given.removeprefix(f"{live.place}:")
            return Thing(given, name, repr(given), imported=True)
        return Thing(given, split_target(given)[1], repr(given), imported=True)
    if _is_module(given):
        kind = type(given)
        file = stable(_file_of(kind))
        factory = AsItIs(_on_cpu(given))
        written = f"<an instance of {kind.__qualname__}>"
        return Thing(_target(kind, file), kind.__qualname__, written, factory, file=file)
    if isinstance(given, type) and not _is_module_class(given):
        raise TargetError(
            f"'{given.__name__}' is a class, but no torch.nn.Module",
            instead="give a subclass of torch.nn.Module, or a function that returns one",
        )
    if not callable(given):
        raise TargetError(
            f"{_described(given)} makes no module",
            instead="give a class, an instance, a function that returns a module, "
            "or 'path/to/file.py:Class'",
        )
    made = _function_of(given)
    name = str(getattr(made, "__qualname__", type(given).__qualname__))
    file = stable(_file_of(made))
    if made is given and (target := _importable(given)):
        return Thing(target, name, name, given, imported=True, file=file)
    written = name
    if "<lambda>" in name:
        code = getattr(made, "__code__", None)
        written = f"<lambda of {Path(file).name}:{code.co_firstlineno if code else 0}>"
    return Thing(_target(made, file), name, written, given, file=file)


def packed(thing: Thing, arguments: Mapping[str, Any], call: str) -> Carried | None:
    """Return what must travel by value with a job; None where names and literals say it all.

    Args:
        thing: what is audited.
        arguments: the constructor's, as they were given.
        call: how it is asked for in Python.

    Raises:
        TargetError: it cannot be taken to another process.
    """
    if thing.imported and all(map(is_literal, arguments.values())):
        return None
    sources: dict[str, str] = {}
    value = _pickled(thing, {n: v for n, v in arguments.items() if not is_literal(v)}, sources)
    # The parent, too, looks lines up under these names: those of a stack, after a crash.
    _register(sources)
    return Carried(call, thing.file, value, sources)


def in_json(value: Any) -> Any:
    """Return an argument as reports hold it: a literal, or what it is in words."""
    return to_json(value) if is_literal(value) else {"python object": _described(value)}


def request_of(job: Job, inputs: list[str] | None = None, device: str = "cpu") -> Request:
    """Return what a job asks to be built and called, with what travels by value unpacked.

    Args:
        job: the job.
        inputs: other inputs than the job's.
        device: where it is called.

    Raises:
        TargetError: what it took along is not there, or cannot be made here.
    """
    factory, given = unpacked(job) if job.carried is not None else (None, {})
    folder = Path(job.folder) if job.folder else None
    texts = job.inputs if inputs is None else inputs
    live = live_target(job.target) if job.carried is None else None
    if live is not None and job.modules_only:
        raise TargetError(
            "it is a live model, which a finding of elsewhere does not build", where=job.target
        )
    if live is not None:
        factory, handed = taken_out(live, folder, texts)
    elif inputs is None and isinstance(factory, AsItIs) and factory.within:
        factory, handed = in_place(factory.within)
    else:
        handed = [parse_input(text) for text in texts]
    plain = {name: from_json(v) for name, v in job.arguments.items() if name not in given}
    if isinstance(factory, AsItIs):
        plain = {**factory.options, **plain}
    return Request(
        name=job.name,
        target=job.target,
        factory=factory,
        folder=folder,
        arguments={**plain, **given},
        dims=job.dims,
        inputs=handed,
        device=device,
        modules_only=job.modules_only,
    )


def stable(file: str) -> str:
    """Return the name under which a file's lines are known everywhere.

    A notebook's cell has a name of this process alone; it becomes ``<notebook cell 3>``.
    """
    if not file or os.path.isfile(file):
        return os.path.abspath(file) if file else ""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    told = getattr(getattr(shell, "compile", None), "format_code_name", None)
    known = told(file) if callable(told) else None
    number = re.fullmatch(r"In\s*\[(\d+)\]", str(known[1])) if known else None
    return f"{CELL}{number[1]}>" if number else file


# ---- what it is called


def _target(made: Any, file: str) -> str:
    name = getattr(made, "__qualname__", type(made).__qualname__)
    if file.startswith(CELL):
        return f"notebook:In[{file.removeprefix(CELL).rstrip('>')}]:{name}"
    module = str(getattr(made, "__module__", "") or "")
    if module == "__main__" or not file:
        return f"{module or 'python'}:{name}"
    return f"{_place(module, file)}:{name}"


def _importable(thing: Any) -> str:
    """Return the target by which a child imports a class or function, "" where it cannot."""
    name, module = getattr(thing, "__qualname__", ""), getattr(thing, "__module__", "")
    found: Any = sys.modules.get(module)
    if module == "__main__" or not name or "<" in name or not isinstance(found, ModuleType):
        return ""
    for part in name.split("."):
        found = getattr(found, part, None)
    file = getattr(sys.modules[module], "__file__", None) or ""
    if found is not thing or not (file.endswith(".py") and os.path.isfile(file)):
        return ""
    return f"{_place(module, file)}:{name}"


def _place(module: str, file: str) -> str:
    """Return the dotted name of what is installed, else the file as it is seen from here."""
    real = os.path.realpath(file)
    if real.startswith(tuple(folder + os.sep for folder in installed_folders())):
        return module
    here = os.path.realpath(os.getcwd())
    return os.path.relpath(real, here) if real.startswith(here + os.sep) else real


def _described(value: Any) -> str:
    """Return what a value is, the same in every process."""
    if isinstance(value, (type, FunctionType)):
        return f"{value.__module__}.{value.__qualname__}"
    return _ADDRESS.sub("", repr(value))[:200]


def _is_module_class(thing: type) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and torch.nn.Module in type.__getattribute__(thing, "__mro__")


def _is_module(thing: Any) -> bool:
    return not isinstance(thing, type) and _is_module_class(type(thing))


def _on_cpu(module: Any) -> Any:
    """Return the module, or a copy of it where it lies on a device that a child would need."""
    tensors = [*module.parameters(), *module.buffers()]
    if all(tensor.device.type in ("cpu", "meta") for tensor in tensors):
        return module
    return copy.deepcopy(module).to("cpu")


def _function_of(given: Any) -> Any:
    """Return what a partial or a method runs in the end."""
    while isinstance(given, (functools.partial, MethodType)):
        given = given.func if isinstance(given, functools.partial) else given.__func__
    return given


def _file_of(made: Any) -> str:
    """Return the file in which a class or a function is written, as its code names it."""
    if isinstance(made, FunctionType):
        return made.__code__.co_filename
    if not isinstance(made, type):
        return _file_of(type(made))
    for value in vars(made).values():
        code = getattr(value, "__code__", None)
        own = str(getattr(value, "__qualname__", "")).startswith(f"{made.__qualname__}.")
        if isinstance(code, CodeType) and own and code.co_filename != "<string>":
            return code.co_filename
    return getattr(sys.modules.get(made.__module__), "__file__", None) or ""


# ---- there and back


_DISPATCH: Mapping[type, Any] = cloudpickle.Pickler.dispatch_table


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Pickles by value what cannot be imported, its code under names that stay."""

    def __init__(self, file: io.BytesIO, sources: dict[str, str]) -> None:
        self.dispatch_table = {**_DISPATCH, CodeType: self._code}  # read once, by what follows
        super().__init__(file)
        self.classes: list[tuple[type, str]] = []
        self._sources = sources

    def reducer_override(self, thing: Any) -> Any:
        """Note each class that travels by value, with its file; unpickled it is a new one."""
        found = super().reducer_override(thing)
        if found is not NotImplemented and len(found) == 6:
            # Else the very class would be found again in this process, and written over.
            make, (*given, _, extra), *rest = found
            found = (make, (*given, None, extra), *rest)
        by_value = found is not NotImplemented and isinstance(thing, type)
        if by_value and thing.__module__ != "builtins":
            self.classes.append((thing, self._kept(_file_of(thing))))
        return found

    def _code(self, code: CodeType) -> Any:
        # cloudpickle leaves out where code stands, and that is what findings are placed by.
        build, parts = _DISPATCH[CodeType](code)[:2]
        return _built, (build, parts, self._kept(code.co_filename))

    def _kept(self, file: str) -> str:
        name = stable(file)
        known = name in self._sources or os.path.isfile(file)
        if not known and (lines := linecache.getlines(file)):
            self._sources[name] = "".join(lines)
        return name


def _built(build: Callable[..., CodeType], parts: tuple[Any, ...], file: str) -> CodeType:
    return build(*parts).replace(co_filename=file)


def _pickled(thing: Thing, arguments: Mapping[str, Any], sources: dict[str, str]) -> bytes:
    """Return the factory and the arguments in one pickle, so that their classes are the same."""
    stream = io.BytesIO()
    pickler = _Pickler(stream, sources)
    within = thing.factory.within if isinstance(thing.factory, AsItIs) else None
    values = (thing.factory, within and within.model, *arguments.values())
    lost = [m for v in values if v is not None and (m := _unfindable(v))]
    for module in lost:
        cloudpickle.register_pickle_by_value(module)
    try:
        pickler.dump((thing.factory, dict(arguments)))
        pickler.dump(pickler.classes)
    except Exception as error:
        raise TargetError(
            f"it cannot be taken to another process: {type(error).__name__}: {error}",
            where=thing.target,
            instead="give its class or a function that makes it, or 'path/to/file.py:Class'",
        ) from error
    finally:
        for module in lost:
            cloudpickle.unregister_pickle_by_value(module)
    return stream.getvalue()


def _unfindable(value: Any) -> ModuleType | None:
    """Return the module of a class, function or instance that no other process finds by name."""
    made = value.module if isinstance(value, AsItIs) else _function_of(value)
    made = made if isinstance(made, (type, FunctionType)) else type(made)
    module = sys.modules.get(made.__module__)
    if module is None or module.__name__ in ("__main__", "builtins"):
        return None
    try:
        found = importlib.util.find_spec(module.__name__)
    except (ImportError, ValueError, AttributeError):
        found = None
    return module if found is None else None


def unpacked(job: Job) -> tuple[Factory | None, dict[str, Any]]:
    """Return what a job took along: the factory, and arguments of its own.

    Raises:
        TargetError: it is not there, or cannot be made here.
    """
    carried = job.carried
    if carried is None or job.modules_only or not carried.value:
        raise TargetError(
            "it was given as a Python object, which no report holds",
            where=job.target,
            instead=f"audit it again: {carried.call}" if carried else "",
        )
    _register(carried.sources)
    try:
        unpickler = pickle.Unpickler(io.BytesIO(carried.value))
        factory, arguments = unpickler.load()
        classes = unpickler.load()
    except Exception as error:
        raise TargetError(
            f"taking it to another process raises {type(error).__name__}: {error}",
            where=job.target,
            instead="give its class or a function that makes it, or 'path/to/file.py:Class'",
        ) from error
    for kind, file in classes:
        _settle(kind, file)
    return factory, arguments


def _register(sources: Mapping[str, str]) -> None:
    for name, text in sources.items():
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)


def _settle(kind: type, file: str) -> None:
    """Give a class a module of its own file: its source is found there, and pickle finds it."""
    name = "_attncheck_value_" + re.sub(r"\W", "_", file)
    module = sys.modules.setdefault(name, ModuleType(name))
    module.__file__ = file
    kind.__module__ = name
    if "." not in kind.__qualname__:
        setattr(module, kind.__qualname__, kind)
