"""A batch on a Dask cluster: the same bytes as by processes, whatever happens to the cluster."""

import json
import os
import shutil
import signal
import socket
import sys
import time
from pathlib import Path

import pytest
from survival import COUNT, LIMIT, PROMPT, Batch, kill_session, session, start, wait_for, workers

pytest.importorskip("distributed")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
SHIPPED = "only-shipped"  # a folder of this name is out of reach of the workers
OUT_OF_REACH = f"""
import sys

def refuse(event, arguments):
    if event == "open" and "/{SHIPPED}/" in str(arguments[0]):
        raise PermissionError(13, "out of reach")

sys.addaudithook(refuse)
"""


class Cluster:
    """A scheduler and two workers of this machine, which run in a folder of their own."""

    def __init__(self, folder):
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(OUT_OF_REACH)
        self.folder, self.file = folder, folder / "scheduler.json"
        self.processes = []
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", 0)
        wait_for(lambda: self.file.exists() and self.file.read_text().endswith("}"))
        self.address = json.loads(self.file.read_text())["address"]
        self.nannies = [
            self._start("worker", "--nworkers", 1, "--nthreads", 1, "--local-directory", folder) for _ in range(2)
        ]
        self.wait_for_workers()

    def _start(self, kind, *arguments):
        log = self.folder / f"log{len(self.processes)}"
        command = (sys.executable, "-m", "dask", kind, "--scheduler-file", self.file, "--no-dashboard", *arguments)
        process = start(command, self.folder, log, python_path=[self.folder])
        process.log = log
        self.processes.append(process)
        return process

    def wait_for_workers(self):
        for nanny in self.nannies:
            wait_for(lambda nanny=nanny: "Registered to:" in Path(f"{nanny.log}.err").read_text())

    def close(self):
        for process in self.processes:
            kill_session(process.pid)
            process.wait()


@pytest.fixture(scope="module")
def shared_cluster(tmp_path_factory):
    """A cluster for tests that leave it as it is."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster") / "cluster")
    yield cluster
    cluster.close()


@pytest.fixture
def new_cluster(tmp_path):
    """Start clusters, which end with the test."""
    clusters = []

    def start_cluster():
        clusters.append(Cluster(tmp_path / f"cluster{len(clusters)}"))
        return clusters[-1]

    yield start_cluster
    for cluster in clusters:
        cluster.close()


def test_a_scheduler_makes_the_same_bytes(batch, undisturbed, shared_cluster):
    assert batch.run("--cluster", shared_cluster.address) == (0, [])
    batch.check_outputs(undisturbed)
    batch.check_work()


@pytest.mark.slow
def test_a_cluster_of_this_machine_makes_the_same_bytes(batch, undisturbed):
    process = batch.start("--cluster", "local", "--jobs", 2)
    assert batch.end(process) == (0, [])
    batch.check_outputs(undisturbed)
    batch.check_work()
    wait_for(lambda: not session(process.pid), PROMPT)


def facts(sidecar):
    """Return what a sidecar says but for times, memory and the paths of the files."""
    said = json.loads(Path(sidecar).read_text())
    return {key: value for key, value in said.items() if key not in ("input", "output", "seconds", "peak_rss_mb")}


@pytest.fixture
def far(tmp_path, pictures):
    """A batch on files that the workers cannot reach."""
    batch = Batch(tmp_path / SHIPPED, pictures)
    yield batch
    batch.close()


@pytest.mark.slow
def test_what_is_not_shipped_is_out_of_reach(far, shared_cluster):
    code, error = far.run("--cluster", shared_cluster.address, images=("in/00.png", "in/01.png"))
    assert (code, len(error)) == (3, 2), error


@pytest.mark.slow
def test_shipped_files_come_back_the_same(far, undisturbed, shared_cluster):
    batch = far
    extra = ("--uncertainty", "out", "--sidecar", "out", "--save-mask", "out")
    assert batch.run("--jobs", 2, *extra) == (0, [])
    batch.out.rename(batch.folder / "local")
    batch.out.mkdir()
    assert batch.run("--cluster", shared_cluster.address, "--ship", *extra) == (0, [])
    names = {path.name for path in batch.out.iterdir()}
    assert names == {path.name for path in (batch.folder / "local").iterdir()}
    assert len(names) == 4 * COUNT + 3
    for name in names:
        here, local = batch.out / name, batch.folder / "local" / name
        if here.suffix == ".json":
            assert facts(here) == facts(local)
        elif not name.startswith("inrr-"):
            assert here.read_bytes() == local.read_bytes(), name
    assert {name: (batch.out / name).read_bytes() for name in undisturbed} == undisturbed
    assert batch.run("--cluster", shared_cluster.address, "--ship", *extra) == (0, [])
    batch.check_work()


def spoil(batch):
    (batch.folder / "in/07.png").write_bytes((batch.folder / "in/07.png").read_bytes()[:200])
    (batch.folder / "in/08.png").write_bytes(b"")
    (batch.folder / "masks").mkdir()
    for number in range(COUNT):
        if number != 9:
            shutil.copy(batch.folder / "mask.png", batch.folder / f"masks/{number:02}.png")
    shutil.copy(batch.folder / "mask.png", batch.folder / "masks/nowhere.png")
    return {"images": ("in", "nowhere.png"), "mask": "masks"}


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("--ship",)])
def test_images_that_fail_are_reported_as_by_processes(batch, shared_cluster, more):
    ask = spoil(batch)
    code, local = batch.run("--jobs", 2, **ask)
    assert code == 3
    shutil.rmtree(batch.out)
    code, error = batch.run("--cluster", shared_cluster.address, *more, **ask)
    assert code == 3
    assert sorted(line.replace(f"{batch.folder}/", "") for line in error) == sorted(local)
    assert [sum(f"/{name}.png: " in line for line in local) for name in ("07", "08", "09")] == [1, 1, 1]


@pytest.mark.slow
@pytest.mark.parametrize("with_nanny", [False, True])
def test_a_worker_is_killed(batch, undisturbed, new_cluster, with_nanny):
    cluster = new_cluster()
    process = batch.start("--cluster", cluster.address)
    batch.wait_for_done(10, process)
    nanny = cluster.nannies[0].pid
    if with_nanny:
        kill_session(nanny)
    else:
        os.kill(workers(nanny)[0], signal.SIGKILL)
    assert batch.end(process) == (0, [])
    batch.check_outputs(undisturbed)
    batch.check_work()


@pytest.mark.slow
def test_the_scheduler_is_killed(batch, undisturbed, new_cluster):
    cluster = new_cluster()
    process = batch.start("--cluster", cluster.address)
    batch.wait_for_done(10, process)
    kill_session(cluster.scheduler.pid)
    start = time.monotonic()
    assert batch.end(process) == (
        1,
        [f"inrr: error: {cluster.address}: the scheduler is gone; the same command goes on with another"],
    )
    assert time.monotonic() - start < 2 * PROMPT
    in_work = batch.in_work()
    assert len(in_work) <= 4  # two for each worker
    code, error = batch.run("--cluster", cluster.address)
    assert (code, len(error)) == (1, 1)
    assert "no Dask scheduler answers there" in error[0]
    cluster.close()
    assert batch.run("--cluster", new_cluster().address) == (0, [])
    batch.check_outputs(undisturbed)
    batch.check_work(twice=in_work)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["local", "address"])
def test_the_command_is_killed(batch, undisturbed, shared_cluster, where):
    to = ("--jobs", 2, "--cluster", shared_cluster.address if where == "address" else where)
    process = batch.start(*to)
    batch.wait_for_done(10, process)
    process.kill()
    process.wait()
    in_work = batch.in_work()
    wait_for(lambda: not session(process.pid), LIMIT)
    assert batch.run(*to) == (0, [])
    batch.check_outputs(undisturbed)
    batch.check_work(twice=in_work)


@pytest.mark.slow
@pytest.mark.parametrize("done", [0, 10])
@pytest.mark.parametrize("where", ["local", "address"])
@pytest.mark.parametrize(("number", "send"), [(signal.SIGINT, os.kill), (signal.SIGINT, os.killpg),
                                              (signal.SIGTERM, os.kill)])  # fmt: skip
def test_ctrl_c_and_sigterm(batch, undisturbed, shared_cluster, where, number, send, done):
    to = ("--jobs", 2, "--cluster", shared_cluster.address if where == "address" else where)
    process = batch.start(*to, quiet=())
    if done:
        batch.wait_for_done(done, process)
    elif where == "local":
        wait_for(lambda: workers(process.pid))
    else:
        wait_for(lambda: (batch.out / "inrr-settings.toml").exists())
    batch.check_interrupted(process, send, number)
    in_work = batch.in_work()
    assert batch.run(*to) == (0, [])
    batch.check_outputs(undisturbed)
    batch.check_work(twice=in_work)


@pytest.mark.slow
def test_ctrl_c_while_a_scheduler_does_not_answer(batch):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        process = batch.start("--cluster", f"tcp://127.0.0.1:{deaf.getsockname()[1]}", quiet=())
        with deaf.accept()[0]:
            batch.check_interrupted(process, os.kill, signal.SIGINT)
    assert not batch.events()["begun"]
