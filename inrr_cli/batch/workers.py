"""Worker processes of this machine: each runs one call at a time, and one that dies or takes too long is replaced."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any, Self

from inrr_cli.batch.calls import Call, Outcome
from inrr_cli.batch.starting import signals_held
from inrr_cli.batch.worker import DONE, GRANTED, NEEDS, READY, serve
from inrr_cli.errors import WorkersError
from inrr_cli.interruption import SIGNALS, raise_if_lost

POLL = 0.5  # seconds until a look at calls that were not there, and at calls that take too long
GRACE = 1.0  # seconds that a worker has to remove its temporary files: in all, Ctrl-C takes less than two
STARTS = 3  # workers that may die in a row before they are ready, until it is clear that none can start


@dataclass(eq=False)
class Worker:
    """A process, the parent's end of its pipe, and what it does.

    Attributes
    ----------
    process, connection
    call : Call or None
        What it runs; None if it is idle or starting.
    is_ready : bool
        Whether it has loaded what it needs.
    claim : float
        Bytes that were granted to its call.
    request : float or None
        Bytes that its call waits for, since ``asked``.
    deadline : float
        When its call takes too long, by `time.monotonic`.
    """

    process: Any
    connection: Connection
    call: Call | None = None
    is_ready: bool = False
    claim: float = 0.0
    request: float | None = None
    asked: float = 0.0
    deadline: float = float("inf")


class WorkerPool:
    """Run calls in processes of this machine.

    A call whose worker dies, or that takes longer than the timeout, is run once more when nothing else runs, and then
    reported.

    Parameters
    ----------
    jobs : int
        Number of workers.
    threads : int
        Threads of each.
    timeout : float, optional
        Seconds that a call may take.
    memory : float, optional
        Bytes that calls may claim together (see `inrr_cli.memory.claim`); a call waits until its claim fits.
    environments : list of dict, optional
        Environment variables that are set in the workers, in turn.
    """

    def __init__(
        self,
        jobs: int,
        threads: int,
        *,
        timeout: float | None = None,
        memory: float | None = None,
        environments: list[dict[str, str]] | None = None,
    ) -> None:
        self.jobs, self.threads, self.timeout, self.memory = jobs, threads, timeout, memory
        self.environments = environments or [{}]
        self.workers: list[Worker | None] = [None] * jobs
        self.failed_starts = 0
        self.drawn: Call | None = None  # the next call, which waits for a worker
        self.suspects: deque[tuple[Call, str]] = deque()  # calls to run once more, alone, and what became of them
        self.alone: tuple[Call, str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """End all workers."""
        self.close()

    def run(self, calls: Iterable[Call | None]) -> Iterator[Outcome]:
        """Yield outcomes as they come, in any order; see `Executor`.

        Raises
        ------
        WorkersError
            If workers cannot start.
        """
        source, more = iter(calls), True
        while more or self.drawn or self._busy() or self.suspects:
            more = self._hand_out(source) if more and self.alone is None else more
            if self.drawn or self.suspects:
                self._start_workers()
            if self.suspects and not self._busy():
                self._run_alone()
            yield from self._listen()

    def close(self) -> None:
        """End all workers; those that do nothing, and those that do not end in a second, are killed."""
        workers = [worker for worker in self.workers if worker is not None]
        self.workers = [None] * self.jobs
        for worker in workers:
            if worker.call is None:
                worker.process.kill()
            else:
                worker.process.terminate()
        end = time.monotonic() + GRACE
        for worker in workers:
            worker.process.join(max(0.0, end - time.monotonic()))
            _remove(worker)

    def _busy(self) -> list[Worker]:
        return [worker for worker in self.workers if worker is not None and worker.call is not None]

    def _start_workers(self) -> None:
        """Start a worker in each empty place."""
        context = get_context("spawn")  # a fork would copy locks and threads of this process
        for place, worker in enumerate(self.workers):
            if worker is not None:
                continue
            ours, theirs = context.Pipe()
            environment = self.environments[place % len(self.environments)]
            process = context.Process(target=serve, args=(theirs, self.threads, environment), daemon=True)
            with signals_held(SIGNALS):
                process.start()
                theirs.close()
                self.workers[place] = Worker(process, ours)

    def _hand_out(self, source: Iterator[Call | None]) -> bool:
        """Give calls to idle workers, and draw one more, for which workers start; return False at the end of calls."""
        idle = [w for w in self.workers if w is not None and w.is_ready and w.call is None]
        while True:
            if self.drawn is not None:
                if not idle:
                    return True
                self._send(idle.pop(), self.drawn)
            try:
                self.drawn = next(source)
            except StopIteration:
                self.drawn = None
                return False
            if self.drawn is None:
                return True

    def _run_alone(self) -> None:
        """Give a call that failed once to a worker, and nothing to the others."""
        for worker in self.workers:
            if worker is not None and worker.is_ready:
                self.alone = self.suspects.popleft()
                self._send(worker, self.alone[0])
                return

    def _send(self, worker: Worker, call: Call) -> None:
        worker.call, worker.claim, worker.request = call, 0.0, None
        worker.deadline = self._deadline()
        try:
            worker.connection.send(call)
        except OSError:  # it has died; its sentinel says so next
            pass

    def _deadline(self) -> float:
        return float("inf") if self.timeout is None else time.monotonic() + self.timeout

    def _listen(self) -> Iterator[Outcome]:
        """Wait for messages and deaths; yield what was finished."""
        workers = [worker for worker in self.workers if worker is not None]
        ready = wait([item for w in workers for item in (w.connection, w.process.sentinel)], POLL)
        raise_if_lost()
        now = time.monotonic()
        for worker in workers:
            if worker.connection in ready or worker.process.sentinel in ready:
                yield from self._hear(worker)
            elif worker.deadline < now:
                yield from self._lose(worker, f"took longer than the {self.timeout:g} s of --timeout")
        self._grant()

    def _hear(self, worker: Worker) -> Iterator[Outcome]:
        """Take a message of a worker; none comes from one that died."""
        try:
            kind, value = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join(GRACE)
            yield from self._lose(worker, _death(worker.process.exitcode))
            return
        if kind == READY:
            worker.is_ready, self.failed_starts = True, 0
        elif kind == NEEDS:
            worker.request, worker.asked = value, time.monotonic()
        else:
            call, worker.call, worker.claim, worker.deadline = worker.call, None, 0.0, float("inf")
            assert call is not None
            self.alone = None
            yield Outcome(call, value) if kind == DONE else Outcome(call, failure=value)

    def _lose(self, worker: Worker, reason: str) -> Iterator[Outcome]:
        """Remove a worker that died or takes too long; its call is run once more, or it has failed."""
        self.workers[self.workers.index(worker)] = None
        _remove(worker)
        if not worker.is_ready:
            self.failed_starts += 1
            if self.failed_starts >= STARTS:
                raise WorkersError(f"worker processes cannot start: the last one {reason}")
        if worker.call is None:
            return
        if self.alone is None:
            self.suspects.append((worker.call, reason))
            return
        first, self.alone = self.alone[1], None
        yield Outcome(worker.call, failure=f"{first}; tried once more alone, it {reason}")

    def _grant(self) -> None:
        """Let calls go on whose claims fit, the first that asked first; one at least."""
        waiting = [worker for worker in self._busy() if worker.request is not None]
        for worker in sorted(waiting, key=lambda worker: worker.asked):
            others = [other for other in self._busy() if other is not worker]
            claimed = sum(other.claim for other in others)
            all_wait = all(other.request is not None for other in others)
            assert worker.request is not None
            if self.memory is not None and claimed + worker.request > self.memory and not all_wait:
                break  # smaller ones that came later would let it wait for ever
            worker.claim, worker.request, worker.deadline = worker.request, None, self._deadline()
            try:
                worker.connection.send(GRANTED)
            except OSError:
                pass


def _remove(worker: Worker) -> None:
    """Kill a worker if it still runs, and free what it held."""
    worker.process.kill()
    worker.process.join()
    worker.process.close()
    worker.connection.close()


def _death(code: int | None) -> str:
    """Say how a process ended."""
    if code is None or code >= 0:
        return f"ended with exit code {code}"
    name = signal.Signals(-code).name if -code in signal.valid_signals() else f"signal {-code}"
    return f"was killed by {name}{', as where memory runs out' * (name == 'SIGKILL')}"
