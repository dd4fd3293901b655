"""How well pages of a stack are filled from their neighbours, on made time series and made volumes.

    python examples/stacks.py [--seeds N] [--kinds NAME,...]

Prints two Markdown tables and what missed its target. Series of 12 dates have clouds that differ from date to date;
volumes of 9 slices have a lost slice inside, a lost first slice, or a hole in each of two slices. It takes about
half an hour on 2 busy cores.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from inrr_cli import make_settings
from inrr_cli.engine import Control
from inrr_cli.inpainting.pages import inpaint_pages
from inrr_cli.inpainting.stack_mode import choose_mode
from inrr_cli.masking.selection import Page

SIDE, DATES, SLICES, PERIOD = 64, 12, 9, 12
TARGETS = {"drift": 0.8, "seasonal": 0.8, "seasonal with noise": 0.8}  # error over that of linear interpolation in time
OTHER_SERIES, VOLUMES = 1.05, 1.1  # the same for other series; over that of the best simple slice
WRONG = 1.05  # error of the mode that was chosen over that of the best one

Made = Callable[[np.random.Generator], np.ndarray]


def field(
    rng: np.random.Generator, scale: float | tuple[float, ...], shape: tuple[int, ...] = (SIDE, SIDE)
) -> np.ndarray:
    """Return a smooth random field of deviation 1."""
    smooth = gaussian_filter(rng.standard_normal(shape), scale)
    return smooth / smooth.std()


def fields(rng: np.random.Generator, scale: float) -> np.ndarray:
    """Return a smooth field for each date, (DATES, SIDE, SIDE)."""
    return np.stack([field(rng, scale) for _ in range(DATES)])


def dates() -> np.ndarray:
    """Return the numbers of the dates, (DATES, 1, 1)."""
    return np.arange(DATES)[:, None, None]


def drift(rng: np.random.Generator) -> np.ndarray:
    """Return a place that changes steadily, by another amount in each region."""
    return 0.2 * field(rng, 6) + 0.02 * dates() * field(rng, 3) + 0.03 * field(rng, 1)


def seasonal(rng: np.random.Generator, phase: float | np.ndarray = 1.0, noise: float = 0.0) -> np.ndarray:
    """Return a place with a season whose amplitude differs from region to region."""
    season = field(rng, 3) * np.sin(2 * np.pi * dates() / PERIOD + phase)
    return 0.2 * field(rng, 6) + 0.1 * season + noise * rng.standard_normal((DATES, SIDE, SIDE))


def walk(rng: np.random.Generator) -> np.ndarray:
    """Return a place that goes on from date to date by a random field."""
    return 0.2 * field(rng, 6) + 0.1 * fields(rng, 2).cumsum(0)


def phases(rng: np.random.Generator) -> np.ndarray:
    """Return a place whose season comes earlier or later from region to region."""
    return 0.2 * field(rng, 6) + 0.1 * np.sin(2 * np.pi * dates() / PERIOD + 3 * field(rng, 8))


def steps(rng: np.random.Generator) -> np.ndarray:
    """Return a place in which squares change suddenly, each on a date of its own."""
    when = rng.integers(2, DATES - 2, (SIDE // 8, SIDE // 8)).repeat(8, 0).repeat(8, 1)
    return 0.2 * field(rng, 6) + 0.3 * (dates() >= when) * (field(rng, 4) > 0)


def haze(rng: np.random.Generator) -> np.ndarray:
    """Return a place with a season, and a smooth haze on each date."""
    return seasonal(rng) + 0.05 * fields(rng, 6)


def strangers(rng: np.random.Generator) -> np.ndarray:
    """Return pages that have nothing to do with one another."""
    return 0.2 * fields(rng, 3)


SERIES: dict[str, Made] = {
    "drift": drift,
    "seasonal": seasonal,
    "seasonal with noise": lambda rng: seasonal(rng, noise=0.03),
    "random walk": walk,
    "regional phases": phases,
    "sudden steps": steps,
    "haze": haze,
    "strangers": strangers,
}


def tissue(rng: np.random.Generator, scale: float, shift: tuple[int, int], noise: float = 0.0) -> np.ndarray:
    """Return slices of a smooth solid, (SLICES, SIDE, SIDE), that shift from slice to slice."""
    solid = field(rng, (scale, 2, 2), (SLICES + 8, SIDE, SIDE))[4:-4]
    slices = np.stack([np.roll(plane, np.multiply(shift, z), (0, 1)) for z, plane in enumerate(solid)])
    return slices + noise * rng.standard_normal(slices.shape)


def shear(rng: np.random.Generator) -> np.ndarray:
    """Return slices that are the same but for a growing shear and stretch."""
    plane, margin = field(rng, 3, (SIDE + 60, SIDE + 60)), 30
    y, x = np.mgrid[:SIDE, :SIDE]
    middle = SIDE / 2
    places = [
        (margin + y + 0.02 * z * (x - middle), margin + x + 0.03 * z * (y - middle) + 0.7 * z) for z in range(SLICES)
    ]
    return np.stack([map_coordinates(plane, place, order=3) for place in places])


SOLIDS: dict[str, Made] = {
    "shifting": lambda rng: tissue(rng, 2.5, (0, 1)),
    "still": lambda rng: tissue(rng, 2.5, (0, 0)),
    "fast shifts": lambda rng: tissue(rng, 2.5, (2, -3)),
    "shear": shear,
    "noisy": lambda rng: tissue(rng, 2.5, (0, 1), noise=0.3),
    "rough": lambda rng: tissue(rng, 1, (0, 1)),
}


def clouds(rng: np.random.Generator) -> np.ndarray:
    """Return where clouds are on each date, (DATES, SIDE, SIDE) bool: a fifth of the samples."""
    return fields(rng, 8) > 0.8


def damages() -> dict[str, np.ndarray]:
    """Return what may be missing of a volume, (SLICES, SIDE, SIDE) bool each."""
    made = {name: np.zeros((SLICES, SIDE, SIDE), bool) for name in ("inner slice", "first slice", "holes")}
    made["inner slice"][SLICES // 2] = True
    made["first slice"][0] = True
    made["holes"][4, 20:45, 25:50] = made["holes"][5, 40:60, 15:35] = True
    return made


def rms(errors: np.ndarray) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.square(errors).mean()))


def linear_in_time(truth: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Interpolate each pixel of (T, M, N) between its known dates; one that is never seen stays as it is."""
    filled, numbers = truth.copy(), np.arange(len(truth))
    for y, x in zip(*np.nonzero(missing.any(0)), strict=True):
        gone = missing[:, y, x]
        if not gone.all():
            filled[gone, y, x] = np.interp(numbers[gone], numbers[~gone], truth[~gone, y, x])
    return filled


def simple_slices(truth: np.ndarray, missing: np.ndarray) -> list[np.ndarray]:
    """Return the mean of the slices beside each, and the slice before or, at the start, after."""
    before, after = (truth[np.clip(np.arange(len(truth)) + side, 0, len(truth) - 1)] for side in (-1, 1))
    before[0], after[-1] = truth[1], truth[-2]
    return [(before + after) / 2, before]


@dataclass
class Outcome:
    """What became of one stack: errors by mode and of the simple method, coverage, and what `auto` chose."""

    errors: dict[str, float]
    simple: float
    coverage: float
    chosen: str

    @property
    def is_wrong(self) -> bool:
        """Whether `auto` chose a mode that is worse than another."""
        return self.errors[self.chosen] > WRONG * min(self.errors.values())


def fill(truth: np.ndarray, missing: np.ndarray, mode: str) -> tuple[np.ndarray, np.ndarray, str]:
    """Return a stack (T, M, N) with its missing samples filled, their sigma, and the mode that was taken."""
    damaged = np.where(missing, 0, truth).astype(np.float32)
    pages = [Page(n, damaged[n], gone, np.zeros_like(gone)) for n, gone in enumerate(missing)]
    wanted, others = ([page for page in pages if page.missing.any() == has] for has in (True, False))
    rows, settings = [list(range(len(pages)))], make_settings(stack=mode, device="cpu")
    sequences = {name: rows for name in ("time", "volume")}
    if mode == "auto":
        numbers = {page.number: page for page in pages}
        return damaged, damaged, choose_mode(numbers, [page.number for page in wanted], sequences, settings).name
    results = inpaint_pages(wanted, settings, Control(), others=others, sequences=sequences)
    filled, sigma = damaged.copy(), np.zeros_like(damaged)
    for number, result in results.items():
        filled[number], sigma[number] = result.image, result.sigma
    return filled, sigma, mode


def measure(truth: np.ndarray, missing: np.ndarray, counted: np.ndarray, simple: float, modes: list[str]) -> Outcome:
    """Fill a stack in some modes, and in the one that `auto` chooses; only samples that are ``counted`` count."""
    chosen, errors, coverages = fill(truth, missing, "auto")[2], {}, []
    for mode in dict.fromkeys([*modes, chosen]):
        filled, sigma, _ = fill(truth, missing, mode)
        difference = (filled - truth)[counted]
        errors[mode] = rms(difference)
        coverages.append(float((np.abs(difference) <= sigma[counted]).mean()))
    return Outcome(errors, simple, coverages[0], chosen)


def measure_series(make: Made, seed: int) -> Outcome:
    """Measure a series under clouds, at the samples that are seen on another date."""
    rng = np.random.default_rng(seed)
    truth, missing = make(rng).astype(np.float32), clouds(rng)
    seen = missing & ~missing.all(0)
    modes = ["time", "pages"] if make is strangers else ["time"]
    return measure(truth, missing, seen, rms((linear_in_time(truth, missing) - truth)[seen]), modes)


def measure_volume(make: Made, missing: np.ndarray, seed: int) -> Outcome:
    """Measure a volume with a lost slice or holes."""
    truth = make(np.random.default_rng(seed)).astype(np.float32)
    simple = min(rms((guess - truth)[missing]) for guess in simple_slices(truth, missing))
    modes = ["volume", "time"] + ["pages"] * (not missing.all((1, 2)).any())
    return measure(truth, missing, missing, simple, modes)


def row(name: str, outcomes: list[Outcome], asked: str, target: float) -> tuple[str, list[str]]:
    """Return a line of a table, means over the seeds and each seed's ratio, and what is to be told loudly."""
    ratios = [outcome.errors[asked] / outcome.simple for outcome in outcomes]
    loud = [f"{name}, seed {n}: ratio {ratio:.2f}, target {target}" for n, ratio in enumerate(ratios) if ratio > target]
    for n, outcome in enumerate(outcomes):
        if outcome.is_wrong:
            errors = ", ".join(f"{mode} {error:.3g}" for mode, error in outcome.errors.items())
            loud.append(f"{name}, seed {n}: auto chose {outcome.chosen}, but the errors are {errors}")
    shown = [f"**{ratio:.2f}**" if ratio > target else f"{ratio:.2f}" for ratio in ratios]
    mean = {
        "filled": np.mean([outcome.errors[asked] for outcome in outcomes]),
        "simple": np.mean([outcome.simple for outcome in outcomes]),
        "auto": np.mean([outcome.errors[outcome.chosen] for outcome in outcomes]),
    }
    coverage = ", ".join(f"{outcome.coverage:.0%}" for outcome in outcomes)
    chosen = [f"**{outcome.chosen}**" if outcome.is_wrong else outcome.chosen for outcome in outcomes]
    chosen = chosen[:1] if len(set(chosen)) == 1 else chosen
    cells = [name, f"{mean['filled']:.3g}", f"{mean['simple']:.3g}", ", ".join(shown), coverage, ", ".join(chosen)]
    return f"| {' | '.join(cells)} | {mean['auto']:.3g} |", loud


def table(simple: str, asked: str) -> None:
    """Print the head of a table."""
    print(f"\n| kind | rms, `--stack {asked}` | rms, {simple} | ratios | within one sigma | `auto` chose | its rms |")
    print("|---|---|---|---|---|---|---|", flush=True)


def rows(kinds: list[str], seeds: int) -> Iterator[list[str]]:
    """Print the tables, and yield what is to be told loudly of each line."""
    table("linear in time", "time")
    for name in [name for name in SERIES if not kinds or name in kinds]:
        outcomes = [measure_series(SERIES[name], seed) for seed in range(seeds)]
        line, loud = row(name, outcomes, "time", TARGETS.get(name, OTHER_SERIES))
        print(line, flush=True)
        yield loud
    table("best simple slice", "volume")
    for name in [name for name in SOLIDS if not kinds or name in kinds]:
        for damage, missing in damages().items():
            outcomes = [measure_volume(SOLIDS[name], missing, seed) for seed in range(seeds)]
            line, loud = row(f"{name}, {damage}", outcomes, "volume", VOLUMES)
            print(line, flush=True)
            yield loud


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=[], help="some kinds only")
    options = parser.parse_args()
    loud = [text for part in rows(options.kinds, options.seeds) for text in part]
    print("\n" + ("Above target, or chosen wrongly:\n" if loud else "All within target."))
    print("\n".join(f"- {text}" for text in loud))


if __name__ == "__main__":
    main()
