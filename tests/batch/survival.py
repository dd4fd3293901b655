"""A batch of fifty tiny images by the real command, and what must hold whatever was done to it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

import inrr_cli

COUNT = 50
QUICK = ("--rounds", 2, "--similar", 8, "--radius", 3, "--device", "cpu")
LIMIT = 120  # seconds until a test gives up; a machine that does much else takes its time
PROMPT = 4  # seconds for what takes less than two where nothing else runs
INTERRUPTED = "inrr: interrupted; no file was left half-written"
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
OWN = {"inrr-journal.jsonl", "inrr-settings.toml", "inrr-summary.csv"}  # files of a batch beside the images


def make_images(folder):
    """Make the folder ``in`` of images, and a mask."""
    rng = np.random.default_rng(0)
    (folder / "in").mkdir()
    for number in range(COUNT):
        smooth = np.add.outer(np.arange(24), np.arange(32)) * 2 + rng.integers(0, 9, (24, 32))
        Image.fromarray(smooth.astype(np.uint8)).save(folder / f"in/{number:02}.png")
    mask = np.zeros((24, 32), np.uint8)
    mask[8:10, 5:20] = 255
    Image.fromarray(mask).save(folder / "mask.png")


def wait_for(condition, limit=LIMIT):
    """Return what a condition gives as soon as that is true."""
    end = time.monotonic() + limit
    while not (found := condition()):
        assert time.monotonic() < end, f"waited {limit} s in vain"
        time.sleep(0.005)
    return found


def heed():
    """Undo that a shell has its background jobs ignore Ctrl-C, which children inherit."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def start(command, folder, log, before=heed, python_path=()):
    """Start a process in a session of its own, which its children share."""
    here = [*map(str, python_path), str(Path(inrr_cli.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, here))}
    with open(f"{log}.out", "wb") as out, open(f"{log}.err", "wb") as err:
        return subprocess.Popen(
            [str(part) for part in command],
            cwd=folder, env=environment, stdout=out, stderr=err, start_new_session=True, preexec_fn=before,
        )  # fmt: skip


def session(leader):
    """Return the command lines of the processes of a session that live, by their ids."""
    found = {}
    for folder in Path("/proc").iterdir():
        try:
            state, _, _, number = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            if number == str(leader) and state != "Z":
                found[int(folder.name)] = (folder / "cmdline").read_text()
        except (OSError, ValueError):
            continue
    return found


def workers(leader):
    """Return the processes that compute: those that multiprocessing started."""
    return [pid for pid, command in session(leader).items() if "spawn_main" in command]


def kill_session(leader):
    """Kill what is left of a session, the group of its leader first."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass
    for pid in session(leader):
        os.kill(pid, signal.SIGKILL)


class Batch:
    """A batch in a folder of its own; `run` is the command to its end, `start` goes on with the test."""

    def __init__(self, folder, pictures):
        folder.mkdir(exist_ok=True)
        self.folder, self.out = folder, folder / "out"
        self.processes = []
        shutil.copytree(pictures / "in", folder / "in")
        shutil.copy(pictures / "mask.png", folder)

    def start(self, *more, images=("in",), mask="mask.png", quiet=("-q",), before=heed):
        ask = ("inpaint", *images, "--mask", mask, "-o", "out", *QUICK, *quiet, *more)
        log = self.folder / f"log{len(self.processes)}"
        process = start((sys.executable, "-m", "inrr_cli", *ask), self.folder, log, before)
        process.log = log
        self.processes.append(process)
        return process

    def end(self, process, limit=LIMIT):
        """Wait until a process ends; return its exit code and the lines that it said on stderr."""
        code = process.wait(limit)
        return code, [line for line in Path(f"{process.log}.err").read_text().split("\n") if line]

    def run(self, *more, **options):
        return self.end(self.start(*more, **options))

    def close(self):
        for process in self.processes:
            kill_session(process.pid)
            process.wait()

    def events(self):
        """Return what the journals say, by event: how often for each image."""
        found = {event: Counter() for event in ("begun", "done", "failed")}
        for path in self.out.glob("inrr-journal*.jsonl"):
            for line in path.read_bytes().split(b"\n")[:-1]:  # the last may be in the making
                try:
                    said = json.loads(line)
                except ValueError:  # cut off
                    continue
                found[said["event"]][said["name"]] += 1
        return found

    def wait_for_done(self, count, process):
        """Wait until so many images are done, and the process still works."""
        wait_for(lambda: self.events()["done"].total() >= count or process.poll() is not None)
        assert process.poll() is None, Path(f"{process.log}.err").read_text()

    def check_interrupted(self, process, send, number):
        """Interrupt a command that is not quiet: it must end soon, say so in a line, and leave no process."""
        start = time.monotonic()
        send(process.pid, number)
        code, error = self.end(process)
        assert time.monotonic() - start < PROMPT
        assert code == CODES[number]
        progress = ("filling 30 of", "in/", str(self.folder))
        assert [line for line in error if not line.startswith(progress)] == [INTERRUPTED], error
        wait_for(lambda: not session(process.pid), PROMPT)

    def in_work(self):
        """Return the images that are begun and neither done nor failed."""
        events = self.events()
        return set(events["begun"]) - set(events["done"])

    def check_outputs(self, undisturbed, own=OWN):
        """Check that all images are there as by an undisturbed run, and no other file."""
        assert {path.name for path in self.out.iterdir()} == {*undisturbed, *own}
        assert {name: (self.out / name).read_bytes() for name in undisturbed} == undisturbed

    def check_work(self, twice=frozenset()):
        """Check that every image was done once, and none was begun again but those that were in work."""
        events = self.events()
        assert len(events["done"]) == COUNT
        assert set(events["done"].values()) == {1}
        assert {name for name, count in events["begun"].items() if count > 1} <= set(twice)
        assert max(events["begun"].values()) <= 2
