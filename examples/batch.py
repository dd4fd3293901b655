"""Measure batches: what worker processes are worth, and what a batch itself costs.

    python examples/batch.py --output examples/results/batch.md
    python examples/batch.py --parts workers --images 20 --rounds 3

Runs whole commands on crops of pictures of scikit-image in a temporary folder, and needs Linux:

- workers: images of 256 x 256 pixels, 10 % of them missing, by one process with one thread, by two processes, and by
  one process with two threads. Rounds of --chunk images take turns, and then comes one call on --images.
- calls: 20 images of 128 x 128 pixels by one call and by 20.
- tiny: --tiny images of 16 x 16 pixels: memory and CPU time of the parent process. Then the same command again.
- cluster: 40 images of 256 x 256 pixels by two workers, and by `--cluster local`, which needs the extra `cluster`.

Prints Markdown tables; targets that were missed are bold. CPU seconds are of all processes of a call; "of the work" are
those on images, the first of which loads torch. "Others" is what other programs took of the machine at the same time,
in cores. Ratios are of runs that follow each other.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

INPAINT = (sys.executable, "-m", "inrr_cli", "inpaint", "--device", "cpu", "-q", "-o", "out", "--json")
PICTURES = (data.camera, data.astronaut, data.chelsea, data.coffee, data.moon, data.coins, data.rocket)
ONE, TWO_JOBS, TWO_THREADS = "one process, one thread", "two processes", "one process, two threads"
QUICK = ("--rounds", "2", "--similar", "8", "--radius", "3", "--noise", "0")
TICKS = os.sysconf("SC_CLK_TCK")  # of the clock of /proc, in a second
SAMPLE = 0.05  # seconds between two looks at a parent process
CALLS, CLUSTER_IMAGES = 20, 40


@dataclass(frozen=True)
class Cost:
    """What a run took: its time, its CPU time, that of the images by the journal, and the cores that others took."""

    seconds: float
    cpu: float
    work: float
    others: float


@dataclass(frozen=True)
class Parent:
    """The parent process of a batch, at a moment: CPU time and resident memory in MB, each of it alone."""

    cpu: float
    memory: float


def write_images(folder: Path, names: range, side: int, fraction: float) -> None:
    """Write crops of pictures to ``folder``/in, and a mask for each to ``folder``/masks."""
    pictures = [np.asarray(Image.fromarray(picture()).convert("L")) for picture in PICTURES]
    for part in ("in", "masks"):
        (folder / part).mkdir(parents=True)
    for number in names:
        rng = np.random.default_rng(number)
        picture = pictures[number % len(pictures)]
        row, column = (rng.integers(0, size - side + 1) for size in picture.shape)
        Image.fromarray(picture[row : row + side, column : column + side]).save(folder / "in" / f"{number:05}.png")
        missing = np.zeros(side * side, bool)
        missing[rng.choice(side * side, round(fraction * side * side), replace=False)] = True
        Image.fromarray(missing.reshape(side, side)).save(folder / "masks" / f"{number:05}.png")


def busy_seconds() -> float:
    """Return the seconds for which cores were not idle, and those that other virtual machines took, since the boot."""
    user, nice, system, _, _, *others = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:])
    return (user + nice + system + sum(others[:3])) / TICKS  # a guest's time is in that of the user


def own_seconds() -> float:
    """Return the CPU time of this program and of all commands so far."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def run(folder: Path, *commands: tuple[str, ...], threads: int | None = None) -> Cost:
    """Return what commands take one after the other, without results of earlier ones."""
    shutil.rmtree(folder / "out", ignore_errors=True)
    (folder / "out").mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    if threads is not None:
        environment["OMP_NUM_THREADS"] = str(threads)
    busy, own, start = busy_seconds(), own_seconds(), time.perf_counter()
    for command in commands:
        subprocess.run([*INPAINT, *command], cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True)
    seconds, cpu = time.perf_counter() - start, own_seconds() - own
    return Cost(seconds, cpu, work_seconds(folder / "out"), max(0.0, busy_seconds() - busy - cpu) / seconds)


def work_seconds(folder: Path) -> float:
    """Return the CPU time that the journals of a folder say of the work on images, without the start of processes."""
    lines = [line for path in folder.glob("inrr-journal*.jsonl") for line in path.read_text().splitlines()]
    return sum(json.loads(line).get("cpu_seconds", 0.0) for line in lines)


def whole(*more: str) -> tuple[str, ...]:
    """Return the command on all images of a folder."""
    return ("in", "--mask", "masks", *more)


def by_workers(folder: Path, way: str) -> Cost:
    """Return what the images of a folder take."""
    return run(folder, whole("--jobs", "2" if way == TWO_JOBS else "1"), threads=1 if way == ONE else None)


def target(what: str, ratios: list[float], wanted: float, *, least: bool = False) -> str:
    """Return a row on a target: the median of ratios and their range, bold if it misses what is wanted."""
    median = statistics.median(ratios)
    missed = median < wanted if least else median > wanted
    spread = f" ({min(ratios):.2f} to {max(ratios):.2f})" if len(ratios) > 1 else ""
    bold = "**" if missed else ""
    return f"| {what} | {'at least' if least else 'at most'} {wanted:.3g} | {bold}{median:.2f}{bold}{spread} |"


TARGETS = "\n| target | wanted | measured |\n|---|---|---|"


def measure_workers(folder: Path, chunk: int, rounds: int, images: int) -> Iterator[str]:
    """Yield the tables of one and two processes."""
    yield "## Workers\n\n| images | by | calls | seconds an image | CPU seconds | of the work | others |"
    yield "|---|---|---|---|---|---|---|"
    costs: dict[str, list[Cost]] = {way: [] for way in (ONE, TWO_JOBS, TWO_THREADS)}
    for number in range(rounds):
        write_images(folder / f"chunk{number}", range(number * chunk, (number + 1) * chunk), 256, 0.1)
        for way in np.roll(list(costs), number):
            costs[way].append(by_workers(folder / f"chunk{number}", way))
    for way in costs if rounds else ():
        yield row(chunk, way, costs[way])
    if images:
        write_images(folder / "all", range(images), 256, 0.1)
    whole_run = {way: by_workers(folder / "all", way) for way in costs} if images else {}
    for way, cost in whole_run.items():
        yield row(images, way, [cost])
    for size, found in ((chunk, costs), (images, {way: [cost] for way, cost in whole_run.items()})):
        if not found.get(ONE):
            continue
        yield TARGETS
        faster = [one.seconds / two.seconds for one, two in zip(found[ONE], found[TWO_JOBS], strict=True)]
        threads = [two.seconds / one.seconds for one, two in zip(found[TWO_THREADS], found[TWO_JOBS], strict=True)]
        cpu = [two.cpu / one.cpu for one, two in zip(found[ONE], found[TWO_JOBS], strict=True)]
        work = [two.work / one.work for one, two in zip(found[ONE], found[TWO_JOBS], strict=True)]
        yield target(f"{size} images: two processes, times as fast as one with one thread", faster, 1.8, least=True)
        yield target(f"{size} images: two processes, time over that of one with two threads", threads, 1.0)
        yield target(f"{size} images: two processes, CPU time over that of one with one thread", cpu, 1.1)
        yield target(f"{size} images: the same without the start of processes", work, 1.1)


def row(images: int, way: str, costs: list[Cost]) -> str:
    """Return the row of a table: medians of runs."""
    medians = [statistics.median(getattr(cost, name) for cost in costs) for name in ("seconds", "cpu", "work")]
    others = [cost.others for cost in costs]
    spread = f"{min(others):.1f} to {max(others):.1f}" if len(others) > 1 else f"{others[0]:.1f}"
    cells = [f"{median / images:.2f}" if median else "" for median in medians]
    return f"| {images} | {way} | {len(costs)} | {' | '.join(cells)} | {spread} |"


def measure_calls(folder: Path, rounds: int) -> Iterator[str]:
    """Yield the tables of one call on several images and a call on each."""
    write_images(folder, range(CALLS), 128, 0.1)
    single = [(f"in/{n:05}.png", "--mask", f"masks/{n:05}.png") for n in range(CALLS)]
    pairs = [(run(folder, whole()), run(folder, *single)) for _ in range(rounds)]
    yield "## Calls\n\n| images | by | times | seconds an image | CPU seconds | of the work | others |"
    yield "|---|---|---|---|---|---|---|"
    for way, costs in zip(("one call", f"{CALLS} calls"), zip(*pairs, strict=True), strict=True):
        yield row(CALLS, way, list(costs))
    yield TARGETS
    yield target(f"one call, time over that of {CALLS}", [one.seconds / each.seconds for one, each in pairs], 1 / 3)


def parent(process: int) -> Parent:
    """Return what a process has used; the memory is 0 if it has ended."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return Parent((int(fields[11]) + int(fields[12])) / TICKS, int(fields[21]) * resource.getpagesize() / 1e6)


def watch(folder: Path, moments: list[int], *more: str) -> tuple[float, dict[int, Parent], Parent]:
    """Run a batch; return its time, the parent when n images were done, and all that the parent took at most."""
    start, found, most, done = time.perf_counter(), {}, 0.0, 0
    with (folder / "records").open("w+b") as records:
        process = subprocess.Popen([*INPAINT, *whole(*QUICK, *more)], cwd=folder, stdout=records.fileno())
        with (folder / "records").open("rb") as lines:
            while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                now, done = parent(process.pid), done + lines.read().count(b"\n")
                most = max(most, now.memory)
                while moments and moments[0] <= done:
                    found[moments.pop(0)] = now
                time.sleep(SAMPLE)
    seconds, cpu = time.perf_counter() - start, parent(process.pid).cpu  # of a process that is kept until it is waited
    if process.wait():
        raise SystemExit("the batch failed")
    found |= dict.fromkeys(moments, now)  # reached after the last look
    return seconds, found, Parent(cpu, most)


def measure_tiny(folder: Path, images: int) -> Iterator[str]:
    """Yield the tables of the parent's memory and CPU time."""
    write_images(folder, range(images), 16, 0.02)
    (folder / "out").mkdir()
    moments = sorted({1, 100, 1000, images // 2, images} & set(range(images + 1)))
    seconds, found, end = watch(folder, moments, "--jobs", "2")
    again, _, end_again = watch(folder, [], "--jobs", "2")
    yield f"## {images} tiny images\n\n| when | the parent's memory in MB | its CPU seconds |\n|---|---|---|"
    for number, then in found.items():
        yield f"| {number} done | {then.memory:.1f} | {then.cpu:.2f} |"
    yield f"| until its end | {end.memory:.1f} | {end.cpu:.2f} |"
    yield f"| again, with nothing to do | {end_again.memory:.1f} | {end_again.cpu:.2f} |"
    yield f"\nThe run took {seconds:.0f} s, and the second one, with nothing to do, {again:.1f} s."
    yield TARGETS
    yield target("CPU milliseconds of the parent for an image", [1e3 * end.cpu / images], 20)
    yield target("MB that the parent grows for 1,000 images", [growth(found)], 1)


def growth(found: dict[int, Parent]) -> float:
    """Return the MB for 1,000 images by which a parent has grown."""
    (first, before), *_, (last, after) = found.items()
    return (after.memory - before.memory) / (last - first) * 1e3


def measure_cluster(folder: Path, rounds: int) -> Iterator[str]:
    """Yield the tables of two workers and a cluster."""
    write_images(folder, range(CLUSTER_IMAGES), 256, 0.1)
    jobs, cluster = ("--jobs", "2"), ("--jobs", "2", "--cluster", "local")
    pairs = [(run(folder, whole(*jobs)), run(folder, whole(*cluster))) for _ in range(rounds)]
    yield "## A cluster\n\n| images | by | calls | seconds an image | CPU seconds | of the work | others |"
    yield "|---|---|---|---|---|---|---|"
    for way, costs in zip((TWO_JOBS, "`--cluster local`, two workers"), zip(*pairs, strict=True), strict=True):
        yield row(CLUSTER_IMAGES, way, list(costs))
    yield TARGETS
    yield target("a cluster, time over that of two processes", [two.seconds / one.seconds for one, two in pairs], 1.1)


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = ("workers", "calls", "tiny", "cluster")
    parser.add_argument("--parts", nargs="+", choices=parts, default=list(parts))
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--chunk", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tiny", type=int, default=10_000)
    parser.add_argument("--output", type=Path, help="file to write too")
    given = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tables = {
            "workers": lambda: measure_workers(folder / "workers", given.chunk, given.rounds, given.images),
            "calls": lambda: measure_calls(folder / "calls", given.rounds),
            "tiny": lambda: measure_tiny(folder / "tiny", given.tiny),
            "cluster": lambda: measure_cluster(folder / "cluster", given.rounds),
        }
        for part in given.parts:
            for line in tables[part]():
                lines.append(line)
                print(line, flush=True)
            lines.append("")
            print(flush=True)
            if given.output is not None:
                given.output.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
