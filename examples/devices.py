"""Compare devices: the same restorations on each, their quality and their time.

    python examples/devices.py cpu cuda

The program prints a Markdown table. Pictures are scikit-image's, bands and dates are made. The first run on a GPU loads
its libraries, so each is run twice and the second counts.
"""

import argparse
import time

import numpy as np
import torch
from scipy import ndimage
from skimage import data

from inrr_cli import inpaint, make_mask, make_settings, run_inpainting, superres


def psnr(image, truth, where):
    """Return the PSNR in dB of some samples; the peak is the range of the truth, or 255."""
    peak = 255.0 if truth.dtype == np.uint8 else float(np.ptp(truth))
    return 10 * np.log10(peak**2 / np.mean((image.astype(float) - truth)[where] ** 2))


def field(rng, size, scale):
    """Return a smooth random field of unit deviation."""
    values = ndimage.gaussian_filter(rng.standard_normal((size, size)), scale)
    return values / values.std()


def cases():
    """Yield the name, image, mask and settings of each restoration."""
    rng = np.random.default_rng(0)
    grey, rgb = data.camera()[100:356, 100:356], data.astronaut()[0:256, 100:356]
    cube = np.stack([field(rng, 64, 2) for _ in range(3)], 2) @ rng.random((3, 32)) + 3
    cube = (cube + 1e-3 * rng.standard_normal(cube.shape)).astype(np.float32)
    half = make_mask((256, 256), "random", rate=0.5)
    yield "grey, half of the pixels missing", grey, half, {}
    yield "colour, text and scratches", rgb, make_mask((256, 256), "textural"), {}
    yield "colour, 10 % missing in each channel", rgb, rng.random(rgb.shape) < 0.1, {}
    yield "grey, two of three rows missing", grey, np.tile((np.arange(256) % 3 > 0)[:, None], (1, 256)), {}
    yield "32 bands, 5 % dead in each", cube, rng.random(cube.shape) < 0.05, {}
    yield "32 bands, half of the pixels missing", cube, rng.random((64, 64)) < 0.5, {}
    yield "grey, half missing, --reg inrr", grey, half, {"reg": "inrr"}


def dates():
    """Return eight dates of a place under clouds (T, M, N), and where these are."""
    rng = np.random.default_rng(1)
    place = 0.2 * field(rng, 96, 4) * np.linspace(1, 2, 8)[:, None, None]
    clouds = np.stack([field(rng, 96, 8) > 0.8 for _ in range(8)])
    return (place + 0.01 * rng.standard_normal(place.shape)).astype(np.float32), clouds


def timed(work):
    """Return the result of the second of two runs, and its seconds."""
    work()
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("devices", nargs="+")
    devices = parser.parse_args().devices
    if torch.cuda.is_available():
        print(f"{torch.cuda.get_device_name(0)}, torch {torch.__version__}\n")
    print(f"| restoration | {' | '.join(devices)} |\n|---|{'---|' * len(devices)}")
    for name, image, mask, options in cases():
        missing = mask if mask.shape == image.shape else np.repeat(mask[..., None], image.shape[2], 2)
        cells = []
        for device in devices:
            result, seconds = timed(lambda: run_inpainting(image, mask, make_settings(device=device, **options)))  # noqa: B023
            kept = "" if (result.image[~missing] == image[~missing]).all() else ", known samples changed"
            cells.append(f"{psnr(result.image, image, missing):.2f} dB, {seconds:.1f} s{kept}")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    series, clouds = dates()
    found = [timed(lambda: inpaint(series, clouds, stack_axis=0, stack="time", device=d)) for d in devices]  # noqa: B023
    cells = [f"{psnr(image, series, clouds):.2f} dB, {seconds:.1f} s" for image, seconds in found]
    print(f"| eight dates under clouds | {' | '.join(cells)} |", flush=True)
    small = data.camera()[100:228, 100:228]
    found = [timed(lambda: superres(small, 2, device=d)) for d in devices]  # noqa: B023
    apart = [np.abs(image.astype(float) - found[0][0]).max() for image, _ in found]
    cells = [f"{seconds:.1f} s, differs by {most:g} levels" for (_, seconds), most in zip(found, apart, strict=True)]
    print(f"| 128 x 128 enlarged by two | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
