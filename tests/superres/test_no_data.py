"""Samples without data stay, teach nothing and leave no ring; flat places stay flat, and counts stay counts."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import maximum_filter, minimum_filter

from inrr_cli import superres
from inrr_cli.superres.local_range import prominence
from inrr_cli.superres.opacity import weaken_translucent

QUICK = {"device": "cpu", "train_steps": 10, "rounds": 1}


def bicubic(pixels, size):
    return np.asarray(Image.fromarray(pixels.astype(np.float32)).resize(size[::-1], Image.Resampling.BICUBIC))


@pytest.fixture
def holey(grey):
    """A photograph with a border and a hole, and where it has data."""
    known = np.ones(grey.shape, bool)
    known[:5] = known[:, -7:] = known[20:24, 10:30] = False
    return grey, known


def test_a_network_enlarges_a_band_without_data(colour):
    image = colour[:16, :20].astype(np.float32)
    image[..., 1] = np.nan
    enlarged = superres(image, 2, net="siren", steps=20, device="cpu")
    assert np.isnan(enlarged[..., 1]).all()
    assert np.isfinite(enlarged[..., [0, 2]]).all()


@pytest.mark.parametrize("net", [None, "siren"])
@pytest.mark.parametrize(("dtype", "value"), [(np.int16, -32767), (np.float32, np.nan), (np.uint8, 0)])
def test_samples_without_data_stay_and_teach_nothing(holey, dtype, value, net):
    image, known = holey
    options = QUICK if net is None else {"device": "cpu", "net": net, "reg": "l2", "steps": 20}
    results = []
    for junk in (value, 113):
        pixels = np.where(known, image, np.array(junk, dtype)).astype(dtype)
        results.append(superres(pixels, 2, opacity=known.astype(np.float32), **options))
    first, second = results
    kept = np.repeat(np.repeat(known, 2, 0), 2, 1)
    assert (first[kept] == second[kept]).all()
    assert first[~kept].tobytes() == np.full((~kept).sum(), value, dtype).tobytes()
    assert np.isfinite(first[kept]).all()
    assert first[kept].min() > float(image[known].min()) - 40
    assert first[kept].max() < float(image[known].max()) + 40


@pytest.mark.parametrize("scale", [1.7, 2, 3])
@pytest.mark.parametrize("kernel", ["bicubic", "area", "point"])
def test_a_plateau_beside_no_data_has_no_ring(scale, kernel):
    image = np.full((30, 40), 700.0, np.float32)
    image[10:20, :13] = np.nan
    enlarged = superres(image, scale, kernel=kernel, **QUICK)
    kept = enlarged[np.isfinite(enlarged)]
    assert np.abs(kept - 700).max() < 0.01
    assert 1 - kept.size / enlarged.size == pytest.approx(130 / 1200, abs=0.01)


def test_a_channel_may_lack_samples_that_others_have(colour):
    image = colour.astype(np.float32)
    image[8:12, 8:12, 1] = np.nan
    lost = np.isnan(superres(image, 2, **QUICK))
    assert lost[16:24, 16:24, 1].all()
    assert lost.sum() == 64


def test_a_channel_without_data_comes_back_without_data(colour):
    image = colour.astype(np.float32)
    image[..., 2] = np.nan
    enlarged = superres(image, 2, **QUICK)
    assert np.isnan(enlarged[..., 2]).all()
    assert np.abs(enlarged[..., :2].mean((0, 1)) - image[..., :2].mean((0, 1))).max() < 1


@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.uint8])
@pytest.mark.parametrize("kernel", ["bicubic", "area", "lanczos"])
def test_what_is_nowhere_negative_stays_so(dtype, kernel):
    image = np.zeros((24, 24), dtype)
    image[12, 12] = 120
    enlarged = superres(image, 2.5, kernel=kernel, **QUICK)
    assert enlarged.min() >= 0
    assert enlarged.max() >= 119


@pytest.mark.parametrize("scale", [1.5, 2, 3])
@pytest.mark.parametrize("shape", ["disc", "step", "wedge"])
def test_flat_places_stay_flat_and_edges_ring_no_more_than_bicubic(scale, shape):
    y, x = np.mgrid[:36, :36]
    inside = {"disc": (y - 18) ** 2 + (x - 18) ** 2 < 120, "step": x > 14, "wedge": 2 * y + x > 60}[shape]
    image = np.where(inside, 160, 90).astype(np.uint8)
    size = (round(36 * scale),) * 2
    enlarged, plain = superres(image, scale, **QUICK), bicubic(image, size)
    flat = minimum_filter(image, 5) == maximum_filter(image, 5)
    rows = np.arange(size[0]) * 36 // size[0]
    where = flat[rows][:, rows]
    assert where.mean() > 0.4
    assert (enlarged == image[rows][:, rows])[where].all()
    assert enlarged.max() <= np.round(plain.max())
    assert enlarged.min() >= np.round(plain.min())


def test_lines_and_spots_are_prominent_and_edges_are_not():
    image = torch.zeros(12, 12)
    image[:, 6:] = 1
    assert prominence(image).abs().max() == 0
    image[:, 3] = 0.5
    image[2, 9] = 3
    found = prominence(image)
    assert (found[:, 3] == 0.5).all()
    assert found[2, 9] == 2
    assert found.count_nonzero() == 13
    corner = torch.zeros(12, 12)
    corner[8:], corner[:, 8:] = 1, 1
    assert prominence(corner).count_nonzero() == 0
    assert prominence(-corner).nonzero().tolist() == [[7, 7]]  # only the sample in the corner
    assert (prominence(torch.eye(12)).diagonal() == 1)[1:-1].all()


def test_a_colour_counts_as_far_as_it_is_opaque():
    image = torch.full((6, 6, 1), 0.5)
    image[2, 2], image[4, 4] = 0.9, 0.1
    opacity = torch.ones(6, 6, 1)
    assert weaken_translucent(image, opacity) is image
    opacity[2, 2], opacity[4, 4] = 0.0, 0.5
    drawn = weaken_translucent(image, opacity)
    assert drawn[2, 2] == pytest.approx(0.5)
    assert drawn[4, 4] == pytest.approx(0.5 * 0.1 + 0.5 * (0.5 * 8 + 0.1 * 0.5) / 8.5)
    assert (drawn[:2] == 0.5).all()
    assert weaken_translucent(image, torch.full((6, 6, 1), 0.3)).allclose(image)
