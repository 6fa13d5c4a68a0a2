"""Which files are the subject's own: its class's file, and what stands beside it."""

from __future__ import annotations

import inspect
import os
from functools import lru_cache
from typing import Any

import attncheck
from attncheck.lazy import torch
from attncheck.source.raised import CELL

_OURS = os.path.dirname(os.path.abspath(attncheck.__file__))


class OwnFiles:
    """The files whose lines may be blamed.

    A definition of ours is one file; a class in a package is the whole package; a class in a
    file that stands alone is the folder's files. torch is never the subject's own.
    """

    def __init__(self, factory: Any, module: torch.nn.Module | None = None) -> None:
        self._exact: set[str] = set()
        self._folders: set[str] = set()
        self._known: dict[str, bool] = {}
        definition = getattr(factory, "function", None)
        if callable(definition):
            # A mechanism's definition: its equations, not the steps that they are written in.
            self._exact.add(definition.__code__.co_filename)
            return
        for found in [factory, *(type(m) for m in (module.modules() if module else ()))]:
            path = file_of(found)
            if path and not is_library(path):
                self._exact.add(path)
                if path.startswith(CELL):  # one cell's class may well call another's
                    self._folders.add(CELL)
                elif folder := _folder(path):
                    self._folders.add(folder + os.sep)

    def __contains__(self, path: str) -> bool:
        known = self._known.get(path)
        if known is None:
            inside = any(path.startswith(folder) for folder in self._folders)
            known = path in self._exact or (inside and not is_library(path))
            self._known[path] = known
        return known


def file_of(thing: Any) -> str:
    """Return the file in which a class or function is written, "" where there is none."""
    try:
        return inspect.getsourcefile(thing) or ""
    except (OSError, TypeError):
        return ""


@lru_cache(maxsize=1)
def _library_folders() -> tuple[str, ...]:
    torch_folder = os.path.dirname(torch.__file__)
    return (torch_folder + os.sep, os.path.dirname(os.__file__) + os.sep)


def is_library(path: str) -> bool:
    """Say whether a file is torch's or the standard library's."""
    of_torch, of_python = _library_folders()
    installed = f"{os.sep}site-packages{os.sep}" in path
    return path.startswith(of_torch) or (path.startswith(of_python) and not installed)


def _folder(path: str) -> str:
    """Return the folder whose files belong together with this one, "" for the file alone."""
    folder = os.path.dirname(os.path.abspath(path))
    if folder.startswith(_OURS):
        return ""
    if not os.path.isfile(os.path.join(folder, "__init__.py")):
        return "" if os.path.basename(folder) == "site-packages" else folder
    while os.path.isfile(os.path.join(os.path.dirname(folder), "__init__.py")):
        folder = os.path.dirname(folder)
    return folder
