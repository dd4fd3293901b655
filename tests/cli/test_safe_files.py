"""What the command does to files that are there, that are too large, and to formats that hold less."""

import io
import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from checks import QUICK, ok, read, refused
from PIL import Image, ImageOps

from inrr_cli import make_mask
from inrr_cli.cli.console import verbosity


def test_decompression_bombs_and_images_beyond_memory_are_refused(run, files, monkeypatch):
    ask = ("inpaint", files["grey"], "--mask", files["mask"], "-o", "a.png", *QUICK)
    refused(run(*ask, "--max-pixels", 3000), "64 x 48 pixels are more than 3000; see --max-pixels")
    ok(run(*ask, "--max-pixels", 3072))
    bomb = tifffile.memmap("bomb.tif", shape=(20_000, 20_000), dtype="u1", photometric="minisblack")
    del bomb
    refused(run("inpaint", "bomb.tif", "--mask", "dead"), "20000 x 20000 pixels are more")
    Path("bomb.tif").unlink()
    monkeypatch.setattr("inrr_cli.memory.held_bytes", lambda: 40e6)
    monkeypatch.setattr("inrr_cli.memory.free_resident_memory", lambda: 300e6)
    refused(run(*ask, "--force"), "needs about 0.4 GB and 0.3 GB are free; free some memory first")
    monkeypatch.setattr("inrr_cli.imaging.reading.free_memory", lambda: 1000.0)
    refused(run(*ask, "--force"), "does not fit in the 0.0 GB of memory that are free")


@pytest.mark.slow
def test_tiles_have_no_seams_and_known_pixels_are_kept(run):
    y, x = np.mgrid[:150, :170]
    truth = (120 + 60 * np.sin(x / 9) + 50 * np.cos(y / 13)).astype(np.uint8)
    mask = make_mask(truth.shape, "random", rate=0.3)
    Image.fromarray(np.where(mask, 0, truth).astype(np.uint8)).save("a.png")
    np.save("m.npy", mask)
    ok(run("inpaint", "a.png", "--mask", "m.npy", "--tile", 64, "-o", "tiles.png", "--uncertainty", "s.tif", *QUICK))
    ok(run("inpaint", "a.png", "--mask", "m.npy", "-o", "whole.png", *QUICK))
    tiles, whole = read("tiles.png").astype(int), read("whole.png").astype(int)
    assert (tiles[~mask] == truth[~mask]).all()
    seams = np.zeros_like(mask)
    seams[62:66], seams[126:130], seams[:, 62:66], seams[:, 126:130] = True, True, True, True
    errors = [np.abs(picture - truth) for picture in (tiles, whole)]
    assert errors[0][mask].mean() < errors[1][mask].mean() + 0.5
    assert errors[0][mask & seams].mean() < errors[1][mask & seams].mean() + 0.5
    assert (tifffile.imread("s.tif")[mask] > 0).all()
    refused(run("inpaint", "a.png", "--mask", "m.npy", "--tile", 20, "-o", "b.png"), "--tile must be at least 64")
    refused(
        run("inpaint", "a.png", "--mask", "m.npy", "--tile", 64, "--reg", "inrr", "-o", "b.png"),
        "meaning for net siren",
    )


def test_standard_input_and_output(files, grey, tmp_path):
    ask = [sys.executable, "-m", "inrr_cli", "inpaint", "-", "--mask", str(files["mask"]), "--rounds", "2"]
    data = files["grey"].read_bytes()
    done = subprocess.run([*ask, "-o", "-", "--format", "tif", "-q"], input=data, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    known = read(files["mask"]) == 0
    assert (tifffile.imread(io.BytesIO(done.stdout))[known] == grey[known]).all()
    for more, message in [
        ([], b"needs --output FILE"),
        (["-o", "-"], b"standard output needs --format"),
        (["-o", "-", "--format", "gif"], b"'--format': 'gif' is not one of"),
        (["-o", "a.png", "--format", "png"], b"--format is for --output -"),
        (["-o", "-", "--format", "png", "--json"], b"both want standard output"),
        (["-o", "a.png", "--mask", "-"], b"-: is empty, or was read already"),
    ]:
        done = subprocess.run([*ask, *more], input=data, capture_output=True, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stdout == b""
        assert message in done.stderr.splitlines()[-1]
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*ask, "-o", "-", "--format", "png"], input=data, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert b"cannot write to standard output: No space left" in done.stderr.splitlines()[-1]


def test_existing_files_folders_and_links_are_not_overwritten(run, files, tmp_path):
    image, mask = files["grey"], files["mask"]
    before = image.read_bytes()
    ask = ("inpaint", image, "--mask", mask, *QUICK)
    refused(run(*ask, "-o", image), "already exists; use --force")
    refused(run(*ask, "-o", tmp_path / "." / "grey.png"), "already exists; use --force")
    link = tmp_path / "link.png"
    link.symlink_to(image)
    refused(run(*ask, "-o", link, "--force"), "is a symbolic link; give the file it points to")
    (tmp_path / "dangling.png").symlink_to(tmp_path / "nothing.png")
    refused(run(*ask, "-o", tmp_path / "dangling.png"), "is a symbolic link")
    os.mkfifo(tmp_path / "pipe.png")
    refused(run(*ask, "-o", tmp_path / "pipe.png", "--force"), "is no regular file")
    for option in ("--save-mask", "--uncertainty"):
        for path in (image, mask):
            refused(run(*ask, "-o", "new.png", option, path, "--force"), "is an input or another output too")
    refused(run(*ask, "-o", "new.png", "--save-mask", "new.png"), "is an input or another output too")
    refused(run("inpaint", "/dev/zero", "--mask", mask), "is a device; give an image file")
    assert image.read_bytes() == before
    image.chmod(0o600)
    ok(run(*ask, "-o", image, "--force"))
    assert image.read_bytes() != before
    assert image.stat().st_mode & 0o777 == 0o600
    ok(run("inpaint", link, "--mask", mask, "-o", "new.png", *QUICK))


@pytest.mark.parametrize("late", ["late.png", "late.json"])
def test_a_file_that_appears_meanwhile_is_not_overwritten(run, files, monkeypatch, late):
    from inrr_cli.cli import inpaint  # noqa: F401

    module = sys.modules["inrr_cli.cli.inpainting_job"]
    fill = module.inpaint_pages

    def slow(*arguments, **options):
        Path(late).write_bytes(b"somebody else's")
        return fill(*arguments, **options)

    monkeypatch.setattr(module, "inpaint_pages", slow)
    ask = ("inpaint", files["grey"], "--mask", files["mask"], "-o", "late.png", "--sidecar", "late.json", *QUICK)
    refused(run(*ask), f"{late}: has appeared in the meantime; use --force")
    assert Path(late).read_bytes() == b"somebody else's"
    assert not list(Path().glob(".inrr-*"))
    ok(run(*ask, "--force"))


def test_a_phone_photograph(run, colour):
    exif = Image.Exif()
    exif[0x0112] = 6
    large = np.asarray(Image.fromarray(colour).resize((48, 40)))
    Image.fromarray(large).save("phone.jpg", exif=exif, quality=80, subsampling=2, icc_profile=b"profile" * 20)
    mask = np.zeros((48, 40), np.uint8)
    mask[10:20, 5:15] = 255  # as the person sees it: 40 wide and 48 high
    Image.fromarray(mask).save("m.png")
    seen = np.asarray(ImageOps.exif_transpose(Image.open("phone.jpg")))
    ok(run("inpaint", "phone.jpg", "--mask", "m.png", *QUICK))
    restored = Image.open("phone_restored.png")
    assert (np.asarray(restored)[mask == 0] == seen[mask == 0]).all()
    assert restored.getexif().get(0x0112) == 1
    result = ok(run("inpaint", "phone.jpg", "--mask", "m.png", "-o", "phone.jpg", "--force", *QUICK))
    assert "JPEG re-encodes every pixel, the known ones too, with the tables and the chroma sampling" in result.stderr
    with Image.open("phone.jpg") as again:
        assert again.getexif().get(0x0112) == 6
        shown = np.asarray(ImageOps.exif_transpose(again)).astype(int)
    assert shown.shape == seen.shape
    assert np.abs(shown - seen)[mask == 0].mean() < 3
    verbosity.quiet = False
    coarse = ok(run("inpaint", "phone.jpg", "--mask", "m.png", "-o", "coarse.jpg", "--file-quality", 5, *QUICK))
    assert "tables" not in coarse.stderr
    assert Path("coarse.jpg").stat().st_size < Path("phone.jpg").stat().st_size
    for output, quality in (("a.jpg", 0), ("a.jpg", 101), ("a.png", 50)):
        refused(
            run("inpaint", "phone.jpg", "--mask", "m.png", "-o", output, "--file-quality", quality),
            "--file-quality must be",
        )


def test_a_fax_looks_the_same_in_another_format(run, grey, files):
    """0 is white in it; no format but TIFF knows that."""
    tifffile.imwrite("fax.tif", 255 - grey, photometric="miniswhite")
    for name in ("fax.png", "fax_restored.tif"):
        result = run("inpaint", "fax.tif", "--mask", files["mask"], "-o", name, "--rounds", 1)
        assert result.exit_code == 0, result.stderr
    known = np.asarray(Image.open(files["mask"])) == 0
    assert (np.asarray(Image.open("fax.png"))[known] == grey[known]).all()
    assert (tifffile.imread("fax_restored.tif")[known] == 255 - grey[known]).all()


def test_a_file_with_the_name_of_a_mask_in_the_image_is_read(run, files):
    files["mask"].with_name("value=3").write_bytes(files["mask"].read_bytes())
    result = run("inpaint", files["grey"], "--mask", "./value=3", "-o", "out.png", "--rounds", 1)
    assert result.exit_code == 0, result.stderr
    missing = np.asarray(Image.open(files["mask"])) > 0
    changed = np.asarray(Image.open("out.png")) != np.asarray(Image.open(files["grey"]))
    assert changed[missing].any()
    assert not changed[~missing].any()


def test_a_chunk_that_depends_on_the_compressed_pixels_is_not_copied(run, files):
    data = files["grey"].read_bytes()
    chunks = [name + content for name, content in ((b"iDOT", b"12345678"), (b"gAMA", struct.pack(">I", 45455)))]
    made = b"".join(struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks)
    files["grey"].write_bytes(data[:33] + made + data[33:])
    assert run("inpaint", files["grey"], "--mask", files["mask"], "-o", "out.png", "--rounds", 1).exit_code == 0
    written = Path("out.png").read_bytes()
    assert (b"iDOT" in written, b"gAMA" in written) == (False, True)


def test_a_format_that_cannot_hold_the_picture_is_an_error(run, heights, colour):
    tifffile.imwrite("map.tif", heights, metadata=None)
    tifffile.imwrite("deep.tif", colour.astype(np.uint16) * 257, photometric="rgb")
    tifffile.imwrite("bands.tif", np.dstack([colour, colour]), photometric="minisblack", planarconfig="contig")
    Image.fromarray(np.dstack([colour, colour[..., 0]])).save("alpha.png")
    for image, output, message in [
        ("map.tif", "a.jpg", "JPEG cannot hold float32 samples; write a .tif"),
        ("map.tif", "a.png", "PNG cannot hold float32 samples; write a .tif"),
        ("deep.tif", "a.webp", "WEBP cannot hold uint16 samples; write a .png"),
        ("bands.tif", "a.png", "PNG cannot hold 6 channels; write a .tif"),
        ("alpha.png", "a.jpg", "JPEG cannot hold 3 channels and alpha; write a .png"),
        ("alpha.png", "a.bmp", "BMP cannot hold 3 channels and alpha; write a .png"),
    ]:
        refused(run("inpaint", image, "--mask", "dead", "-o", output), message)
        assert not Path(output).exists()


def test_metadata_that_the_output_format_cannot_hold_is_named(run, colour, files):
    Image.fromarray(colour).save("a.jpg", icc_profile=b"profile", dpi=(300, 300))
    ask = ("--mask", files["colour_mask"], *QUICK)
    result = ok(run("inpaint", "a.jpg", "-o", "b.npy", *ask))
    assert "b.npy: NPY has no place for the image's ICC profile, resolution" in result.stderr


def test_a_one_bit_png_stays_one_bit_and_is_measured_as_written(run, grey):
    Image.fromarray(grey > 128).save("a.png")
    np.save("m.npy", make_mask(grey.shape, "random", rate=0.1))
    record = json.loads(ok(run("inpaint", "a.png", "--mask", "m.npy", "--reference", "a.png", "--json", *QUICK)).stdout)
    with Image.open("a_restored.png") as written:
        assert written.mode == "1"
        wrong = (np.asarray(written) != (grey > 128)).mean()
    assert record["psnr_full"] == pytest.approx(-10 * np.log10(wrong), abs=1e-3)
