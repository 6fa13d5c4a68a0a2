"""Dask: a scheduler that runs somewhere, or a cluster of worker processes on this machine."""

from __future__ import annotations

import contextlib
import logging
from concurrent.futures import Executor
from typing import Any

from attncheck.errors import AttncheckError, UsageError
from attncheck.execution.scheduling import default_workers
from attncheck.execution.starting import nobody_else_in_charge

_PATIENCE = 15
"""Seconds for a scheduler to answer, and for its first worker to be there."""


def opened(address: str, workers: int) -> Executor:
    """Return the executor of a scheduler at an address, or of a cluster of this machine's own.

    Raises:
        UsageError: Dask is not installed.
        AttncheckError: nothing answers at the address, or it has no workers.
    """
    try:
        from distributed import Client, LocalCluster
        from distributed.cfexecutor import ClientExecutor
    except ImportError:
        raise UsageError(
            "Dask is not installed", where="--executor", instead="pip install 'attncheck[dask]'"
        ) from None

    class Ours(ClientExecutor):  # type: ignore[misc]
        """Dask's own executor, which takes its client and cluster along when it ends."""

        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            super().shutdown(wait=wait)
            ends.close()

    ends = contextlib.ExitStack()
    with nobody_else_in_charge():  # workers would run the console script again
        try:
            where: Any = address or ends.enter_context(
                LocalCluster(
                    n_workers=workers or default_workers(),
                    threads_per_worker=1,
                    dashboard_address=None,
                    silence_logs=logging.CRITICAL,
                )
            )
            client = ends.enter_context(Client(where, timeout=_PATIENCE, set_as_default=False))
            client.wait_for_workers(1, timeout=_PATIENCE)
        except (OSError, ValueError) as error:
            ends.close()
            raise AttncheckError(
                f"no Dask scheduler with workers answers: {error}".rstrip(": "),
                where=f"--executor dask:{address}" if address else "--executor dask",
                instead="write the scheduler's address, dask:tcp://10.0.0.7:8786, or dask alone "
                "for a cluster on this machine",
            ) from None
    return Ours(client, pure=False)
