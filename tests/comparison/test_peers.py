"""Fills of other packages; those that are not installed are skipped."""

from importlib.machinery import ModuleSpec

import numpy as np
import pytest
from skimage.data import camera

from inrr_cli import make_mask, psnr
from inrr_cli.comparison import peers
from inrr_cli.comparison.peers import FSR_SAMPLES_MAXIMUM, PEERS, SLOW, fill_by_peer

DTYPES = ("uint8", "uint16", "int16", "float32", "float64")


@pytest.fixture(params=[name for name in PEERS if name not in SLOW])
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
    fsr = PEERS["fsr"].remark
    assert fsr(*masked("uint8", (3,))) == fsr(*masked("uint8")) == ""
    assert "256 levels" in fsr(*masked("float32"))
    image, missing = masked("uint8", (3,))
    missing[0, 0, 0] = True
    assert "each by itself" in fsr(image, missing)
    assert "each" in PEERS["gdal"].remark(*masked("int16", (3,)))


def masked(dtype, channels=()):
    image, _ = slope(dtype, channels)
    return image, hole(image)


def photograph(size):
    image = camera()[180 : 180 + size, 180 : 180 + size]
    return image, make_mask(image.shape, "random", rate=0.5)


def test_no_peer_is_far_below_linear_interpolation_on_a_photograph(peer):
    image, missing = photograph(64)
    filled = fill_by_peer(peer, np.where(missing, 0, image).astype(np.uint8), missing)
    linear = fill_by_peer(PEERS["linear"], np.where(missing, 0, image).astype(np.uint8), missing)
    assert psnr(filled / 255, image / 255, missing) > psnr(linear / 255, image / 255, missing) - 4


@pytest.mark.parametrize("name", ["fsr", "fsr-best"])
def test_fsr_is_left_out_of_an_image_that_would_take_too_long(name):
    if not PEERS[name].is_installed:
        pytest.skip("no FSR")
    samples = FSR_SAMPLES_MAXIMUM["INPAINT_FSR_FAST" if name == "fsr" else "INPAINT_FSR_BEST"]
    image = np.zeros((samples // 1000 + 1, 1000), np.uint8)
    with pytest.raises(ValueError, match="slow"):
        fill_by_peer(PEERS[name], image, image == 0)


def test_a_build_of_opencv_without_the_part_that_fsr_needs_has_no_fsr(monkeypatch, tmp_path):
    plain = ModuleSpec("cv2", None, is_package=True)
    plain.submodule_search_locations.append(str(tmp_path))
    monkeypatch.setattr(peers, "find_spec", lambda package: plain if package == "cv2" else None)
    assert (PEERS["telea"].is_installed, PEERS["fsr"].is_installed, PEERS["gdal"].is_installed) == (True, False, False)
    (tmp_path / "xphoto").mkdir()
    assert PEERS["fsr"].is_installed


@pytest.mark.slow
def test_the_best_of_fsr_fills_the_border_of_an_image_well():
    if not PEERS["fsr-best"].is_installed:
        pytest.skip("no FSR")
    image, missing = photograph(40)
    filled = fill_by_peer(PEERS["fsr-best"], np.where(missing, 0, image).astype(np.uint8), missing)
    linear = fill_by_peer(PEERS["linear"], np.where(missing, 0, image).astype(np.uint8), missing)
    assert psnr(filled / 255, image / 255, missing) > psnr(linear / 255, image / 255, missing)
