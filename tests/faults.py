"""Kill, fill up and lock while files are written: nothing may be lost or half-written.

    python tests/faults.py --kills 200 --commands 20

The first kills hit a process that overwrites a file again and again, at random moments, format by format; the others
hit the whole command at random moments of its life. After each the file must be whole: the old one or the new one.
"""

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np

from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.writing import encode, format_of, write_bytes

SUFFIXES = (".png", ".tif", ".npy", ".bmp", ".webp", ".jpg")
SIZE = (200, 250, 3)
BEGUN = b"."


def picture(number: int) -> Picture:
    """A picture that tells its number and has to be written for a while."""
    noise = np.random.default_rng(number % 4).integers(0, 250, SIZE, np.uint8)
    return Picture.of(noise)


@cache
def encoded(suffix: str) -> list[bytes]:
    """Four versions of a file."""
    return [encode(picture(k), format_of(Path(f"out{suffix}"))) for k in range(4)]


def kill_while_writing(kills: int, folder: Path, seed: int = 0) -> Counter:
    """Kill a writer at random moments; return how often the file was the old one, a new one, or broken."""
    found, rng = Counter(), random.Random(seed)
    for number in range(kills):
        path = folder / f"out{SUFFIXES[number % len(SUFFIXES)]}"
        versions = encoded(path.suffix)
        path.write_bytes(versions[0])
        ready, tell = os.pipe()
        child = os.fork()
        if child == 0:
            k = 0
            while True:
                k += 1
                if k == 2:
                    os.write(tell, BEGUN)
                write_bytes(path, versions[k % 4])
        os.read(ready, 1)
        time.sleep(rng.uniform(0, 0.02))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(ready)
        os.close(tell)
        held = path.read_bytes()
        found["whole" if held in versions else "broken"] += 1
        left = [other for other in folder.iterdir() if other.name.startswith(".inrr-")]
        found["killed amid a write"] += bool(left)
        for other in left:
            other.unlink()
    return found


def kill_the_command(kills: int, folder: Path, seed: int = 0) -> Counter:
    """Kill `inrr inpaint --force` on a file in place at random moments of its life."""
    found, rng = Counter(), random.Random(seed)
    image = folder / "image.tif"
    mask = folder / "mask.png"
    write_bytes(mask, encode(Picture.of(np.eye(48, dtype=np.uint8) * 255), "PNG"))
    original = encode(Picture.of(np.random.default_rng(0).integers(0, 250, (48, 48), np.uint8)), "TIFF")
    ask = [
        sys.executable,
        "-m",
        "inrr_cli",
        "inpaint",
        image,
        "--mask",
        mask,
        "-o",
        image,
        "--force",
        "-q",
        "--rounds=2",
    ]
    if not kills:
        return found
    image.write_bytes(original)
    begin = time.monotonic()
    subprocess.run(ask, check=True, capture_output=True)
    life, new = time.monotonic() - begin, image.read_bytes()
    for _ in range(kills):
        image.write_bytes(original)
        process = subprocess.Popen(ask, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.3, 1.1) * life)
        process.kill()
        process.wait()
        held = image.read_bytes()
        found["old" if held == original else "new" if held == new else "broken"] += 1
    return found


def limit(size: int):
    """Let no file grow beyond a size, as on a disk that is full."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def inpaint_in(folder: Path, output: Path, **options) -> subprocess.CompletedProcess:
    """Run the command on a picture of noise, to an output."""
    image, mask = folder / "image.png", folder / "mask.png"
    write_bytes(image, encode(Picture.of(np.random.default_rng(0).integers(0, 250, (96, 96), np.uint8)), "PNG"))
    write_bytes(mask, encode(Picture.of(np.eye(96, dtype=np.uint8) * 255), "PNG"))
    ask = ["inpaint", image, "--mask", mask, "-o", output, "--force", "--rounds=2"]
    return subprocess.run([sys.executable, "-m", "inrr_cli", *ask], capture_output=True, **options)


def full_disk(folder: Path) -> tuple[int, str, bool]:
    """Overwrite a file where no file may be larger than 4 kB; return exit code, last line, and if all is as it was."""
    output = folder / "old.tif"
    output.write_bytes(b"the old one")
    done = inpaint_in(folder, output, preexec_fn=limit(4096))
    same = output.read_bytes() == b"the old one" and not list(folder.glob(".inrr-*"))
    return done.returncode, done.stderr.decode().splitlines()[-1], same


def full_tmpfs(folder: Path) -> tuple[int, str, bool] | None:
    """Do the same in a file system of 16 kB; None where it cannot be mounted."""
    disk = folder / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], capture_output=True).returncode:
        return None
    try:
        output = disk / "old.tif"
        output.write_bytes(bytes(6000))
        done = inpaint_in(folder, output)
        same = output.read_bytes() == bytes(6000) and len(list(disk.iterdir())) == 1
        return done.returncode, done.stderr.decode().splitlines()[-1], same
    finally:
        subprocess.run(["umount", disk], check=True)


def locked_folder(folder: Path) -> tuple[int, str, bool]:
    """Write where nobody may: a folder without permission, or for root, whom that does not stop, /proc."""
    locked = Path("/proc") if os.geteuid() == 0 else folder / "locked"
    if locked != Path("/proc"):
        locked.mkdir()
        locked.chmod(0o500)
    done = inpaint_in(folder, locked / "new.png")
    return done.returncode, done.stderr.decode().splitlines()[-1], not (locked / "new.png").exists()


def main() -> None:
    """Do it all and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--commands", type=int, default=20)
    options = parser.parse_args()
    results = {}
    for name, run in {
        f"{options.kills} kills of a process that overwrites a file": lambda f: kill_while_writing(options.kills, f),
        f"{options.commands} kills of the command in place": lambda f: kill_the_command(options.commands, f),
        "no file larger than 4 kB": full_disk,
        "a tmpfs of 16 kB": full_tmpfs,
        "a folder that cannot be written": locked_folder,
    }.items():
        with tempfile.TemporaryDirectory() as folder:
            results[name] = run(Path(folder))
            print(f"{name}: {results[name]}", flush=True)
    for path in results:
        if "broken" in str(results[path]) or "False" in str(results[path]):
            sys.exit(1)


if __name__ == "__main__":
    main()
