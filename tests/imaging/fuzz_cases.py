"""Cases of the fuzz program: a command and its files, about half of them damaged."""

import random
from dataclasses import dataclass, field

import numpy as np
from fuzz_files import SIZE, damage, seeds
from sample_files import (
    png,
)

SUFFIXES = (".png", ".jpg", ".webp", ".bmp", ".tif", ".npy", ".tga", ".jp2")


@dataclass
class Case:
    """A command and the files in its folder.

    Attributes
    ----------
    description : str
        Name of the whole file and how it was damaged.
    arguments : list of str
    files : dict
        Content of each file by name.
    standard_input : bytes
    image : str
        Name of the image, or "-".
    rotated : bool
        Whether the upright image has its sides swapped.
    output : str or None
        Name of the restored image, None if it is not checked.
    may_change : set
        Names of the files that the command may overwrite.
    """

    description: str
    arguments: list
    files: dict
    standard_input: bytes = b""
    image: str = ""
    rotated: bool = False
    output: str | None = None
    may_change: set = field(default_factory=set)


def make_case(number):
    """Make a case from its number."""
    rng = random.Random(number)
    name = rng.choice(list(seeds()))
    data, kind = seeds()[name], "undamaged"
    if rng.random() < 0.45:
        data, kind = damage(data, rng)
    suffix = "." + name.rsplit(".")[-1]
    image = "image" + (rng.choice(SUFFIXES) if rng.random() < 0.1 else suffix)
    case = Case(f"{name}, {kind}", [], {image: data}, image=image, rotated=name in ROTATED)
    command = rng.choices((inpaint, superres, mask), (90, 4, 6))[0]
    command(case, rng)
    return case


def mask_file(case, rng):
    """Add a mask to the files, usually one of the image's size; return its name."""
    kind = rng.randrange(10)
    if kind == 0:
        case.files["mask.png"] = rng.choice(list(seeds().values()))
    elif kind == 1:
        return case.image
    else:
        size = SIZE[::-1] if (rng.random() < 0.1) != case.rotated else SIZE
        pixels = (np.random.default_rng(rng.randrange(99)).random(size) < rng.choice((0.02, 0.3, 0.9, 0, 1))) * 255
        case.files["mask.png"] = png(pixels[..., None], 8, 0)
        if kind == 2:
            case.files["mask.png"] = damage(case.files["mask.png"], rng)[0]
    return "mask.png"


ROTATED = (
    "metadata.png",
    "c1.jpg",
    "c4.webp",
    "uint8-5.tif",
    "uint16-4.tif",
    "int16-3.tif",
    "float16-1.tif",
    "int8-5.tif",
)
SOURCES = ("nan", "alpha", "nodata", "value=0", "value=255", "value=nan", "value=x", "value=1e400", "lines",
                "dead", "scratches", "value=-1", "nothing.png", "", "-")  # fmt: skip
AXES = ("YX", "YXC", "CYX", "QYX", "TYX", "YXZ", "ZYXC", "TCYX", "TZYX", "YXTC", "TZCYX", "YXX", "TZ", "1", "")
ODD = ("0", "-1", "1e999", "nan", "9" * 30, "", "a", "1,2", "--", "{0}", "%s", "\0", "ü" * 9)


def inpaint(case, rng):
    """Make an inpaint command with random options."""
    masks = [mask_file(case, rng)] if rng.random() < 0.75 else []
    usual = ("lines", "dead", "value=0", *(["nan"] if "float" in case.description else []))
    masks += rng.choices(SOURCES if rng.random() < 0.3 else usual, k=rng.choice((0, 1, 2)) if masks else 1)
    arguments = [
        "inpaint",
        case.image,
        *(f"--mask={name}" for name in masks),
        "--rounds=2",
        "--similar=4",
        "--radius=2",
    ]
    if rng.random() < 0.05:
        case.standard_input, case.image, arguments[1] = case.files.pop(case.image), "-", "-"
    case.output = "out" + (
        rng.choice(SUFFIXES) if rng.random() < 0.5 else "." + case.description.split(",")[0].split(".")[1]
    )
    if case.image == "-" or rng.random() < 0.04:
        case.output = "-"
        arguments += [f"--format={rng.choice(('png', 'tif', 'jpg', 'npy', 'gif'))}"]
    elif rng.random() < 0.04:
        case.output = case.image
        case.may_change.add(case.image)
    arguments += [f"--output={case.output}", "--save-mask=filled.tif"]
    flags = [
        "--mask-mode=known", "--grow=1", "--grow=3", "--max-distance=2", "--pages=1", "--pages=2-3", "--per-channel",
        "--data-range=0,1", "--tile=64", "--max-pixels=100", "--max-pixels=1000000000", "--file-quality=30",
        "--quality=draft", "--denoise", "--noise=0", "--noise=5", "--json", "-q", "-v", "--keep-partial", "--force",
        "--sidecar=out.json", "--uncertainty=sigma.tif", "--uncertainty=sigma.png", f"--reference={case.image}",
        "--seed=3", "--device=cpu",
    ]  # fmt: skip
    arguments += rng.sample(flags, rng.choice((0, 1, 2, 4)))
    if rng.random() < 0.04:
        case.output = None
        arguments.append("--preview=seen.png")
    if rng.random() < 0.05:
        names = ("--grow", "--max-distance", "--pages", "--data-range", "--tile", "--max-pixels", "--file-quality",
                 "--noise", "--seed", "--output", "--mask", "--reference", "--sidecar", "--save-mask", "--preview",
                 "--lr")  # fmt: skip
        arguments += [f"{rng.choice(names)}={rng.choice(ODD)}"]
        case.output = None
    if rng.random() < 0.04:
        arguments += ["--net=siren", "--steps=2", "--width=8", "--layers=1"]
        arguments = [a for a in arguments if not a.startswith(("--rounds", "--similar", "--radius"))]
    if rng.random() < 0.1:
        arguments.append(f"--axes={rng.choice(AXES)}")
    case.arguments = arguments


def superres(case, rng):
    """Make a superres command."""
    scale = rng.choice(("2", "1.5", "0", "nan", "1e9", "3"))
    case.arguments = ["superres", case.image, f"--scale={scale}", "-o", "out.png", "--net=siren", "--reg=inrr",
                      "--steps=2", "--width=8", "--layers=1"]  # fmt: skip


def mask(case, rng):
    """Make a mask command that reads the image for its size or its preview."""
    option = rng.choice(("--like", "--preview"))
    case.arguments = ["mask", f"{option}={case.image}", "-o", "out.png", f"--pattern={rng.choice(('random', 'patch'))}"]
