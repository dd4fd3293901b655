"""Kill the command, fill the disk and lock the folder while files are written: no file may be lost or half-written.

    python tests/faults.py --kills 200 --commands 20

Some kills hit a process that overwrites a file in a loop, in each format; the others hit the whole command. Both happen
at random moments. After each kill the file must be complete: the old version or the new one.
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
from itertools import count
from pathlib import Path

import numpy as np

from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.writing import encode, format_of, write_files

SUFFIXES = (".png", ".tif", ".npy", ".bmp", ".webp", ".jpg")
SIZE = (200, 250, 3)
INRR = (sys.executable, "-m", "inrr_cli")


def noise(shape: tuple[int, ...], seed: int = 0) -> Picture:
    """Make a picture of noise, which takes long to write because it cannot be compressed."""
    return Picture.of(np.random.default_rng(seed).integers(0, 250, shape, np.uint8))


def diagonal(size: int) -> Picture:
    """Make a square mask with a white diagonal."""
    return Picture.of(np.eye(size, dtype=np.uint8) * 255)


@cache
def versions_of(suffix: str) -> list[bytes]:
    """Encode four pictures in the format of a suffix."""
    return [encode(noise(SIZE, seed), format_of(Path(f"out{suffix}"))) for seed in range(4)]


def kill_while_writing(kills: int, folder: Path, seed: int = 0) -> Counter:
    """Kill a process that overwrites a file; count the files that are whole and broken."""
    found, rng = Counter(), random.Random(seed)
    for number in range(kills):
        path = folder / f"out{SUFFIXES[number % len(SUFFIXES)]}"
        versions = versions_of(path.suffix)
        path.write_bytes(versions[0])
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            for k in count(1):
                if k == 2:  # the first write is done
                    os.write(writer, b".")
                write_files({path: versions[k % 4]})
        os.read(reader, 1)
        time.sleep(rng.uniform(0, 0.02))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)
        found["whole" if path.read_bytes() in versions else "broken"] += 1
        left = [other for other in folder.iterdir() if other.name.startswith(".inrr-")]
        found["killed during a write"] += bool(left)
        for other in left:
            other.unlink()
    return found


def kill_the_command(kills: int, folder: Path, seed: int = 0) -> Counter:
    """Kill a command that overwrites its input; count the files that are old, new and broken."""
    found, rng = Counter(), random.Random(seed)
    image = folder / "image.tif"
    mask = folder / "mask.png"
    if not kills:
        return found
    write_files({mask: encode(diagonal(48), "PNG")})
    original = encode(noise((48, 48)), "TIFF")
    command = [*INRR, "inpaint", image, "--mask", mask, "-o", image, "--force", "-q", "--rounds=2"]
    image.write_bytes(original)
    begin = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    duration, new = time.monotonic() - begin, image.read_bytes()
    for _ in range(kills):
        image.write_bytes(original)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.3, 1.1) * duration)
        process.kill()
        process.wait()
        content = image.read_bytes()
        found["old" if content == original else "new" if content == new else "broken"] += 1
    return found


def limit_file_size(size: int):
    """Return a function that limits the size of files in this process, like a full disk."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def inpaint_in(folder: Path, output: Path, **options) -> subprocess.CompletedProcess:
    """Run the command on a picture of noise."""
    image, mask = folder / "image.png", folder / "mask.png"
    write_files({image: encode(noise((96, 96)), "PNG")})
    write_files({mask: encode(diagonal(96), "PNG")})
    command = [*INRR, "inpaint", image, "--mask", mask, "-o", output, "--force", "--rounds=2"]
    return subprocess.run(command, capture_output=True, **options)


def full_disk(folder: Path) -> tuple[int, str, bool]:
    """Overwrite a file where none may exceed 4 kB; return exit code, last line, and whether all files are unchanged."""
    output = folder / "old.tif"
    output.write_bytes(b"the old version")
    done = inpaint_in(folder, output, preexec_fn=limit_file_size(4096))
    unchanged = output.read_bytes() == b"the old version" and not list(folder.glob(".inrr-*"))
    return done.returncode, done.stderr.decode().splitlines()[-1], unchanged


def full_tmpfs(folder: Path) -> tuple[int, str, bool] | None:
    """Overwrite a file in a file system of 16 kB; return None where none can be mounted."""
    disk = folder / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], capture_output=True).returncode:
        return None
    try:
        output = disk / "old.tif"
        output.write_bytes(bytes(6000))
        done = inpaint_in(folder, output)
        unchanged = output.read_bytes() == bytes(6000) and len(list(disk.iterdir())) == 1
        return done.returncode, done.stderr.decode().splitlines()[-1], unchanged
    finally:
        subprocess.run(["umount", disk], check=True)


def locked_folder(folder: Path) -> tuple[int, str, bool]:
    """Write to a folder without permission, or to /proc as root, who may write everywhere else."""
    locked = Path("/proc") if os.geteuid() == 0 else folder / "locked"
    if locked != Path("/proc"):
        locked.mkdir()
        locked.chmod(0o500)
    done = inpaint_in(folder, locked / "new.png")
    return done.returncode, done.stderr.decode().splitlines()[-1], not (locked / "new.png").exists()


def main() -> None:
    """Run all checks and print their results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--commands", type=int, default=20)
    options = parser.parse_args()
    results = {}
    for name, run in {
        f"{options.kills} kills of a process that overwrites a file": lambda f: kill_while_writing(options.kills, f),
        f"{options.commands} kills of the command that overwrites its input": lambda f: kill_the_command(
            options.commands, f
        ),
        "no file larger than 4 kB": full_disk,
        "a tmpfs of 16 kB": full_tmpfs,
        "a folder that cannot be written": locked_folder,
    }.items():
        with tempfile.TemporaryDirectory() as folder:
            results[name] = run(Path(folder))
            print(f"{name}: {results[name]}", flush=True)
    sys.exit("broken" in str(results) or "False" in str(results))


if __name__ == "__main__":
    main()
