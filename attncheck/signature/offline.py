"""Nothing is downloaded: while a live model is built and called, or any file is imported."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from typing import Any
from unittest import mock

_FLAGS = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE", "PIP_NO_INDEX")


@contextlib.contextmanager
def offline() -> Iterator[None]:
    """Refuse every connection to another machine, and say so to the libraries that ask."""
    with (
        mock.patch.dict(os.environ, dict.fromkeys(_FLAGS, "1")),
        mock.patch.object(socket, "getaddrinfo", _refused),
        mock.patch.object(socket, "create_connection", _refused),
    ):
        yield


def _refused(*_: Any, **__: Any) -> Any:
    raise OSError("attncheck downloads nothing: build the model without pretrained weights")
