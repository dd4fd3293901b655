"""Calls on a Dask cluster: one that runs at an address, or one of this machine."""

from __future__ import annotations

import atexit
import logging
import signal
import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import active_children
from threading import Event
from typing import Any, Self

from inrr_cli.batch.calls import Call, Outcome
from inrr_cli.batch.resources import Workers
from inrr_cli.batch.starting import signals_held
from inrr_cli.errors import InputError, WorkersError
from inrr_cli.interruption import raise_if_lost

LOCAL = "local"
POLL = 0.5  # seconds until a look at calls that were not there, and at the scheduler
PER_THREAD = 2  # calls that a thread of the cluster has in hand: the next is there when one ends
CONNECT = "10s"  # until a scheduler that does not answer is given up
ANSWER = 2.0  # seconds that the scheduler has to say how many threads there are
CLOSE = 1.0  # seconds for a cluster of this machine to end


class DaskExecutor:
    """Run calls on a Dask cluster.

    The scheduler gives the calls of a worker that is lost to others, and gives a call up whose workers were lost three
    times (Dask's ``distributed.scheduler.allowed-failures``).

    Parameters
    ----------
    address : str
        Of a scheduler, or "local" for a cluster of this machine.
    workers : Workers
        Of a cluster of this machine.

    Raises
    ------
    InputError
        If the extra ``cluster`` is not installed.
    """

    def __init__(self, address: str, workers: Workers) -> None:
        self.address, self.workers = address, workers
        self.finished, self.stack = Event(), ExitStack()
        self.threads = 0  # of the cluster, when the scheduler last said it
        try:
            import distributed
        except ImportError:
            raise InputError("--cluster needs Dask: pip install 'inrr-cli[cluster]'") from None
        self.dask: Any = distributed  # much of which has no types

    def __enter__(self) -> Self:
        """Connect to the scheduler, or start one.

        Raises
        ------
        WorkersError
            If the scheduler cannot be reached, or has workers with another version of this program.
        """
        self.client = self.stack.enter_context(self._client())
        return self

    def __exit__(self, *error: Any) -> None:
        """End what was started."""
        self.stack.__exit__(*error)

    def run(self, calls: Iterable[Call | None]) -> Iterator[Outcome]:
        """Yield outcomes as they come, in any order; see `Executor`.

        Raises
        ------
        WorkersError
            If the scheduler is lost.
        """
        source, more = iter(calls), True
        futures: dict[Any, Call] = {}
        try:
            while more or futures:
                more = self._submit(self.client, source, futures) if more else False
                yield from self._gather(self.client, futures)
        finally:
            if self.client.status == "running":
                self.client.cancel(list(futures), force=True)

    def _submit(self, client: Any, source: Iterator[Call | None], futures: dict[Any, Call]) -> bool:
        """Submit calls as far as there is room; return False when there are no more."""
        with suppress(OSError, TimeoutError):  # it is busy; if it is gone, the client's status will say so
            self.threads = sum(client.nthreads(callback_timeout=ANSWER).values())
        while len(futures) < max(1, PER_THREAD * self.threads):
            try:
                call = next(source)
            except StopIteration:
                return False
            if call is None:
                break
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of files that are shipped: they are what they are
                future = client.submit(call.function, *call.arguments, pure=False)
            future.add_done_callback(lambda _: self.finished.set())
            futures[future] = call
        return True

    def _gather(self, client: Any, futures: dict[Any, Call]) -> Iterator[Outcome]:
        """Wait a moment for outcomes; yield what was finished."""
        self.finished.wait(POLL)
        self.finished.clear()
        raise_if_lost()  # futures have finalizers
        outcomes = [(future, _outcome(future, call)) for future, call in futures.items() if future.done()]
        is_lost = client.status != "running"  # which has cancelled what was in work
        for future, outcome in outcomes:
            if not (is_lost and outcome.failure):
                del futures[future]
                yield outcome
        if is_lost:
            raise WorkersError(f"{self.address}: the scheduler is gone; the same command goes on with another")

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """Connect to the scheduler, or start one; end what was started."""
        with ExitStack() as stack:
            logging.disable(logging.CRITICAL)  # Dask tells of all that happens, at the very end too; see `Outcome`
            where = self.address if self.address != LOCAL else stack.enter_context(self._local_cluster())
            client = stack.enter_context(self._connect(where))
            _check_versions(client)
            yield client

    def _connect(self, where: str) -> Any:
        # a client that Ctrl-C left half-made would wait for its scheduler when Python ends
        client = type("Client", (self.dask.Client,), {"__del__": lambda self: None})
        try:
            return client(where, timeout=CONNECT, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise WorkersError(f"--cluster {self.address}: no Dask scheduler answers there ({error})") from None

    @contextmanager
    def _local_cluster(self) -> Iterator[str]:
        """Start a cluster of this machine; its workers come when they are ready."""
        from distributed.deploy.spec import close_clusters
        from distributed.utils import LoopRunner

        atexit.unregister(close_clusters)  # which takes ten seconds for what is done here
        runner: Any = LoopRunner()
        with signals_held([signal.SIGINT]):
            runner.start()  # the thread that starts the workers
        cluster = self.dask.LocalCluster(n_workers=0, threads_per_worker=1, dashboard_address=":0", loop=runner.loop)
        try:
            cluster.scale(self.workers.jobs)
            yield cluster.scheduler_address  # a client of the cluster itself would wait for the workers
        finally:
            for nanny in cluster.workers.values():
                nanny.auto_restart = False
            for worker in active_children():  # whose work nobody waits for
                worker.kill()
            with suppress(Exception):  # of workers that were starting
                cluster.close(timeout=CLOSE)


def _outcome(future: Any, call: Call) -> Outcome:
    """Return what became of a call."""
    try:
        return Outcome(call, future.result())
    except Exception as error:  # of the call, or of the cluster
        if type(error).__name__ == "KilledWorker":
            return Outcome(call, failure="its workers were lost again and again, as where memory runs out")
        return Outcome(call, failure=f"{type(error).__name__}: {error}")


def program_version() -> str:
    """Return the version of this program, on a worker."""
    from inrr_cli import __version__

    return __version__


def _check_versions(client: Any) -> None:
    """Check that the workers that are there have this version of the program."""
    for worker, version in client.run(program_version, on_error="return").items():
        if isinstance(version, ImportError):
            raise WorkersError(f"a worker cannot import inrr_cli ({version}); install inrr-cli where the workers run")
        if isinstance(version, str) and version != program_version():  # else it was lost just now
            raise WorkersError(f"{worker}: has inrr {version}, and this is {program_version()}; install the same one")
