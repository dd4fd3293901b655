"""Restore four made data sets of the lab and the field: a spectral cube, dates under clouds, a lost slice, scars.

    python examples/samples.py [FOLDER]

Makes them from pictures of scikit-image, runs the commands, prints them and a Markdown table, and draws what became of
them. The data, the results and samples.png go to a folder (a new temporary one by default; the picture then goes to
examples/samples.png). It takes about a minute.
"""

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage.data
import tifffile
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import affine_transform, gaussian_filter

SIDE, ZOOM = 96, 2  # samples of a data set's side, and pixels of each in the picture
GAP, LINE, LEFT = 8, 17, 68  # pixels between tiles, of a line of text, and for the names of the rows
MARK = (255, 140, 0)  # of missing samples: no grey
ROWS = ("damaged", "simple\nmethod", "inrr", "truth", "error of\nsimple", "error of\ninrr")
BLACK = 3.0  # times the error of the simple method: what is black in a picture of errors
BANDS, DATES, SLICES = 32, 12, 9


@dataclass(frozen=True)
class Sample:
    """A damaged data set, the command that restores it, and what people do without it.

    Attributes
    ----------
    name, unit : str
    truth, damaged, simple : ndarray
        All of the shape of the data; ``simple`` is filled by the simple method.
    missing : ndarray of bool
        What was damaged.
    method : str
        The simple method, in words.
    options : str
        Of the command.
    title : str
        Of the tile.
    tile : tuple
        Index of the plane that is drawn.
    """

    name: str
    unit: str
    truth: np.ndarray
    damaged: np.ndarray
    missing: np.ndarray
    simple: np.ndarray
    method: str
    options: str
    title: str
    tile: tuple[int | slice, ...]

    @property
    def command(self) -> list[str]:
        """The arguments of the command, the program first."""
        return f"inrr inpaint {self.name}.npy {self.options} --uncertainty {self.name}_sigma.tif".split()


def picture(name: str, factor: int, top: int, left: int, side: int = SIDE) -> np.ndarray:
    """Reduce a picture of scikit-image by a factor and cut a part out of it: (side, side[, 3]), from 0 to 1."""
    image = Image.fromarray(getattr(skimage.data, name)())
    small = image.resize((image.width // factor, image.height // factor), Image.Resampling.LANCZOS)
    return np.asarray(small)[top : top + side, left : left + side] / 255


def interpolate(values: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Interpolate linearly along the first axis between known samples."""
    filled, numbers = values.copy(), np.arange(len(values))
    for place in zip(*np.nonzero(missing.any(0)), strict=True):
        gone = missing[(slice(None), *place)]
        if not gone.all():
            filled[(gone, *place)] = np.interp(numbers[gone], numbers[~gone], values[(~gone, *place)])
    return filled


def spectral_cube(rng: np.random.Generator) -> Sample:
    """Mix three smooth spectra by the colours of a photograph; each band has dead samples of its own."""
    abundances = picture("coffee", 3, 20, 60)
    bands = np.linspace(0, 1, BANDS)
    spectra = np.stack([0.9 * np.exp(-(((bands - centre) / 0.25) ** 2)) + 0.1 for centre in (0.15, 0.5, 0.85)])
    truth = (abundances @ spectra + rng.normal(0, 0.005, (SIDE, SIDE, BANDS))).astype(np.float32)
    missing = rng.random(truth.shape) < 0.05
    for band in (5, 12, 20, 27):
        missing[:, rng.integers(4, SIDE - 4, 3), band] = True
    damaged = np.where(missing, np.nan, truth)
    simple = np.moveaxis(interpolate(np.moveaxis(damaged, 2, 0), np.moveaxis(missing, 2, 0)), 0, 2)
    options = "--axes YXC --mask nan"
    return Sample(
        "cube", "reflectance", truth, damaged, missing, simple, "linear along the spectrum", options,
        "spectral cube, band 13", (slice(None), slice(None), 12),
    )  # fmt: skip


def cloudy_dates(rng: np.random.Generator) -> Sample:
    """Let the regions of a picture go through a year, with a drift and noise; clouds move over them."""
    colours = picture("immunohistochemistry", 2, 60, 60)
    ground, growth = colours[..., 0], gaussian_filter(colours[..., 2], 1)
    months = np.arange(DATES)[:, None, None]
    season = (1 - np.cos(2 * np.pi * months / DATES)) / 2
    drift = 0.008 * months * gaussian_filter(rng.standard_normal((SIDE, SIDE)), 8) * 20
    truth = 0.15 + 0.3 * (1 - ground) + 0.45 * growth * season + drift + rng.normal(0, 0.01, (DATES, SIDE, SIDE))
    truth = truth.astype(np.float32)
    sky = gaussian_filter(rng.standard_normal((DATES, SIDE, 3 * SIDE)), (0.7, 7, 9))
    sky = np.stack([np.roll(plane, 17 * month, 1) for month, plane in enumerate(sky)])[..., :SIDE]
    missing = sky > np.quantile(sky, 0.7)
    damaged = np.where(missing, np.nan, truth)
    options = "--axes TYX --mask nan --stack time"
    return Sample(
        "dates", "NDVI", truth, damaged, missing, interpolate(damaged, missing), "linear in time", options,
        "dates under clouds, month 7", (6,),
    )  # fmt: skip


def lost_slice(rng: np.random.Generator) -> Sample:
    """Turn, shift and stretch a picture from slice to slice, and blend in another; one slice is lost."""
    vessels, tissue = picture("retina", 5, 60, 60, 2 * SIDE)[..., 1], picture("gravel", 2, 0, 0, 2 * SIDE)
    truth = np.empty((SLICES, SIDE, SIDE), np.uint8)
    for z in range(SLICES):
        angle, stretch = np.deg2rad(1.2 * (z - 4)), 1 + 0.01 * (z - 4)
        matrix = stretch * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        middle = np.array([SIDE + 1.3 * z, SIDE - 0.9 * z])
        start = middle - matrix @ np.full(2, SIDE / 2)
        plane = affine_transform(vessels, matrix, start, (SIDE, SIDE), order=3, mode="reflect")
        texture = affine_transform(tissue, np.eye(2), (40 - z, 40 + 0.5 * z), (SIDE, SIDE), order=3, mode="reflect")
        plane = 1.6 * plane + 0.15 * (z / SLICES) * (texture - 0.5)
        truth[z] = np.round(255 * plane + rng.normal(0, 1.5, plane.shape)).clip(0, 255)
    missing = np.zeros(truth.shape, bool)
    missing[SLICES // 2] = True
    simple = truth.astype(np.float32)
    simple[SLICES // 2] = (simple[SLICES // 2 - 1] + simple[SLICES // 2 + 1]) / 2
    options = "--axes ZYX --mask volume_lost.npy --stack volume"
    return Sample(
        "volume", "grey levels", truth, np.where(missing, 0, truth).astype(np.uint8), missing, simple,
        "mean of the slices beside it", options, "lost slice 5 of 9", (4,),
    )  # fmt: skip


def scarred_scan(rng: np.random.Generator) -> Sample:
    """Smooth a picture into a map of heights; the tip jumps in parts of single lines."""
    heights = 60 * gaussian_filter(picture("coins", 1, 20, 20), 1.5)
    truth = (heights + rng.normal(0, 0.15, heights.shape)).astype(np.float32)
    damaged, missing = truth.copy(), np.zeros(truth.shape, bool)
    for row in rng.permutation(np.arange(4, SIDE - 4, 5))[:14]:
        start, length = rng.integers(0, SIDE - 45), rng.integers(18, 45)
        damaged[row, start : start + length] += rng.choice((-1, 1)) * rng.uniform(12, 25)
        missing[row, start : start + length] = True
    simple = interpolate(damaged, missing)
    return Sample(
        "afm", "nm", truth, damaged, missing, simple, "mean of the lines beside it", "--mask lines",
        "AFM map with scars", (),
    )  # fmt: skip


def restore(sample: Sample, folder: Path) -> tuple[np.ndarray, np.ndarray, float]:
    """Run the command on files in a folder; return what it made, the standard deviations, and the seconds it took."""
    np.save(folder / f"{sample.name}.npy", sample.damaged)
    np.save(folder / f"{sample.name}_lost.npy", sample.missing)
    start = time.perf_counter()
    command = [sys.executable, "-m", "inrr_cli", *sample.command[1:], "--force"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    seconds = time.perf_counter() - start
    restored = np.load(folder / f"{sample.name}_restored.npy")
    return restored, tifffile.imread(folder / f"{sample.name}_sigma.tif").reshape(restored.shape), seconds


def rms(values: np.ndarray, sample: Sample) -> float:
    """Return the root mean square error of the damaged samples."""
    return float(np.sqrt(np.nanmean(np.square(values[sample.missing].astype(float) - sample.truth[sample.missing]))))


def line(sample: Sample, restored: np.ndarray, sigma: np.ndarray, seconds: float) -> str:
    """Return a line of the table."""
    errors = np.abs(restored.astype(float) - sample.truth)[sample.missing]
    simple, ours = rms(sample.simple, sample), rms(restored, sample)
    cells = [
        sample.name, f"{sample.missing.mean():.0%}", sample.unit, f"{sample.method}: {simple:.3g}", f"{ours:.3g}",
        f"{ours / simple:.2f}", f"{(errors <= sigma[sample.missing]).mean():.0%}", f"{seconds:.0f}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def to_tile(grey: np.ndarray) -> np.ndarray:
    """Return (SIDE, SIDE, 3) uint8 of values from 0, black, to 1."""
    return np.round(255 * np.nan_to_num(grey).clip(0, 1))[..., None].repeat(3, 2).astype(np.uint8)


def tiles(sample: Sample, restored: np.ndarray) -> list[np.ndarray]:
    """Draw a plane of a data set for each of ROWS, all in the grey scale of the truth; missing samples in a colour."""
    low, high = np.quantile(sample.truth[sample.tile], (0.002, 0.998))
    planes = (sample.damaged, sample.simple, restored, sample.truth)
    drawn = [to_tile((values[sample.tile].astype(float) - low) / (high - low)) for values in planes]
    drawn[0][sample.missing[sample.tile]] = MARK
    for values in planes[1:3]:
        errors = np.abs(values.astype(float) - sample.truth)[sample.tile]
        drawn.append(to_tile(1 - errors / (BLACK * rms(sample.simple, sample))))
    return drawn


def compose(columns: list[tuple[Sample, np.ndarray]]) -> Image.Image:
    """Lay the data sets out as columns, and what became of them as rows."""
    side = SIDE * ZOOM
    width, height = LEFT + len(columns) * (side + GAP), 3 * LINE + len(ROWS) * (side + GAP) + GAP
    page = Image.new("RGB", (width, height), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(12)
    for row, name in enumerate(ROWS):
        place = (LEFT - GAP, LINE + GAP + row * (side + GAP) + side / 2)
        pen.text(place, name, "black", font, anchor="rm", align="right")
    for column, (sample, restored) in enumerate(columns):
        left = LEFT + column * (side + GAP)
        text = f"rms {rms(restored, sample):.2g} {sample.unit}\nsimple {rms(sample.simple, sample):.2g}"
        pen.text((left + side / 2, LINE / 2 + 3), sample.title, "black", font, anchor="mm")
        pen.text((left + side / 2, height - LINE - 2), text, "black", font, anchor="mm", align="center")
        for row, tile in enumerate(tiles(sample, restored)):
            top = LINE + GAP + row * (side + GAP)
            page.paste(Image.fromarray(tile).resize((side, side), Image.Resampling.NEAREST), (left, top))
            pen.rectangle((left, top, left + side - 1, top + side - 1), outline="grey")
        if sample.missing[sample.tile].all():
            pen.text((left + side / 2, LINE + GAP + side / 2), "nothing is known", "black", font, anchor="mm")
    return page


def main(folder: Path, drawing: Path) -> None:
    """Make, restore, print, draw."""
    rng = np.random.default_rng(0)
    samples = [make(rng) for make in (spectral_cube, cloudy_dates, lost_slice, scarred_scan)]
    done = [(sample, *restore(sample, folder)) for sample in samples]
    print(*(" ".join(sample.command) for sample in samples), sep="\n", end="\n\n")
    print("| data | damaged | unit | simple method: rms | `inrr`: rms | ratio | within one sigma | seconds |")
    print("|---" * 8 + "|")
    print(*(line(*result) for result in done), sep="\n")
    compose([(sample, restored) for sample, restored, *_ in done]).save(drawing, optimize=True)
    print(f"\n{drawing}: {drawing.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
        main(Path(sys.argv[1]), Path(sys.argv[1]) / "samples.png")
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary), Path(__file__).with_name("samples.png"))
