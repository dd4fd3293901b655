"""Worker processes: results, deaths, time limits, memory, and an end without children."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import calls_for_tests as functions
import pytest

from inrr_cli.batch.calls import Call
from inrr_cli.batch.starting import signals_held
from inrr_cli.batch.workers import WorkerPool


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    """Let workers, which are new processes, import the functions."""
    here = str(Path(__file__).parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])]))


def calls(function, *arguments):
    return [Call(str(number), function, each) for number, each in enumerate(arguments)]


def gather(pool, work):
    with pool:
        return {outcome.call.name: outcome.value or outcome.failure for outcome in pool.run(work)}


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_every_call_comes_back_and_an_exception_is_the_failure_of_its_call():
    work = [*calls(functions.double, *((n,) for n in range(1, 7))), Call("bad", functions.fail, ("no such thing",))]
    got = gather(WorkerPool(2, 1), iter(work))
    assert got == {str(n): 2 * (n + 1) for n in range(6)} | {"bad": "ValueError: no such thing"}


def test_nothing_to_do_starts_no_worker(monkeypatch):
    monkeypatch.setattr(WorkerPool, "_start_workers", lambda pool: pytest.fail("a worker was started"))
    assert gather(WorkerPool(2, 1), iter([None, None])) == {}


def test_torch_has_the_threads_of_the_worker():
    assert gather(WorkerPool(1, 1), calls(functions.threads_of_torch, ())) == {"0": 1}


def test_a_call_whose_worker_is_killed_is_run_once_more_and_the_others_are_not(tmp_path):
    work = [Call("victim", functions.die_once, (str(tmp_path / "died"),)), *calls(functions.double, (1,), (2,))]
    assert gather(WorkerPool(2, 1), work) == {"victim": "survived", "0": 2, "1": 4}


def test_a_call_that_kills_its_worker_twice_has_failed():
    got = gather(WorkerPool(2, 1), [Call("bad", functions.die), *calls(functions.double, (1,), (2,), (3,))])
    assert got.pop("bad") == (
        "was killed by SIGKILL, as where memory runs out; tried once more alone, it was killed by SIGKILL, as where "
        "memory runs out"
    )
    assert got == {"0": 2, "1": 4, "2": 6}


def test_a_call_that_takes_too_long_is_stopped():
    start = time.monotonic()
    got = gather(WorkerPool(1, 1, timeout=1.0), [Call("slow", functions.sleep, (60,)), *calls(functions.double, (4,))])
    assert got["slow"].startswith("took longer than the 1 s of --timeout; tried once more alone")
    assert got["0"] == 8
    assert time.monotonic() - start < 30


@pytest.mark.parametrize(("memory", "most"), [(100.0, 1), (1000.0, 2)])
def test_calls_wait_until_their_memory_is_free(tmp_path, memory, most):
    got = gather(WorkerPool(2, 1, memory=memory), calls(functions.claim_and_count, *[(str(tmp_path), 80.0)] * 6))
    assert max(got.values()) == most


def test_a_claim_above_all_memory_runs_alone(tmp_path):
    got = gather(WorkerPool(2, 1, memory=50.0), calls(functions.claim_and_count, *[(str(tmp_path), 80.0)] * 3))
    assert set(got.values()) == {1}


def test_leaving_early_ends_the_workers_within_two_seconds():
    with WorkerPool(2, 1) as pool:
        outcomes = pool.run([*calls(functions.pid, ()), *calls(functions.sleep, (60,), (60,))])
        pid = next(outcomes).value
        start = time.monotonic()
    assert time.monotonic() - start < 2
    assert not is_alive(pid)


def test_workers_of_a_killed_parent_end():
    program = (
        "import calls_for_tests as f\n"
        "from inrr_cli.batch.calls import Call\n"
        "from inrr_cli.batch.workers import WorkerPool\n"
        "if __name__ == '__main__':\n"
        "    calls = [Call('a', f.pid), Call('b', f.pid), *[Call('c', f.sleep, (60,))] * 2]\n"
        "    with WorkerPool(2, 1) as pool:\n"
        "        for outcome in pool.run(calls):\n"
        "            print(outcome.value, flush=True)\n"
    )
    here = os.environ["PYTHONPATH"].split(os.pathsep)[0]
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=here) as parent:
        pids = {int(parent.stdout.readline()) for _ in range(2)}
        time.sleep(0.3)
        parent.send_signal(signal.SIGKILL)
    end = time.monotonic() + 5
    while any(map(is_alive, pids)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(is_alive, pids))


@pytest.mark.parametrize("other_thread", [False, True])
def test_a_signal_does_not_break_off_a_start(other_thread):
    done = []

    def start_and_be_interrupted():
        with signals_held([signal.SIGINT]):
            if other_thread:  # which has it unblocked, as those of numpy may
                thread.start()
                thread.join()
            else:
                signal.raise_signal(signal.SIGINT)
            done.append("start")
        done.append("lost")

    def unblocked():
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        os.kill(os.getpid(), signal.SIGINT)

    thread = Thread(target=unblocked)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has what it starts with & ignore SIGINT
    try:
        with pytest.raises(KeyboardInterrupt):
            start_and_be_interrupted()
    finally:
        signal.signal(signal.SIGINT, before)
    assert done == ["start"]
