"""Scratches and dust are found in any number type, at any scale and polarity, and none where there is none."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from inrr_cli.imaging.picture import Picture
from inrr_cli.masking.from_image import mask_from_image
from inrr_cli.masking.scratches import Scratches, describe_scratches, find_scratches

SHAPE = (120, 150)


def ground(seed=0):
    """Return soft hills with a little grain, from 0 to 1, (M, N)."""
    rng = np.random.default_rng(seed)
    hills = gaussian_filter(rng.normal(size=SHAPE), 15)
    return 0.5 + 0.1 * hills / hills.std() + rng.normal(0, 0.01, SHAPE)


def arc():
    """Return the opacity of a curve 2 pixels wide, and which pixels are damaged."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    distance = np.abs(np.hypot(rows - 200, columns - 75) - 140)
    opacity = np.clip(1.5 - distance, 0, 1) * ((columns > 20) & (columns < 130))
    return opacity, opacity > 0.2


def dots():
    """Return the opacity of three round specks of radius 1.5 to 3.5, and which pixels are damaged."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    places = ((20, 30, 3.5), (95, 40, 2.5), (100, 110, 1.5))
    opacity = np.max([np.clip(r + 0.5 - np.hypot(rows - y, columns - x), 0, 1) for y, x, r in places], axis=0)
    return opacity, opacity > 0.2


def found_in(picture):
    return find_scratches(np.atleast_3d(picture)).mask


@pytest.fixture(scope="module")
def scratched():
    """A picture (M, N) from 0 to 1 with a bright curve, and where it is damaged."""
    opacity, damaged = arc()
    return ground() + 0.4 * opacity, damaged


@pytest.fixture(scope="module")
def mask(scratched):
    return found_in(scratched[0])


def test_a_curve_is_found_and_little_else(scratched, mask):
    damaged = scratched[1]
    assert mask[damaged].mean() > 0.9
    assert mask[~damaged].mean() < 0.01


def test_specks_are_found():
    opacity, damaged = dots()
    found = find_scratches((ground() + 0.4 * opacity)[..., None])
    assert found.mask[damaged].mean() > 0.8
    assert found.mask[~damaged].mean() < 0.01
    assert found.specks >= 2


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda values: 3e4 * values - 100, id="scale"),
        pytest.param(lambda values: -values, id="polarity"),
        pytest.param(lambda values: values.astype(np.float32), id="float32"),
        pytest.param(lambda values: np.rint(40000 * values).astype(np.uint16), id="uint16"),
        pytest.param(lambda values: np.stack([values] * 3, 2), id="colour"),
    ],
)
def test_the_mask_does_not_depend_on_scale_polarity_or_type(change, scratched, mask):
    assert (found_in(change(scratched[0])) == mask).mean() > 0.999


@pytest.mark.parametrize("axes", [pytest.param(np.transpose, id="transposed"), pytest.param(np.flipud, id="flipped")])
def test_the_mask_turns_with_the_picture(axes, scratched, mask):
    turned = found_in(axes(scratched[0]))
    assert (turned == axes(mask)).mean() > 0.998
    assert turned[axes(scratched[1])].mean() > 0.9


def test_the_stripes_it_works_in_do_not_show():
    tall = np.concatenate([ground(seed) for seed in range(5)])
    tall[:, 70:72] += 0.4
    mask = found_in(tall)
    assert mask[:, 70:72].all(1).mean() > 0.98
    cut = found_in(tall[:500])
    assert (cut[:440] == mask[:440]).mean() > 0.999


@pytest.mark.parametrize("kind", ["flat", "ramp", "noise", "step"])
def test_nothing_is_found_where_nothing_is(kind):
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    noise = np.random.default_rng(1).normal(0, 0.01, SHAPE)
    made = {"flat": np.full(SHAPE, 7.0), "ramp": rows + 2.0 * columns, "noise": noise}
    made["step"] = gaussian_filter(np.where(rows + columns > 120, 1.0, 0.0), 1) + noise
    assert found_in(made[kind]).mean() < 0.001


def test_nan_and_hot_samples_do_no_harm(scratched, mask):
    broken = scratched[0].copy()
    broken[5:15, 60:80] = np.nan
    broken[110, 10], broken[60, 5] = 1e9, np.inf
    found, note = mask_from_image("scratches", Picture.of(broken.astype(np.float32)), 0)
    assert found[scratched[1]].mean() > 0.9
    assert not found[~np.isfinite(broken)].any()
    assert "1 curve" in note
    assert not found_in(np.full(SHAPE, np.nan)).any()


@pytest.mark.parametrize("shape", [(1, 1), (5, 200), (40, 40)])
def test_small_pictures_are_no_error(shape):
    assert not found_in(np.random.default_rng(0).normal(size=shape)).any()


def test_a_pixel_is_damaged_in_all_its_channels(scratched):
    picture = np.stack([np.rint(255 * scratched[0].clip(0, 1)).astype(np.uint8)] * 3, 2)
    found, _ = mask_from_image("scratches", Picture.of(picture), 0)
    assert found.shape == picture.shape
    assert (found == found[..., :1]).all()


@pytest.mark.parametrize(("doubt", "words"), [(0.05, "fairly sure: some 5%"), (0.3, "not sure: some 30%")])
def test_the_note_says_how_sure_it_is(doubt, words):
    note = describe_scratches(Scratches(np.eye(10, dtype=bool), 1, 2, doubt))
    assert note.startswith("1 curve and 2 specks, 10.00% of the pixels; ")
    assert note.endswith(f"{words} of that is likely no damage")


def test_the_note_says_that_nothing_was_found():
    assert describe_scratches(Scratches(np.zeros((3, 3), bool), 0, 0, 0.0)) == "no scratches, hairs or dust"
