"""A batch by processes survives what may happen to them, to the disk and to its folder."""

import os
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from survival import CODES, COUNT, PROMPT, session, wait_for, workers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
SHARDS = {f"inrr-{kind}-{number}-of-2.{ending}" for number in (1, 2) for kind, ending in
          (("journal", "jsonl"), ("settings", "toml"), ("summary", "csv"))}  # fmt: skip


def wait_for_end_of(process):
    """Wait until none of the processes that a process started is left."""
    wait_for(lambda: not session(process.pid), PROMPT)


def test_a_worker_is_killed(batch, undisturbed):
    process = batch.start("--jobs", 2)
    batch.wait_for_done(10, process)
    os.kill(workers(process.pid)[0], signal.SIGKILL)
    assert batch.end(process) == (0, [])
    batch.check_outputs(undisturbed)
    batch.check_work()
    wait_for_end_of(process)


@pytest.mark.slow
def test_the_parent_is_killed(batch, undisturbed):
    process = batch.start("--jobs", 2)
    batch.wait_for_done(10, process)
    process.kill()
    process.wait()
    in_work = batch.in_work()
    assert 1 <= len(in_work) <= 3  # one each, and the next
    wait_for_end_of(process)
    assert batch.run("--jobs", 2) == (0, [])
    batch.check_outputs(undisturbed)
    batch.check_work(twice=in_work)


@pytest.mark.slow
def test_all_is_killed_while_a_file_is_written(batch, undisturbed):
    left, in_work = [], set()
    while not left:  # most are killed just after the file was moved to its place
        process = batch.start("--jobs", 2)
        batch.wait_for_done(1, process)
        while not list(batch.out.glob(".inrr-*")):
            assert process.poll() is None, "all was done before"
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        wait_for_end_of(process)
        left = list(batch.out.glob(".inrr-*"))
        in_work |= batch.in_work()
    assert batch.run("--jobs", 2) == (0, [])
    batch.check_outputs(undisturbed)
    assert set(batch.events()["done"].values()) == {1}


@pytest.fixture
def small_disk(batch):
    """A disk for the outputs that is full before they are all there; what comes frees it."""
    batch.out.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=120k", "none", batch.out]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("cannot mount a disk here")
    yield lambda: subprocess.run(["mount", "-o", "remount,size=9m", batch.out], check=True)
    subprocess.run(["umount", "--lazy", batch.out], check=True)


def stopped_with(batch, code, error, error_text):
    """Check that a batch stopped in order: few lines, all of them errors or warnings, the first says why."""
    assert code in (1, 2)
    assert len(error) <= 3
    assert all(line.startswith(("inrr: error: ", "inrr: warning: ")) for line in error), error
    assert error_text in error[0]
    assert 0 < len(batch.events()["done"]) < COUNT


@pytest.mark.slow
def test_the_disk_is_full(batch, undisturbed, small_disk):
    stopped_with(batch, *batch.run("--jobs", 2), "No space left on device")
    again = batch.run("--jobs", 2)
    stopped_with(batch, *again, "No space left on device")
    begun = batch.events()["begun"]
    small_disk()
    in_work = batch.in_work()
    assert batch.run("--jobs", 2) == (0, [])
    batch.check_outputs(undisturbed)
    assert {name for name, count in (batch.events()["begun"] - begun).items() if begun[name]} == in_work
    assert set(batch.events()["done"].values()) == {1}


@pytest.mark.slow
def test_the_journal_can_grow_no_more(batch, undisturbed):
    """As on a full disk or over a quota, but for whoever runs the tests."""
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # noqa: E731
    code, error = batch.run("--jobs", 2, before=limit)
    stopped_with(batch, code, error, "inrr-journal.jsonl: cannot write the journal: ")
    in_work = batch.in_work()
    assert batch.run("--jobs", 2) == (0, [])
    batch.check_outputs(undisturbed)
    batch.check_work(twice=in_work)


def make_read_only(folder):
    if os.geteuid() != 0:
        folder.chmod(0o555)
    elif subprocess.run(["chattr", "+i", folder], capture_output=True).returncode != 0:
        pytest.skip("nothing keeps root from writing here")


def make_writable(folder):
    folder.chmod(0o755) if os.geteuid() != 0 else subprocess.run(["chattr", "-i", folder], check=True)


@pytest.mark.slow
def test_the_folder_becomes_read_only(batch, undisturbed):
    process = batch.start("--jobs", 2)
    batch.wait_for_done(10, process)
    make_read_only(batch.out)
    try:
        code, error = batch.end(process)
        refused, why = batch.run("--jobs", 2)
    finally:
        make_writable(batch.out)
    stopped_with(batch, code, error, "; free the place and run the command again, which goes on")
    assert (refused, len(why)) == (2, 1), why
    in_work = batch.in_work()
    assert batch.run("--jobs", 2) == (0, [])
    batch.check_outputs(undisturbed)
    batch.check_work(twice=in_work)


@pytest.mark.slow
@pytest.mark.parametrize("done", [0, 1, 10])
@pytest.mark.parametrize("send", [os.kill, os.killpg])
@pytest.mark.parametrize("number", CODES)
def test_ctrl_c_and_sigterm(batch, undisturbed, number, send, done):
    process = batch.start("--jobs", 2, quiet=())
    if done:
        batch.wait_for_done(done, process)
    else:  # while they load what they need
        wait_for(lambda: workers(process.pid))
    batch.check_interrupted(process, send, number)
    in_work = batch.in_work()
    assert batch.run("--jobs", 2) == (0, [])
    batch.check_outputs(undisturbed)
    batch.check_work(twice=in_work)


@pytest.mark.slow
def test_a_second_run_into_the_folder_is_refused(batch, undisturbed):
    process = batch.start("--jobs", 1)
    batch.wait_for_done(1, process)
    code, error = batch.run("--jobs", 1)
    assert (code, len(error)) == (2, 1)
    assert "another run is writing to this folder; wait for its end" in error[0]
    assert batch.end(process) == (0, [])
    batch.check_outputs(undisturbed)
    batch.check_work()


@pytest.mark.slow
def test_two_shards_at_the_same_time(batch, undisturbed):
    both = [batch.start("--jobs", 1, "--shard", f"{number}/2") for number in (1, 2)]
    assert [batch.end(process) for process in both] == [(0, []), (0, [])]
    batch.check_outputs(undisturbed, SHARDS)
    batch.check_work()


@pytest.mark.slow
def test_a_shard_is_killed_beside_another(batch, undisturbed):
    """Whoever goes on with a shard must not touch what the other one is writing."""
    both = [batch.start("--jobs", 1, "--shard", f"{number}/2") for number in (1, 2)]
    batch.wait_for_done(6, both[0])
    os.killpg(both[0].pid, signal.SIGKILL)
    in_work = batch.in_work()
    assert batch.run("--jobs", 1, "--shard", "1/2") == (0, [])
    assert batch.end(both[1]) == (0, [])
    batch.check_outputs(undisturbed, SHARDS)
    batch.check_work(twice=in_work)


@pytest.mark.slow
def test_a_damaged_image_and_one_that_takes_too_long(batch, undisturbed):
    damaged, large = batch.folder / "in/07.png", batch.folder / "in/30.png"
    good = {path: path.read_bytes() for path in (damaged, large)}
    damaged.write_bytes(good[damaged][:200])
    Image.fromarray(np.tile(np.asarray(Image.open(large)), (120, 120))).save(large)
    (batch.folder / "masks").mkdir()
    for number in range(COUNT):
        os.link(batch.folder / "mask.png", batch.folder / f"masks/{number:02}.png")
    mask = batch.folder / "masks/30.png"
    mask.unlink()
    Image.fromarray(np.tile(np.asarray(Image.open(batch.folder / "mask.png")), (120, 120))).save(mask)
    code, error = batch.run("--jobs", 4, "--timeout", 10, mask="masks")
    assert code == 3
    assert any("in/07.png" in line for line in error)
    assert any("in/30.png" in line and "took longer than the 10 s of --timeout" in line for line in error)
    assert set(batch.events()["failed"]) == {"07_restored", "30_restored"}
    for path, content in good.items():
        path.write_bytes(content)
    mask.unlink()
    os.link(batch.folder / "mask.png", mask)
    assert batch.run("--jobs", 4, "--timeout", 60, mask="masks") == (0, [])
    batch.check_outputs(undisturbed)
    batch.check_work(twice={"07_restored", "30_restored"})
