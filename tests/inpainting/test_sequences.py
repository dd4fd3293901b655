"""Stacks: dates of one place, slices of a volume, and pages that are strangers."""

import sys

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from inrr_cli import InputError, inpaint, make_settings, memory, run_inpainting
from inrr_cli.engine import Control
from inrr_cli.imaging.axes import Layout
from inrr_cli.inpainting.alignment import align_slices
from inrr_cli.inpainting.lost_page import predict_lost
from inrr_cli.inpainting.pages import find_sequences, inpaint_pages
from inrr_cli.inpainting.sequences import windows
from inrr_cli.masking.selection import Page


def field(rng, shape, scale):
    x = gaussian_filter(rng.standard_normal(shape), scale)
    return x / x.std()


def season(noise=0.0, size=64, seed=0):
    """Dates of a place with a season, and clouds that move."""
    rng = np.random.default_rng(seed)
    t = np.arange(8)[:, None, None]
    x = 0.2 * field(rng, (size, size), 4) + 0.1 * field(rng, (size, size), 2) * np.sin(t) + 0.3
    clouds = np.stack([field(rng, (size, size), 6) > 0.9 for _ in range(8)])
    return (x + noise * rng.standard_normal(x.shape)).astype(np.float32), clouds


def volume(seed=0):
    """Slices whose structures change slowly, and shift by a pixel from slice to slice."""
    whole = field(np.random.default_rng(seed), (17, 64, 64), (2.5, 2, 2))[4:13].astype(np.float32)
    return np.stack([np.roll(page, number, 1) for number, page in enumerate(whole)])


def linear_in_time(x, missing):
    out = x.astype(float)
    dates = np.arange(len(x))
    for row, column in zip(*np.nonzero(missing.any(0)), strict=True):
        gone = missing[:, row, column]
        if not gone.all():
            out[gone, row, column] = np.interp(dates[gone], dates[~gone], x[~gone, row, column])
    return out


def pages_of(x, missing):
    return [
        Page(n, np.where(gone, 0, page).astype(x.dtype), gone, np.zeros_like(gone))
        for n, (page, gone) in enumerate(zip(x, missing, strict=True))
    ]


def fill(x, missing, stack):
    """The filled pages, their sigmas and what was said."""
    every, settings, said = pages_of(x, missing), make_settings(stack=stack), []
    row = list(range(len(x)))
    pages = [page for page in every if page.missing.any()]
    others = [page for page in every if not page.missing.any()]
    sequences = {"time": [row], "volume": [row]} if settings.uses_neighbours else {}
    results = inpaint_pages(pages, settings, Control(), said.append, others=others, sequences=sequences)
    out, sigma = x.copy(), np.zeros(x.shape, np.float32)
    for number, result in results.items():
        out[number], sigma[number] = result.image, result.sigma
    return out, sigma, said


def rms(error):
    return float(np.sqrt(np.mean(np.square(error))))


@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_clouds_are_filled_from_other_dates_better_than_by_interpolation_in_time(noise):
    x, clouds = season(noise)
    filled, sigma, _ = fill(x, clouds, "time")
    assert (filled[~clouds] == x[~clouds]).all()
    seen = clouds & (~clouds).any(0)
    assert rms((filled - x)[seen]) < 0.8 * rms((linear_in_time(x, clouds) - x)[seen])
    assert 0.5 < (np.abs(filled - x) <= sigma)[seen].mean() < 0.85


@pytest.mark.parametrize("lost", [0, 4, 8])
def test_a_lost_slice_is_better_than_the_mean_of_its_neighbours(lost):
    x = volume()
    missing = np.zeros(x.shape, bool)
    missing[lost] = True
    filled, sigma, _ = fill(x, missing, "volume")
    beside = [x[n] for n in (lost - 1, lost + 1) if 0 <= n < len(x)]
    assert rms(filled[lost] - x[lost]) < 0.7 * rms(np.mean(beside, 0) - x[lost])
    assert 0.55 < (np.abs(filled - x) <= sigma)[missing].mean() < 0.8


def test_a_lost_date_follows_from_the_dates_around_it():
    x, clouds = season()
    clouds[3] = True
    filled, _, _ = fill(x, clouds, "time")
    assert rms(filled[3] - x[3]) < 1.3 * rms(np.mean([x[2], x[4]], 0) - x[3])


@pytest.mark.slow
def test_auto_takes_what_fills_held_out_samples_best_and_says_so():
    x, clouds = season()
    filled, _, said = fill(x, clouds, "auto")
    assert said[0].startswith("stack: time (")
    assert (filled == fill(x, clouds, "time")[0]).all()
    missing = np.zeros((9, 64, 64), bool)
    missing[4] = True
    assert fill(volume(), missing, "auto")[2][0].startswith("stack: volume")


@pytest.mark.slow
def test_auto_fills_strangers_each_from_itself():
    rng = np.random.default_rng(0)
    x = np.stack([field(rng, (48, 48), 2) for _ in range(4)]).astype(np.float32)
    missing = rng.random(x.shape) < 0.2
    filled, _, said = fill(x, missing, "auto")
    assert said[0].startswith("stack: pages")
    alone = [run_inpainting(page, gone, make_settings()).image for page, gone in zip(x, missing, strict=True)]
    assert (filled == np.stack(alone)).all()


def test_a_lost_page_among_strangers_is_refused():
    x = np.random.default_rng(0).random((3, 32, 32)).astype(np.float32)
    missing = np.zeros(x.shape, bool)
    missing[1], missing[2, 4] = True, True
    for stack in ("pages", "auto"):
        with pytest.raises(InputError, match=r"page 2: no sample of it is known.*give --stack time"):
            fill(x, missing, stack)


@pytest.mark.parametrize("stack", ["time", "volume"])
def test_a_page_among_lost_ones_is_refused_before_any_is_filled(stack):
    x = np.random.default_rng(0).random((20, 16, 16)).astype(np.float32)
    missing = np.zeros(x.shape, bool)
    missing[3:18] = True
    with pytest.raises(InputError, match="page 10: nothing is known of it and of the 6 pages before it and after it"):
        fill(x, missing, stack)


@pytest.mark.parametrize(("dtype", "nodata"), [(np.float32, np.nan), (np.int16, -32768)])
@pytest.mark.parametrize("mode", ["time", "volume"])
def test_no_data_of_the_neighbours_is_not_in_a_lost_page(dtype, nodata, mode):
    x = (1000 * field(np.random.default_rng(2), (7, 24, 24), 2)).astype(dtype)
    truth, ignored = x[3].copy(), np.zeros((24, 24), bool)
    ignored[:3] = True
    x[:, :3] = nodata
    lost = np.ones((24, 24), bool)
    pages = [Page(n, page, lost & (n == 3), ignored & (n != 3)) for n, page in enumerate(x)]
    row = list(range(7))
    settings = make_settings(stack=mode)
    others = pages[:3] + pages[4:]
    result = inpaint_pages([pages[3]], settings, Control(), others=others, sequences={mode: [row]})[3]
    assert np.isfinite(result.image).all()
    assert truth.min() - 500 < result.image.min() <= result.image.max() < truth.max() + 500
    assert result.sigma[:3].min() > result.sigma[3:].mean()


def test_windows_reach_around_the_pages_they_fill():
    assert list(windows(9, [0, 4], "volume")) == [([0, 1, 2], [0]), ([2, 3, 4, 5, 6], [4])]
    assert list(windows(20, [3, 7], "time")) == [(list(range(20)), [3, 7])]
    found = list(windows(1000, [0, 500, 505, 999], "time"))
    assert [page for _, filled in found for page in filled] == [0, 500, 505, 999]
    assert all(len(reach) == 24 and set(filled) <= set(reach) for reach, filled in found)


def test_moved_slices_lie_on_one_another():
    base = field(np.random.default_rng(3), (96, 96), 3)
    slices = [np.roll(base, 2 * n, 1)[16:80, 16:80, None] for n in range(3)]
    parts = [(part, np.ones(part.shape, bool)) for part in slices]
    aligned = align_slices(parts, [-1, 0, 1])
    inner = np.s_[8:-8, 8:-8]
    for moved, _ in aligned:
        assert rms(moved[inner] - slices[1][inner]) < 0.1 * rms(slices[0][inner] - slices[1][inner])


def test_a_moved_slice_does_not_ring_around_holes():
    flat = np.full((32, 32, 1), 1000.0)
    known = np.ones(flat.shape, bool)
    known[16, 16] = known[5:8, 5:9] = False
    rough = field(np.random.default_rng(1), (32, 32, 1), 2)
    parts = [(np.where(known, flat, np.nan), known), (flat + rough, known | True), (np.roll(flat + rough, 1, 0), known)]
    for moved, still in align_slices(parts, [-1, 0, 1]):
        assert np.abs(moved[still] - 1000).max() <= np.abs(rough).max() + 1e-6


def test_neighbours_count_as_they_predict_known_pages():
    """A linear ramp over pages: each is the mean of its neighbours, the first twice the second less the third."""
    base, slope = (field(np.random.default_rng(seed), (32, 32, 1), 2) for seed in (0, 1))
    parts = [(base + n * slope, np.ones(base.shape, bool)) for n in range(7)]
    for lost in (0, 3):
        known = [(values, mask & (n != lost)) for n, (values, mask) in enumerate(parts)]
        mean, sigma = predict_lost(known, lost, moves=False)
        assert rms(mean - parts[lost][0]) < 0.03
        assert (sigma > 0).all()


def test_sequences_lie_along_the_axes_of_the_file():
    pages = pages_of(np.zeros((6, 4, 5), np.float32), np.zeros((6, 4, 5), bool))
    layout = Layout("TZYX", (2, 3, 4, 5), tuple((n,) for n in range(6)), True)
    found = find_sequences(layout, pages, make_settings())
    assert found == {"time": [[0, 3], [1, 4], [2, 5]], "volume": [[0, 1, 2], [3, 4, 5]]}
    plain = Layout("QYX", (6, 4, 5), tuple((n,) for n in range(6)))
    assert find_sequences(plain, pages, make_settings())["time"] == [list(range(6))]
    assert find_sequences(layout, pages, make_settings(stack="pages")) == {}
    assert find_sequences(layout, pages, make_settings(reg="inrr")) == {}
    other = [*pages[:5], pages[5].__class__(5, np.zeros((3, 3)), np.zeros((3, 3), bool), np.zeros((3, 3), bool))]
    assert find_sequences(layout, other, make_settings()) == {}


@pytest.mark.parametrize("options", [{"reg": "inrr"}, {"denoise": True}, {"values": "labels"}])
def test_neighbours_are_for_patches(options):
    with pytest.raises(InputError, match="--stack time is for patches"):
        make_settings(stack="time", **options)


@pytest.mark.slow
def test_arrays_have_a_stack_axis():
    x, clouds = season()
    expected, _, _ = fill(x, clouds, "time")
    damaged = np.where(clouds, np.nan, x)
    assert (inpaint(damaged, clouds, stack_axis=0, stack="time") == expected).all()
    last = inpaint(np.moveaxis(damaged, 0, 2), np.moveaxis(clouds, 0, 2), stack_axis=2, stack="time")
    assert (last == np.moveaxis(expected, 0, 2)).all()
    alone = inpaint(damaged, clouds, stack_axis=0, stack="pages")
    assert (alone[2] == run_inpainting(damaged[2], clouds[2], make_settings()).image).all()


@pytest.mark.parametrize(
    ("shape", "mode", "options", "together"),
    [
        ((8, 9), "time", {}, 24),
        ((8, 9), "volume", {}, 5),
        ((8, 9, 3), "volume", {}, 15),
        ((8, 9, 3), "volume", {"per_channel": True}, 5),
    ],
)
def test_memory_is_checked_for_the_pages_that_are_filled_together(monkeypatch, shape, mode, options, together):
    def refuse(checked, missing, settings):
        assert (checked, settings.per_channel) == ((8, 9, together), False)
        raise InputError("refused")

    monkeypatch.setattr(sys.modules["inrr_cli.inpainting.pages"], "check_inpainting_memory", refuse)
    missing = np.zeros((30, *shape), bool)
    missing[3, 4, 5], axis = True, 3 if len(shape) == 3 else None
    with pytest.raises(InputError, match="refused"):
        inpaint(np.zeros(missing.shape), missing, stack_axis=0, channel_axis=axis, stack=mode, **options)


def test_a_window_that_does_not_fit_in_memory_is_refused(monkeypatch):
    needed = memory.inpainting_bytes((64, 64, 8), 0, make_settings())
    monkeypatch.setattr(memory, "free_resident_memory", lambda: needed - memory.PROGRAM - 1e6)
    monkeypatch.setattr(memory, "held_bytes", lambda: memory.PROGRAM)
    with pytest.raises(InputError, match="restoring 64 x 64 pixels needs about"):
        fill(*season(), "time")
