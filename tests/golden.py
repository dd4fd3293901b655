"""Show that a change leaves every output as it was: run commands over all engines, formats and options, and hash
what each wrote.

    python tests/golden.py record hashes.json    # on the commit to start from
    python tests/golden.py check hashes.json     # after the change, on the same machine

Hashes differ between machines, for sums of floats do; so none are kept here. It takes about three minutes.
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image
from skimage.data import astronaut, brick, camera
from typer.testing import CliRunner

from inrr_cli.cli import app

UNSTABLE = ("seconds", "peak_rss_mb", "version")
FIT = "--steps 12 --width 32 --device cpu"
COMMANDS = {
    "grey": "inpaint grey.png --mask mask.png --reference grey.png --json",
    "colour": "inpaint colour.png --mask colour_mask.png --reference colour.png --uncertainty out_sigma.png --json",
    "hole": "inpaint large.png --mask hole.png -o out.png --save-mask out_mask.png --json",
    "texture": "inpaint large.png --mask hole.png --fill texture --variants 2 --seed 3 -o out.png --json",
    "texture-float": "inpaint heights.tif --mask nan --fill texture --exclude corner.png --json",
    "16-bit": "inpaint deep.png --mask mask.png -o out.tif --uncertainty out_sigma.tif --json",
    "float-nan": "inpaint heights.tif --mask nan --grow 1 --uncertainty out_sigma.tif --json",
    "smooth": "inpaint plane.npy --mask mask.png --json",
    "stack": "inpaint stack.tif --mask mask.png --pages 1,3-4 --json",
    "lines": "inpaint scan.tif --mask lines --json",
    "line-scan": "inpaint large.png --mask rows.png -o out.png --uncertainty out_sigma.tif --json",
    "dead": "inpaint dead.png --mask dead --max-distance 3 --json",
    "alpha": "inpaint alpha.png --mask alpha --json",
    "nodata": "inpaint nodata.tif --mask value=-9999 --json",
    "tile": "inpaint large.png --mask large_mask.png -o out.png --tile 64 --uncertainty out_sigma.tif --json",
    "per-channel": "inpaint colour.png --mask colour_mask.png --per-channel --json",
    "denoise": "inpaint grey.png --mask mask.png --noise 9 --denoise -o out.png --json",
    "jpeg": "inpaint photo.jpg --mask colour_mask.png -o out.jpg --json",
    "preview": "inpaint colour.png --mask colour_mask.png --preview out.png",
    "siren-inrr": f"inpaint grey.png --mask mask.png --reference grey.png --reg inrr --json {FIT}",
    "siren-air": f"inpaint grey.png --mask mask.png --reg air --json {FIT}",
    "paper-tv": "inpaint grey.png --mask mask.png --reg tv --preset paper --json --steps 3 --width 32 --device cpu",
    "dmf": "inpaint grey.png --mask mask.png --net dmf --json --steps 30 --device cpu",
    "gabor": "inpaint grey.png --mask mask.png --net gabor --reg l2 --json --steps 12 --width 32 --device cpu",
    "inr-z": f"inpaint grey.png --mask mask.png --net inr-z --json {FIT}",
    "ntk": "inpaint grey.png --mask mask.png --net ntk --json --device cpu",
    "siren-patch": f"inpaint grey.png --mask mask.png --net siren --reg patch --rounds 2 --json {FIT}",
    "x2": "superres large.png --scale 2 -o out.png --reference twice.png --json",
    "x1.5-colour": "superres colour.png --scale 1.5 -o out.png --json",
    "area": "superres large.png --size 300x190 --kernel area -o out.png --json",
    "lanczos-crop": "superres large.png --scale 3 --crop 20,30,90,70 --kernel lanczos -o out.png --json",
    "gaussian": "superres deep.png --scale 2 --kernel gaussian:0.6 -o out.png --json",
    "point": "superres grey.png --scale 2 --kernel point --noise 4 -o out.png --json",
    "superres-tile": "superres large.png --scale 2 --tile 64 -o out.png --json",
    "superres-alpha": "superres alpha.png --scale 2 -o out.png --json",
    "superres-net": f"superres grey.png --scale 2 --reg inrr -o out.png --json {FIT}",
    "superres-net-point": f"superres grey.png --scale 2 --reg tv --kernel point -o out.png --json {FIT}",
    "superres-net-patch": f"superres grey.png --scale 2 --net siren --reg patch -o out.png --json {FIT}",
} | {
    f"mask-{pattern}": f"mask --pattern {pattern} --like colour.png --preview colour.png -o out.png --json"
    for pattern in ("random", "patch", "textural", "mixture", "downsample")
}  # fmt: skip


def shrink(pixels, rows, columns):
    """Reduce a picture by area."""
    return np.asarray(Image.fromarray(pixels).resize((columns, rows), Image.Resampling.BOX))


def make_inputs():
    """Write the inputs to the current folder."""
    rng = np.random.default_rng(0)
    grey, colour = shrink(camera(), 72, 96), shrink(astronaut(), 64, 56)
    large = shrink(brick(), 128, 160)
    mask, colour_mask = rng.random(grey.shape) < 0.4, rng.random(colour.shape[:2]) < 0.4
    hole, rows = np.zeros(large.shape, bool), np.ones(large.shape, bool)
    hole[40:70, 60:100], rows[::3] = True, False
    large_mask, corner = rng.random(large.shape) < 0.2, np.indices(grey.shape).sum(0) < 40
    pictures = {
        "grey": grey, "colour": colour, "large": large, "twice": shrink(brick(), 256, 320), "mask": mask,
        "colour_mask": colour_mask, "hole": hole, "rows": rows, "large_mask": large_mask, "corner": corner,
        "alpha": np.dstack([colour, np.where(colour_mask, 0, 255).astype(np.uint8)]),
    }  # fmt: skip
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(f"{name}.png")
    Image.fromarray(colour).save("photo.jpg", quality=85)
    Image.fromarray(grey.astype(np.uint16) * 201).save("deep.png")
    heights = grey.astype(np.float32) * 0.37 - 20
    heights[10:24, 20:40] = np.nan
    tifffile.imwrite("heights.tif", heights)
    np.save("plane.npy", np.add.outer(np.arange(72) * 0.01, np.arange(96) * 0.02).astype(np.float32))
    stack = np.stack([np.roll(grey, 5 * page, 1).astype(np.uint16) * 200 + page for page in range(5)])
    tifffile.imwrite("stack.tif", stack, photometric="minisblack")
    scan = grey.astype(np.uint16) * 100
    scan[[20, 33, 34]] = 65535
    tifffile.imwrite("scan.tif", scan)
    dead = grey.copy()
    dead[rng.random(grey.shape) < 0.005] = 255
    Image.fromarray(dead).save("dead.png")
    tifffile.imwrite("nodata.tif", np.where(mask, -9999, grey.astype(np.int16) * 3))


def run(name, command):
    """Run a command in the current folder; return a hash of each file it wrote and of its record without times."""
    before = set(Path().iterdir())
    done = CliRunner().invoke(app, command.split(), prog_name="inrr")
    if done.exit_code != 0:
        raise SystemExit(f"{name}: exit code {done.exit_code}: {done.stderr}")
    text = done.stdout
    if "--json" in command:
        records = [json.loads(line) for line in text.splitlines()]
        stable = [{key: value for key, value in record.items() if key not in UNSTABLE} for record in records]
        text = "\n".join(map(json.dumps, stable))
    made = {"stdout": hashlib.sha256(text.encode()).hexdigest()}
    for path in sorted(set(Path().iterdir()) - before):
        made[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        path.unlink()
    return made


def main():
    """Record or check the hashes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("action", choices=("record", "check"))
    parser.add_argument("hashes", type=Path, help="JSON file to write or to compare with")
    parser.add_argument("--only", nargs="+", choices=COMMANDS, default=list(COMMANDS), help="some of the commands")
    arguments = parser.parse_args()
    path = arguments.hashes.resolve()
    expected = json.loads(path.read_text()) if arguments.action == "check" else {}
    found, differing = {}, []
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        make_inputs()
        for name in arguments.only:
            found[name] = run(name, COMMANDS[name])
            if arguments.action == "check":
                old = expected[name]
                other = [part for part in sorted(found[name] | old) if found[name].get(part) != old.get(part)]
                print(f"{name}: {'differs in ' + ', '.join(other) if other else 'same'}", flush=True)
                differing += [name] * bool(other)
        os.chdir("/")
    if arguments.action == "record":
        path.write_text(json.dumps(found, indent=1))
    print(f"{len(found)} commands, {len(differing)} differ")
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
