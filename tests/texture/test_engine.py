"""The texture engine: what it may touch and copy, that it repeats itself, and what comes back in a hole."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inrr_cli import InputError
from inrr_cli.device import one_thread_per_operation
from inrr_cli.engine import Control
from inrr_cli.metrics import texture_ratio
from inrr_cli.texture import engine
from inrr_cli.texture.engine import fill_texture
from inrr_cli.texture.scales import PATCH, whole_patches

SHAPE = (64, 56)  # not square, so that swapped axes show
BOX = (slice(20, 44), slice(16, 38))
LARGE, LARGE_BOX = (128, 128), (slice(44, 84), slice(40, 80))
MIDDLE = (slice(52, 76), slice(48, 72))  # of the large hole, far from what is known


def fill(values, made, sources=None, seed=0, progress=None):
    return fill_texture(values, made, ~made if sources is None else sources, seed, Control(progress))


def rmse(filled, truth, made):
    return float((filled - truth)[made].square().mean().sqrt())


@pytest.fixture
def unblended(monkeypatch):
    """Leave the copies as they are."""
    monkeypatch.setattr(engine, "blend", lambda patches, copied, colours, voted: colours[copied[patches.made]])


def numbered(rows, columns):
    """Return an image whose values tell where they are from: noise of a few levels in the first channel."""
    generator = torch.Generator().manual_seed(3)
    levels = torch.randint(4, (rows, columns), generator=generator) / 4
    row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    return torch.stack([levels, row / rows / 100, column / columns / 100], 2)


def origin(pixels, rows, columns):
    """Return the rows and columns that pixels of `numbered` are from, and how far the values are from whole numbers."""
    places = pixels[:, 1:] * 100 * torch.tensor([rows, columns])
    return *places.round().long().unbind(1), float((places - places.round()).abs().max())


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_image_comes_back_with_its_known_pixels_or_is_refused(data):
    """Tiny images, holes at the border or of the whole height, any number of channels, few or no sources."""
    rows, columns = data.draw(st.integers(1, 30)), data.draw(st.integers(1, 40))
    channels = data.draw(st.sampled_from([1, 2, 3, 5, 40]))
    values = torch.rand(rows, columns, channels, generator=torch.Generator().manual_seed(data.draw(st.integers(0, 9))))
    made, excluded = torch.zeros(2, rows, columns, dtype=torch.bool)
    for mask in (made, excluded):
        top, left = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
        mask[top : data.draw(st.integers(top, rows)), left : data.draw(st.integers(left, columns))] = True
    sources = ~(made | excluded)
    if not whole_patches(sources).any():
        with pytest.raises(InputError, match="nothing to copy from: no square of 7 x 7 pixels is known"):
            fill(values, made, sources)
        return
    filled = fill(values, made, sources)
    assert (filled.shape, filled.dtype) == (values.shape, torch.float32)
    assert (filled[~made] == values[~made]).all()
    assert filled.isfinite().all()


@pytest.mark.parametrize("channels", [1, 3, 5, 40])
@pytest.mark.parametrize("box", [BOX, (slice(None), slice(16, 38)), (slice(0, 30), slice(0, 30))])
def test_texture_goes_on_and_what_is_known_stays(noise, hole, channels, box):
    values, made = noise(*SHAPE, 1) * torch.linspace(1, 2, channels), hole(*SHAPE, box)
    filled = fill(values, made)
    assert (filled[~made] == values[~made]).all()
    assert 0.8 < filled[made].std() / values[~made].std() < 1.2
    spectra = filled[made] / torch.linspace(1, 2, channels)  # whole pixels are copied
    assert (spectra - spectra[:, :1]).abs().max() < 0.01


@pytest.mark.parametrize("few_patches", [True, False])
def test_pixels_are_copies_of_sources(request, unblended, hole, few_patches):
    """Of known pixels, and of no excluded ones, in any of several holes."""
    if not few_patches:
        request.getfixturevalue("many_patches")
    boxes = [(slice(4, 20), slice(8, 30)), (slice(4, 16), slice(140, 160)), (slice(50, 60), slice(90, 100))]
    values, made = numbered(60, 160), hole(60, 160, *boxes)
    sources = ~made & ~hole(60, 160, (slice(30, 40), slice(None)), (slice(20, 50), slice(60, 80)))
    filled = fill(values, made, sources)
    rows, columns, error = origin(filled[made], 60, 160)
    assert error < 1e-3
    assert sources[rows, columns].all()
    assert (filled[made][:, 0] - values[rows, columns, 0]).abs().max() < 1e-5
    assert len(set(zip(rows.tolist(), columns.tolist(), strict=True))) > 0.3 * made.sum()  # not a few, again and again


def test_excluded_places_shine_through_nowhere(noise, hole):
    values, made, excluded = noise(*SHAPE, 1), hole(*SHAPE, BOX), hole(*SHAPE, (slice(None), slice(48, None)))
    values[excluded] += 10
    filled = fill(values, made, ~(made | excluded))
    assert filled[made].max() < 1.5


def test_what_a_hole_holds_counts_for_nothing(noise, hole):
    values, made = noise(*SHAPE, 2), hole(*SHAPE, BOX, (slice(0, 6), slice(0, 6)))
    expected = fill(values, made)
    for value in (-1e6, torch.nan, torch.inf):
        values[made] = value
        assert fill(values, made).numpy().tobytes() == expected.numpy().tobytes()


@pytest.mark.parametrize("few_patches", [True, False])
def test_the_number_of_threads_changes_no_byte(request, small_pieces, noise, hole, few_patches):
    if not few_patches:
        request.getfixturevalue("many_patches")
    values, made, results = noise(*SHAPE, 3), hole(*SHAPE, BOX), []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        try:
            with one_thread_per_operation():
                results.append(fill(values, made).numpy().tobytes())
        finally:
            torch.set_num_threads(1)
    assert results[0] == results[1]


def test_another_seed_gives_another_fill(noise, hole):
    values, made = noise(*SHAPE, 1), hole(*SHAPE, BOX)
    one, other = (fill(values, made, seed=seed)[made] for seed in (0, 1))
    assert (one - other).abs().mean() > 0.1


@pytest.mark.parametrize(
    ("pattern", "few_patches"), [("stripes", True), ("oblique", False), ("checkers", False), ("line", False)]
)
def test_a_pattern_goes_on_through_a_hole(request, hole, pattern, few_patches):
    if not few_patches:
        request.getfixturevalue("many_patches")
    row, column = torch.meshgrid(torch.arange(128), torch.arange(128), indexing="ij")
    truth = {
        "stripes": column % 8 < 4,
        "oblique": (column + row) % 8 < 4,
        "checkers": (column // 4 + row // 4) % 2 == 0,
        "line": (column - row // 2 - 30).abs() < 2,
    }[pattern].float()[..., None]
    made = hole(*LARGE, LARGE_BOX)
    assert rmse(fill(truth, made), truth, made) < 0.01


@pytest.mark.parametrize("apart", [20, 75])
def test_holes_are_filled_each_by_what_goes_on_there(many_patches, hole, apart):
    """Near holes together, holes apart one by one though each lies in the window of the other."""
    row, column = torch.meshgrid(torch.arange(64), torch.arange(200), indexing="ij")
    truth = ((column + row) % 8 < 4).float()[..., None]
    made = hole(64, 200, (slice(20, 40), slice(30, 50)), (slice(25, 45), slice(50 + apart, 72 + apart)))
    assert rmse(fill(truth, made), truth, made) < 0.01


def test_many_channels_are_compared_as_one_if_they_are_alike(noise, hole):
    values = noise(*SHAPE, 1)
    compared = engine._compared(values.expand(*SHAPE, 40), ~hole(*SHAPE))
    assert (compared[..., 0].abs() - (values - values.mean())[..., 0].abs()).abs().max() < 1e-4
    assert compared.shape[2] == 1


def test_a_horizon_goes_on_straight(many_patches, noise, hole):
    values, made = 0.1 * noise(*LARGE, 1), hole(*LARGE, LARGE_BOX)
    values[64:] += 0.5
    filled = fill(values, made)[..., 0]
    ground = filled[LARGE_BOX] > 0.3
    assert ((64 - 44 - (~ground).sum(0)).abs() <= 1).all()  # in each column
    assert (ground.int().diff(dim=0) >= 0).all()
    assert abs(filled[44:62, 40:80].mean() - values[:64].mean()) < 0.01
    assert abs(filled[66:84, 40:80].mean() - values[64:].mean()) < 0.01


def test_noise_keeps_its_energy(many_patches, noise, hole):
    """Of which the expected value has nothing."""
    values, made = noise(*LARGE, 1), hole(*LARGE, LARGE_BOX)
    filled = fill(values, made)
    assert 0.8 < filled[made].var() / values.var() < 1.2
    assert 0.75 < texture_ratio(filled.numpy(), made.numpy()) < 1.3


def test_the_light_goes_on(many_patches, noise, hole):
    light = torch.linspace(0.2, 0.8, 128)[None, :, None].expand(128, 128, 1)
    values, made = light + 0.1 * (noise(*LARGE, 1) - 0.5), hole(*LARGE, LARGE_BOX)
    filled = fill(values, made)
    for columns in (slice(40, 53), slice(53, 66), slice(66, 80)):
        assert abs(filled[44:84, columns].mean() / light[44:84, columns].mean() - 1) < 0.04


@pytest.mark.parametrize(("span", "low"), [(1e-3, 0), (1e4, -1e5), (1e-3, 100)])
def test_the_unit_is_free(noise, hole, span, low):
    row = torch.arange(SHAPE[0])[:, None, None]
    truth = ((row % 8 < 4) + 0.1 * noise(*SHAPE, 1)) * span + low
    made = hole(*SHAPE, BOX)
    filled = fill(truth, made)
    assert rmse(filled, truth, made) < 0.06 * span
    assert 0.8 < filled[made].std() / truth.std() < 1.2


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0, -700.0])
def test_a_constant_image_stays_constant(hole, value):
    values, made = torch.full((*SHAPE, 1), value), hole(*SHAPE, BOX)
    assert (fill(values, made) - values).abs().max() <= 1e-6 * abs(value)


def test_flat_paper_with_some_noise_at_the_side_has_no_odd_value(noise, hole):
    """Where most matches are perfect, the others are poor beyond all weights."""
    values, made = torch.full((*SHAPE, 1), 0.5), hole(*SHAPE, BOX)
    values[:26, :20] += noise(26, 20, 1) - 0.5
    filled = fill(values, made)
    assert filled.isfinite().all()
    assert (filled[36:44, 30:38] - 0.5).abs().max() < 1e-3


@pytest.mark.parametrize("first", [122, 150, 193])
def test_what_may_be_copied_can_be_far_away(noise, hole, first):
    """At the border of the window that is looked at first, or beyond it."""
    values, made = noise(200, 200, 1), hole(200, 200, (slice(30, 31), slice(30, 31)))
    sources = hole(200, 200, (slice(None), slice(first, None)))
    assert fill(values, made, sources).isfinite().all()


def test_a_single_patch_is_enough(noise, hole, unblended):
    values, known = numbered(40, 40), hole(40, 40, (slice(20, 20 + PATCH), slice(9, 9 + PATCH)))
    filled = fill(values, ~known)
    rows, columns, error = origin(filled[~known], 40, 40)
    assert error < 1e-3
    assert known[rows, columns].all()


def test_a_long_thin_hole_in_a_large_image(monkeypatch, many_patches, hole):
    """With more patches at the coarsest scale than a first guess compares, the search starts by chance."""
    monkeypatch.setattr("inrr_cli.texture.start.SAMPLES", 200)
    row, column = torch.meshgrid(torch.arange(200), torch.arange(240), indexing="ij")
    truth = torch.sin(column / 3.0)[..., None] + torch.sin(row / 4.0)[..., None]
    made = (row - column * 200 // 240).abs() < 7
    filled = fill(truth, made)
    assert (filled[~made] == truth[~made]).all()
    assert rmse(filled, truth, made) < 0.2 * truth.std()


@pytest.mark.parametrize("boxes", [[BOX], [(slice(4, 16), slice(4, 16)), (slice(100, 120), slice(100, 124))]])
def test_progress_goes_to_the_end_and_never_back(noise, hole, boxes):
    said, shape = [], SHAPE if len(boxes) == 1 else LARGE
    fill(
        noise(*shape, 1),
        hole(*shape, *boxes),
        progress=lambda done, total, measure: said.append((done, total, measure)),
    )
    done = [part for part, _, _ in said]
    assert {total for _, total, _ in said} == {1000}
    assert done == sorted(done)
    assert done[0] < 200
    assert done[-1] == 1000
    assert all(measure >= 0 for _, _, measure in said)


def test_an_interruption_comes_out(noise, hole):
    calls = []

    def interrupt(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(noise(*SHAPE, 1), hole(*SHAPE, BOX), progress=interrupt)
    assert len(calls) == 2


def test_nothing_to_make_up_or_to_copy(noise, hole):
    values, made = noise(*SHAPE, 1), hole(*SHAPE, BOX)
    assert (fill(values, hole(*SHAPE)) == values).all()
    sources = ~made
    sources[::6] = False  # rows of five that are known
    with pytest.raises(InputError, match="nothing to copy from"):
        fill(values, made, sources)
