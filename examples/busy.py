"""Measure how much a busy machine slows inrr down, and whether its own threads get in each other's way.

    python examples/busy.py
    python examples/busy.py --rounds 5 --engines patches superres

Runs each engine on a small crop of a photograph, with the default number of threads, with one and with one for each
core: on the idle machine, beside a process that keeps one core busy, and four at once. The order changes from round to
round, and each run is a whole command. Prints a Markdown table of median seconds, and the default over the better of
the two others, which should be at most 1.2.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.data import camera

from inrr_cli import make_mask

INRR = (sys.executable, "-m", "inrr_cli")
ENGINES = {
    "patches": ("inpaint", "160.png", "--mask", "160_mask.png"),
    "superres": ("superres", "64.png", "--scale", "2"),
    "siren": ("inpaint", "128.png", "--mask", "128_mask.png", "--net", "siren", "--reg", "none", "--steps", "100"),
    "inrr": ("inpaint", "128.png", "--mask", "128_mask.png", "--reg", "inrr", "--steps", "100"),
    "ntk": ("inpaint", "128.png", "--mask", "128_mask.png", "--net", "ntk"),
}
LOADS = ("idle", "one core busy", "four at once")
BUSY = "while True: pass"


def write_inputs(folder: Path) -> None:
    """Write the crops and the masks."""
    for side in (64, 128, 160):
        image = camera()[100 : 100 + side, 200 : 200 + side]
        Image.fromarray(image).save(folder / f"{side}.png")
        Image.fromarray(make_mask(image.shape, "random")).save(folder / f"{side}_mask.png")


def threads() -> dict[str, dict[str, str]]:
    """Return the environment of each number of threads."""
    clean = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    count = str(os.cpu_count())
    return {"default": clean, "1": clean | {"OMP_NUM_THREADS": "1"}, count: clean | {"OMP_NUM_THREADS": count}}


@contextmanager
def busy_core(wanted: bool) -> Iterator[None]:
    """Keep one core busy meanwhile."""
    if not wanted:
        yield
        return
    process = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def seconds(engine: str, load: str, environment: dict[str, str], folder: Path) -> float:
    """Return how long a command takes under a load; of four at once, until the last has ended."""
    count = 4 if load == "four at once" else 1
    with busy_core(load == "one core busy"):
        start = time.perf_counter()
        runs = [
            subprocess.Popen(
                [*INRR, *ENGINES[engine], "-o", f"out{number}.png", "--force", "-q"],
                cwd=folder,
                env=environment,
                stdout=subprocess.DEVNULL,
            )
            for number in range(count)
        ]
        if any(run.wait() for run in runs):
            raise SystemExit(f"{engine} failed")
        return time.perf_counter() - start


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--loads", nargs="+", choices=LOADS, default=list(LOADS))
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    counts = threads()
    print(f"| engine | load | {' | '.join(counts)} | default over the better |\n|---|---|{'---|' * (len(counts) + 1)}")
    worst = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder)
        for engine in given.engines:
            for load in given.loads:
                taken: dict[str, list[float]] = {count: [] for count in counts}
                for number in range(given.rounds):
                    for count in np.roll(list(counts), number):
                        taken[count].append(seconds(engine, load, counts[count], folder))
                medians = {count: statistics.median(times) for count, times in taken.items()}
                ratio = medians["default"] / min(time for count, time in medians.items() if count != "default")
                worst = max(worst, ratio)
                cells = " | ".join(f"{time:.1f}" for time in medians.values())
                print(f"| {engine} | {load} | {cells} | {ratio:.2f} |", flush=True)
    print(f"\nThe largest ratio is {worst:.2f}.")


if __name__ == "__main__":
    main()
