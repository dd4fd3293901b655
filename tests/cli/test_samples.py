"""Masks of samples, and gaps, from file to output."""

import json

import numpy as np
import pytest
import tifffile
from checks import QUICK, ok, refused


@pytest.fixture
def bands(colour):
    """A photograph of floats with samples of NaN in each channel by itself, (40, 32, 3)."""
    dead = np.random.default_rng(0).random(colour.shape) < 0.05
    return np.where(dead, np.nan, colour / 255).astype(np.float32)


def test_each_channel_is_filled_where_it_is_missing(run, colour, bands):
    tifffile.imwrite("rgb.tif", bands, photometric="rgb", metadata=None)
    np.save("truth.npy", (colour / 255).astype(np.float32))
    ask = ("inpaint", "rgb.tif", "--mask", "nan", "--reference", "truth.npy", "--json", *QUICK)
    outputs = ("--save-mask", "filled.tif", "--uncertainty", "sigma.tif")
    result = ok(run(*ask, *outputs))
    record, restored = json.loads(result.stdout), tifffile.imread("rgb_restored.tif")
    dead = np.isnan(bands)
    assert (restored[~dead] == bands[~dead]).all()
    assert np.isfinite(restored).all()
    assert (record["missing_samples"], record["missing_pixels"]) == (dead.sum(), dead.any(2).sum())
    assert record["missing_fraction"] == pytest.approx(dead.mean())
    error = (restored - colour / 255)[dead]
    peak = np.nanmax(bands) - np.nanmin(bands)
    assert record["psnr_missing"] == pytest.approx(10 * np.log10(peak**2 / (error**2).mean()), abs=1e-3)
    assert f"filling {dead.sum():,} of {dead.size:,} samples ({dead.mean():.1%})" in result.stderr
    sigma = tifffile.imread("sigma.tif")
    assert (sigma[~dead] == 0).all()
    assert (sigma[dead] > 0).all()
    assert record["sigma_mean"] == pytest.approx(sigma[dead].mean(), rel=1e-4)
    assert ((tifffile.imread("filled.tif") > 0) == dead).all()
    with tifffile.TiffFile("rgb_restored.tif") as file:
        assert f"; {dead.sum()} samples were filled" in file.pages[0].description


def test_a_saved_mask_of_samples_is_a_mask_again(run, bands):
    tifffile.imwrite("rgb.tif", bands, photometric="rgb", metadata=None)
    ok(run("inpaint", "rgb.tif", "--mask", "nan", "--save-mask", "filled.tif", "-o", "a.tif", *QUICK))
    result = ok(run("inpaint", "rgb.tif", "--mask", "filled.tif", "-o", "b.tif", *QUICK))
    assert "filled.tif: each channel of the mask marks its own samples" in result.stderr
    assert "outside the mask" not in result.stderr
    assert (tifffile.imread("a.tif") == tifffile.imread("b.tif")).all()
    refused(
        run("inpaint", "rgb.tif", "--mask", "nan", "--save-mask", "m.pgm", "-o", "c.tif"), "cannot write '.pgm' files"
    )


def test_samples_without_data_in_one_channel_teach_nothing(run, colour):
    values = colour.astype(np.int16)
    gone = np.zeros(values.shape, bool)
    gone[10:16, 8:20], gone[10:16, 20:24, 1] = True, True
    spoiled = np.where(gone, -9999, values).astype(np.int16)
    tifffile.imwrite("a.tif", spoiled, photometric="rgb", metadata=None, extratags=[(42113, 2, 0, "-9999", True)])
    ok(run("inpaint", "a.tif", "--mask", "nodata", "-o", "b.tif", *QUICK))
    restored = tifffile.imread("b.tif")
    assert (restored[~gone] == values[~gone]).all()
    assert restored.min() > -100
    hole = gone.all(2)
    np.save("hole.npy", hole)
    result = ok(run("inpaint", "a.tif", "--mask", "hole.npy", "-o", "c.tif", *QUICK))
    assert "24 samples outside the mask hold the nodata value -9999 and stay so" in result.stderr
    restored = tifffile.imread("c.tif")
    assert (restored[~hole] == spoiled[~hole]).all()
    assert restored[hole].min() > -100


def test_gaps_that_are_not_asked_for_stay(run, grey):
    values = grey.astype(np.float32)
    values[:, 10:12], values[8:40, 30:50] = np.nan, np.nan
    values[20:24, 20:23] = np.nan
    tifffile.imwrite("a.tif", values, metadata=None)
    column, small = np.arange(64) // 2 == 5, np.zeros(grey.shape, bool)
    small[20:24, 20:23] = True
    for gaps, filled in (("inner", np.isnan(values) & ~column), ("narrow=3", small | column)):
        ask = ("inpaint", "a.tif", "--mask", "nan", "--gaps", gaps, "-o", "b.tif", "--force", *QUICK)
        result = ok(run(*ask))
        assert f"filling {filled.sum():,} of 3,072 pixels" in result.stderr
        assert (np.isnan(tifffile.imread("b.tif")) == (np.isnan(values) & ~filled)).all()
    refused(run("inpaint", "a.tif", "--mask", "nan", "--gaps", "outer"), "--gaps must be all, inner or narrow=N")
    refused(
        run("inpaint", "a.tif", "--mask", "nan", "--gaps", "narrow=1"),
        "--gaps and --max-distance leave nothing of the mask to fill",
    )
