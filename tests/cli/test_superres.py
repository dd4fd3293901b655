"""``inrr superres`` end to end: sizes, types, alpha, stacks, tags and what it records."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from scipy.ndimage import minimum_filter
from skimage.data import camera

from inrr_cli.superres.downscaling import DownscalingOperator
from inrr_cli.superres.kernels import parse_kernel

QUICK = ("--train-steps", 20, "--rounds", 1, "--device", "cpu")
NET = ("--net", "siren", "--steps", 10, "--width", 32, "--device", "cpu")


def read(path):
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize(
    ("asked", "name", "size"),
    [(("--scale", 2), "x2", (80, 64)), (("--scale", 1.5), "x1.5", (60, 48)), (("--size", "50x70"), "50x70", (70, 50)),
     (("--scale", 3, "--crop", "10,20,30,40"), "x3_crop", (40, 30))],
)  # fmt: skip
@pytest.mark.parametrize("how", [QUICK, NET])
def test_superres_makes_any_size_and_any_crop(run, files, asked, name, size, how):
    # whose pixels are means of areas: by another kernel, or amid pixels, nothing between black and white makes them
    result = run("superres", files["colour"], *asked, "--kernel", "area", *how, "--json")
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert read(files["colour"].with_name(f"colour_{name}.png")).shape == (*size, 3)
    assert (record["height"], record["width"]) == size
    if asked[:2] == ("--scale", 2):
        assert record["consistency_max"] <= 0.5
    assert (record["crop"] is None) == ("--crop" not in asked)
    assert record["kernel"] == "area"
    assert (record["reg"], record["steps"]) == (("inrr", 10) if how is NET else ("patch", None))


@pytest.mark.parametrize("reg", ["patch", "inrr", "air", "tv", "l2", "none"])
def test_every_second_pixel_known_works_with_every_regulariser(run, files, grey, reg):
    for how in [NET, *([QUICK] if reg == "patch" else [])]:
        result = run("superres", files["grey"], "--scale", 2, "--kernel", "point", "--reg", reg, *how, "--force")
        assert result.exit_code == 0, result.stderr
        assert (read(files["grey"].with_name("grey_x2.png"))[::2, ::2] == grey).all()


@pytest.mark.slow
def test_half_quadratic_splitting_enlarges_with_the_patch_prior(run, files, grey):
    plain = run("superres", files["grey"], "--scale", 3, *QUICK, "--json", "-o", "patches.png")
    options = ("--lessons", 20, "--rounds", 1, "--net", "siren", "--steps", 120, "--device", "cpu")
    result = run("superres", files["grey"], "--scale", 3, "--reg", "patch", *options, "--json", "-o", "carried.png")
    assert result.exit_code == plain.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["psnr_known"] > 25
    assert record["consistency_max"] < 4  # of a network far from the samples, whose range limits the projection
    difference = read("carried.png").astype(float) - read("patches.png")
    assert 0 < np.sqrt(np.square(difference).mean()) < 12


def test_alpha_is_enlarged_consistently(run, tmp_path, colour):
    alpha = np.linspace(0, 255, 40 * 32).reshape(40, 32).round().astype(np.uint8)
    Image.fromarray(np.dstack([colour, alpha])).save("clear.png", dpi=(100, 100))
    assert run("superres", "clear.png", "--scale", 2, *QUICK).exit_code == 0
    with Image.open("clear_x2.png") as image:
        made, dots = np.asarray(image), image.info["dpi"]
    assert made.shape == (80, 64, 4)
    assert dots == pytest.approx((200, 200), abs=0.1)
    operator = DownscalingOperator.between((40, 32), (80, 64), parse_kernel("bicubic"))
    back = operator.forward(torch.from_numpy(made[..., 3:].astype(np.float32)))
    assert np.abs(back[..., 0].numpy() - alpha).max() < 0.55


def test_the_rim_of_a_transparent_disc_has_the_colour_of_the_disc(run, tmp_path):
    y, x = np.mgrid[:40, :40]
    opacity = (12.5 - np.hypot(y - 19, x - 20)).clip(0, 1)
    disc = np.zeros((40, 40, 4), np.uint8)
    disc[..., 3] = np.round(255 * opacity)
    disc[opacity > 0, :3] = (200, 30, 60)
    Image.fromarray(disc).save("disc.png")
    assert run("superres", "disc.png", "--scale", 2, *QUICK).exit_code == 0
    made = read("disc_x2.png").astype(float)
    share = made[..., 3:] / 255
    assert (np.abs(made[share[..., 0] > 0][:, :3] - (200, 30, 60)) <= 1).all()
    outside = np.repeat(np.repeat(opacity == 0, 2, 0), 2, 1)
    assert (made[outside] == 0).all()
    inside = np.repeat(np.repeat(minimum_filter(opacity, 5) == 1, 2, 0), 2, 1)
    assert (share[inside] == 1).all()


def test_no_data_of_a_height_map_stays_where_it_is(run, tmp_path, grey):
    heights = grey.astype(np.int16) + 600
    heights[:9], heights[20:24, 30:40] = -32767, -32767
    tags = [(42113, "s", 0, "-32767", True)]  # GDAL's nodata
    tifffile.imwrite("map.tif", heights, extratags=tags)
    assert run("superres", "map.tif", "--scale", 2, *QUICK).exit_code == 0
    made = tifffile.imread("map_x2.tif")
    assert ((made == -32767) == np.repeat(np.repeat(heights == -32767, 2, 0), 2, 1)).all()
    assert made[made != -32767].min() > 550


def test_a_page_without_data_comes_back_without_data(run, tmp_path, grey):
    pages = np.stack([np.full(grey.shape, np.nan), grey, grey[::-1]]).astype(np.float32)
    tifffile.imwrite("stack.tif", pages, photometric="minisblack")
    result = run("superres", "stack.tif", "--scale", 2, "--reg", "inrr", "--steps", 3, "--width", 16)
    assert result.exit_code == 0
    made = tifffile.imread("stack_x2.tif")
    assert np.isnan(made[0]).all()
    assert np.isfinite(made[1:]).all()
    tifffile.imwrite("nothing.tif", pages[0])
    result = run("superres", "nothing.tif", "--scale", 2)
    assert result.exit_code == 2
    assert "no data" in result.stderr


def test_a_sample_that_is_made_is_not_taken_for_no_data(run, tmp_path):
    dark = np.zeros((32, 32), np.uint8)
    dark[16:], dark[:, :4] = 1, 20
    tifffile.imwrite("dark.tif", dark[None], extratags=[(42113, "s", 0, "1", True)])  # most of it is no data
    tifffile.imwrite("light.tif", np.where(dark == 1, 0, 2 * dark), extratags=[(42113, "s", 0, "1", True)])
    for name in ("dark", "light"):
        assert run("superres", f"{name}.tif", "--scale", 2, *QUICK).exit_code == 0
        made, lost = tifffile.imread(f"{name}_x2.tif"), tifffile.imread(f"{name}.tif").squeeze() == 1
        assert ((made.squeeze() == 1) == np.repeat(np.repeat(lost, 2, 0), 2, 1)).all()


def test_the_former_name_of_an_option_is_accepted_with_a_warning(run, files):
    ask = ("superres", files["grey"], "--scale", 2, "--rounds", 0)
    assert run(*ask, "-o", "a.png", "--train-steps", 0).stderr.count("warning") == 0
    result = run(*ask, "-o", "b.png", "--lessons", 0)
    assert result.exit_code == 0, result.stderr
    assert "warning: --lessons is now --train-steps" in result.stderr
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()
    assert run(*ask, "-o", "c.png", "--train-steps", 40).exit_code == 0
    assert Path("a.png").read_bytes() != Path("c.png").read_bytes()


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_stacks_of_deep_pages_keep_their_type_and_their_tags(run, grey, dtype):
    pages = np.stack([grey, grey[::-1]]).astype(dtype) * (200 if dtype == np.uint16 else 0.01)
    tifffile.imwrite("stack.tif", pages, photometric="minisblack", resolution=(50, 60), resolutionunit="INCH")
    result = run("superres", "stack.tif", "--scale", 2, *QUICK, "--json")
    assert result.exit_code == 0, result.stderr
    with tifffile.TiffFile("stack_x2.tif") as file:
        assert [page.shape for page in file.pages] == [(96, 128)] * 2
        made = file.asarray()
        resolution = file.pages[0].tags["XResolution"].value
    assert made.dtype == dtype
    assert resolution[0] / resolution[1] == pytest.approx(100)
    assert json.loads(result.stdout)["pages"] == 2
    back = made.reshape(2, 48, 2, 64, 2).mean((2, 4))
    assert np.abs(back - pages).mean() < 0.03 * np.ptp(pages)


def test_the_record_holds_the_noise_that_was_assumed(run, files):
    result = run("superres", files["grey"], "--scale", 2, "--noise", 4, *QUICK, "--json")
    assert json.loads(result.stdout)["noise_sigma"] == pytest.approx(4)
    result = run("superres", files["grey"], "--scale", 2, "--noise", 0, *QUICK, "--json", "--force")
    assert json.loads(result.stdout)["noise_sigma"] == 0


def test_the_coding_error_of_a_jpeg_counts_as_noise(run, tmp_path):
    truth = np.asarray(Image.fromarray(camera()).resize((128, 128), Image.Resampling.BICUBIC))
    Image.fromarray(truth).resize((64, 64), Image.Resampling.BICUBIC).save("small.jpg", quality=40)
    Image.fromarray(truth).save("truth.png")
    ask = ("superres", "small.jpg", "--scale", 2, "--reference", "truth.png", "--json", *QUICK)
    found, ignored = (json.loads(run(*ask, "-o", f"{noise}.png", "--noise", noise).stdout) for noise in ("auto", 0))
    assert found["noise_sigma"] == pytest.approx(3.69, abs=0.01)
    assert found["psnr_full"] > ignored["psnr_full"] + 0.1
    Image.open("small.jpg").save("small.png")
    assert json.loads(run("superres", "small.png", *ask[2:], "-o", "c.png").stdout)["noise_sigma"] == 0
