"""Fills of other packages; those that are not installed are skipped."""

import numpy as np
import pytest

from inrr_cli.comparison.peers import PEERS, fill_by_peer

DTYPES = ("uint8", "uint16", "int16", "float32", "float64")


@pytest.fixture(params=PEERS)
def peer(request):
    found = PEERS[request.param]
    if not found.is_installed:
        pytest.skip(f"{found.install} is not installed")
    return found


def slope(dtype, channels=()):
    """A plane over 24 x 20 pixels that uses much of the type's range, the same in each channel but for its sign."""
    high = np.iinfo(dtype).max // 2 if np.issubdtype(dtype, np.integer) else 3.5
    rows, columns = np.indices((24, 20))
    plane = (rows + columns) / 42 * high
    return (np.stack([plane, high - plane, plane], 2) if channels else plane).astype(dtype), high


def hole(image):
    missing = np.zeros(image.shape, bool)
    missing[9:13, 7:11] = True
    return missing


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [(), (3,)])
def test_a_slope_is_filled_in_its_own_type_and_known_samples_stay(peer, dtype, channels):
    truth, high = slope(dtype, channels)
    missing = hole(truth)
    damaged = np.where(missing, 0, truth).astype(dtype)
    filled = fill_by_peer(peer, damaged, missing)
    assert (filled.dtype, filled.shape) == (truth.dtype, truth.shape)
    assert np.array_equal(filled[~missing], truth[~missing])
    assert np.abs(filled[missing].astype(float) - truth[missing]).max() < 0.12 * high


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1e30])
def test_what_is_in_a_hole_does_not_matter_and_ignored_samples_stay(peer, bad):
    truth, _ = slope("float32")
    missing = hole(truth)
    ignored = np.zeros_like(missing)
    ignored[0, :3] = ignored[15, 8] = True
    damaged = truth.copy()
    damaged[missing | ignored] = bad
    zeros = np.where(missing | ignored, np.float32(0), truth)
    filled = fill_by_peer(peer, damaged, missing, ignored)
    assert np.isfinite(filled[missing]).all()
    assert np.array_equal(filled[missing], fill_by_peer(peer, zeros, missing, ignored)[missing])
    assert np.array_equal(filled[ignored], damaged[ignored], equal_nan=True)


def test_each_channel_may_miss_its_own_samples(peer):
    truth, high = slope("uint8", (3,))
    missing = np.zeros(truth.shape, bool)
    missing[4:7, 4:7, 0] = missing[15:18, 10:13, 2] = True
    filled = fill_by_peer(peer, np.where(missing, 0, truth).astype(np.uint8), missing)
    assert np.array_equal(filled[~missing], truth[~missing])
    assert np.abs(filled[missing].astype(float) - truth[missing]).max() < 0.12 * high


def test_a_far_and_narrow_range_of_floats_keeps_its_digits(peer):
    truth, high = slope("float64")
    far = 1e6 + truth
    filled = fill_by_peer(peer, far, hole(far))
    assert np.abs(filled - far).max() < 0.12 * high


def test_remarks_say_what_is_converted():
    opencv, maskfill = PEERS["telea"].remark, PEERS["maskfill"].remark
    assert opencv(*masked("uint8", (3,))) == opencv(*masked("uint16")) == opencv(*masked("float32")) == ""
    assert "float32" in opencv(*masked("float64"))
    assert "each channel" in opencv(*masked("uint16", (3,)))
    assert maskfill(*masked("uint8")) == ""
    assert maskfill(*masked("uint8", (3,)))


def masked(dtype, channels=()):
    image, _ = slope(dtype, channels)
    return image, hole(image)
