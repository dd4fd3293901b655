"""Check a GPU: every engine on it and on the processor, whether the results agree, and the seconds of both.

    python examples/gpu_check.py                    # CUDA, else MPS; at most five minutes
    python examples/gpu_check.py --only patches     # the cases with this word in their name

Prints a Markdown table. Results agree where the PSNR against the truth differs by at most 0.02 dB (0.2 where texture is
copied) and no known sample is changed; else the program says which do not and exits with 1. Without a GPU it says so
and exits with 0. Networks take a few steps, in float32 on both devices: bfloat16, the default where the hardware has
it, would differ by more than the devices do. The first run loads libraries, so each is run twice and the second counts.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image
from skimage import data

from inrr_cli import inpaint, make_mask, make_settings, make_target, psnr, run_inpainting, run_superres
from inrr_cli.device import available_devices
from inrr_cli.methods import NETWORK_REGULARIZERS, NETWORKS
from inrr_cli.settings import Settings

TOLERANCE = 0.02  # dB
TEXTURE_TOLERANCE = 0.2  # dB: of copies that fit equally well rounding chooses another
STEPS = 40  # of networks; more tell no more of a device
TRAIN_STEPS = 20  # of superres: bfloat16 or TF32 instead of float32 changes its PSNR by 0.002 dB; after 100, by 0.02
SIDE = 128  # pixels


@dataclass(frozen=True)
class Outcome:
    """What a device did: PSNR in dB of what was filled or made, seconds, and whether a known sample was changed."""

    psnr: float
    seconds: float
    is_changed: bool


@dataclass(frozen=True)
class Case:
    """A restoration.

    ``work`` restores with ``settings`` on a device; it returns the PSNR, and whether a known sample was changed.
    """

    name: str
    settings: dict[str, object]
    work: Callable[[Settings], tuple[float, bool]]
    tolerance: float = TOLERANCE

    def run(self, device: str) -> Outcome:
        """Restore on a device."""
        settings = make_settings(device=device, **self.settings)
        if settings.recipe is not None:
            settings = replace(settings, recipe=replace(settings.recipe, bfloat16=False))
        start = time.perf_counter()
        decibels, is_changed = self.work(settings)
        return Outcome(decibels, time.perf_counter() - start, is_changed)


def picture(name: str, mode: str = "L") -> np.ndarray:
    """Return a picture of scikit-image as (SIDE, SIDE[, 3]) of uint8."""
    return np.asarray(Image.fromarray(getattr(data, name)()).convert(mode).resize((SIDE, SIDE), Image.Resampling.BOX))


def bands() -> np.ndarray:
    """Return (48, 48, 16) of float32: three smooth maps in as many mixtures as there are bands."""
    rng = np.random.default_rng(0)
    maps = picture("astronaut", "RGB")[:48, :48].astype(np.float32) / 255
    return (maps @ rng.random((3, 16)) + 1e-3 * rng.standard_normal((48, 48, 16))).astype(np.float32)


def fill(truth: np.ndarray, missing: np.ndarray) -> Callable[[Settings], tuple[float, bool]]:
    """Return what fills an image and measures the missing samples."""
    damaged = truth.copy()
    damaged[missing] = 0
    every = np.broadcast_to(missing if missing.ndim == truth.ndim else missing[..., None], truth.shape)

    def work(settings: Settings) -> tuple[float, bool]:
        return measure(run_inpainting(damaged, missing, settings).image, truth, every)

    return work


def fill_dates(truth: np.ndarray, missing: np.ndarray) -> Callable[[Settings], tuple[float, bool]]:
    """Return what fills dates (T, M, N) of a place from one another."""

    def work(settings: Settings) -> tuple[float, bool]:
        filled = inpaint(np.where(missing, 0, truth), missing, stack_axis=0, stack="time", device=settings.device)
        return measure(filled, truth, missing)

    return work


def enlarge(truth: np.ndarray) -> Callable[[Settings], tuple[float, bool]]:
    """Return what enlarges an image that was halved, and measures the result."""
    half = Image.fromarray(truth)
    small = np.asarray(half.resize((half.width // 2, half.height // 2), Image.Resampling.BICUBIC))

    def work(settings: Settings) -> tuple[float, bool]:
        made = run_superres(small, make_target(small.shape, 2), settings).image
        return measure(made, truth, np.ones(truth.shape, bool))

    return work


def measure(made: np.ndarray, truth: np.ndarray, missing: np.ndarray) -> tuple[float, bool]:
    """Return the PSNR of the missing samples, and whether another one was changed."""
    peak = 255.0 if truth.dtype == np.uint8 else float(np.ptp(truth))
    return psnr(made / peak, truth / peak, missing), not np.array_equal(made[~missing], truth[~missing])


def cases() -> Iterator[Case]:
    """Yield a case of every engine."""
    rng = np.random.default_rng(0)
    grey, colour, brick = picture("camera"), picture("astronaut", "RGB"), picture("brick")
    half, text = make_mask(grey.shape, "random", rate=0.5), make_mask(grey.shape, "textural")
    rows = np.tile((np.arange(SIDE) % 3 > 0)[:, None], (1, SIDE))
    hole = np.zeros(grey.shape, bool)
    hole[SIDE // 3 : SIDE // 3 + SIDE // 4, SIDE // 3 : SIDE // 3 + SIDE // 4] = True
    cube = bands()
    yield Case("patches, grey, half missing", {}, fill(grey, half))
    yield Case("patches, colour, text", {}, fill(colour, text))
    yield Case("patches, a mask for each channel", {}, fill(colour, rng.random(colour.shape) < 0.1))
    yield Case("patches, two of three rows missing", {}, fill(grey, rows))
    yield Case("patches, draft", {"quality": "draft"}, fill(grey, half))
    yield Case("patches, 16 bands, 5 % dead in each", {}, fill(cube, rng.random(cube.shape) < 0.05))
    dates = np.stack([cube[..., 0] * gain for gain in np.linspace(1, 2, 6, dtype=np.float32)])
    yield Case("patches, six dates under clouds", {}, fill_dates(dates, rng.random(dates.shape) < 0.3))
    yield Case(
        f"texture, a hole of {SIDE // 4} x {SIDE // 4}", {"fill": "texture"}, fill(brick, hole), TEXTURE_TOLERANCE
    )
    for reg in (*NETWORK_REGULARIZERS, "patch"):
        yield Case(f"network siren-{reg}", {"net": "siren", "reg": reg, "steps": STEPS}, fill(grey, half))
    for net in NETWORKS:
        if net != "siren":
            yield Case(f"network {net}-none", {"net": net, "reg": "none", "steps": STEPS}, fill(grey, half))
    yield Case("kernel regression ntk", {"net": "ntk"}, fill(grey, half))
    patches = {"task": "superres", "train_steps": TRAIN_STEPS}
    yield Case("superres, patches, grey", patches, enlarge(grey))
    yield Case("superres, patches, colour", patches, enlarge(colour))
    network = {"task": "superres", "net": "siren", "steps": STEPS}
    yield Case("superres, network siren-inrr", network | {"reg": "inrr"}, enlarge(grey))
    yield Case("superres, network siren-patch", network | patches | {"reg": "patch"}, enlarge(grey))


def compare(case: Case, gpu: str) -> tuple[str, str]:
    """Run a case on the GPU and on the processor; return the row of the table, and what is wrong, empty if nothing."""
    try:
        _, here, _, there = (case.run(device) for device in ("cpu", "cpu", gpu, gpu))
    except Exception as error:  # an operation that the GPU lacks: the other engines are checked all the same
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return f"| {case.name} | failed | | | | | |", f"{case.name}: {reason}"
    apart = abs(there.psnr - here.psnr)
    decibels = f"{here.psnr:.2f} | {there.psnr:.2f} | {apart:.3f}"
    row = (
        f"| {case.name} | {decibels} | {here.seconds:.2f} | {there.seconds:.2f} | {here.seconds / there.seconds:.1f} |"
    )
    if there.is_changed and not here.is_changed:
        return row, f"{case.name}: known samples were changed"
    return row, "" if apart <= case.tolerance else f"{case.name}: {apart:.3f} dB apart"


def main(arguments: list[str] | None = None) -> int:
    """Run the program; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="run the cases with this in their name")
    only = parser.parse_args(arguments).only
    gpu = available_devices()[0]
    if gpu == "cpu":
        print("no GPU here (neither CUDA nor MPS), so there is nothing to check")
        return 0
    chosen = [case for case in cases() if only in case.name]
    name = torch.cuda.get_device_name(0) if gpu == "cuda" else gpu
    print(f"{name}, torch {torch.__version__}, {torch.get_num_threads()} threads of the processor\n")
    print(f"| engine | PSNR, cpu | PSNR, {gpu} | apart, dB | seconds, cpu | seconds, {gpu} | times as fast |")
    print("|---|---|---|---|---|---|---|", flush=True)
    wrong = []
    for case in chosen:
        row, fault = compare(case, gpu)
        print(row, flush=True)
        wrong += [fault] if fault else []
    verdict = "all agree" if not wrong else f"{len(wrong)} do not agree:"
    print(f"\n{len(chosen)} engines compared; {verdict}", *wrong, sep="\n- ")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
