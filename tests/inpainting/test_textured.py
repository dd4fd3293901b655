"""How the two engines are joined: what is made up and from what, and what stays as the expected value or as known."""

import numpy as np
import pytest
import torch
from skimage.data import gravel

from inrr_cli import Control, InputError, inpaint, make_settings, run_inpainting
from inrr_cli.texture.scales import whole_patches

QUICK = {"rounds": 2, "similar": 8, "radius": 3, "device": "cpu"}
TEXTURE = {"fill": "texture"} | QUICK
HOLE = np.s_[10:24, 12:28]
SCRATCH = np.s_[34:37, 4:40]
SHAPE = (44, 48)
FILLS = ("texture", "expected")


@pytest.fixture(scope="module")
def pebbles():
    """A texture, (44, 48) uint8, that holds neither its lowest nor its highest value."""
    return gravel()[:44, :48].clip(1, 254)


@pytest.fixture
def mask():
    """A deep hole, and a scratch."""
    mask = np.zeros(SHAPE, bool)
    mask[HOLE] = mask[SCRATCH] = True
    return mask


@pytest.fixture
def seen(monkeypatch):
    """What an engine that makes up nothing is given: values, pixels to make up and sources, for each call."""
    calls = []

    def look(values, made, sources, seed, control):
        calls.append((values.numpy(), made.numpy(), sources.numpy()))
        return values

    monkeypatch.setattr("inrr_cli.texture.engine.fill_texture", look)
    return calls


def as_kind(pixels, kind):
    """Return grey pixels of 8 bits as another kind of image."""
    if kind == "colour":
        return np.stack([pixels, pixels // 2, 255 - pixels], 2)
    if kind == "bands":
        return (pixels[..., None] * np.arange(1, 7)).astype(np.float32)
    return {"uint8": pixels, "uint16": pixels.astype(np.uint16) * 257, "int16": pixels.astype(np.int16) - 200}.get(
        kind, pixels.astype(np.float64) / 7 - 3
    )


KINDS = ["uint8", "uint16", "int16", "float64", "colour", "bands"]


def unit(kind):
    """Return what a copy may differ by from its source, in the units of an image."""
    return 1e-4 if kind in ("float64", "bands") else 0


def are_copies(pixels, sources, tolerance):
    """Whether each pixel (K[, C]) is one of the sources (L[, C])."""
    pixels, sources = (array.reshape(len(array), -1).astype(np.float64) for array in (pixels, sources))
    return all(np.abs(sources - pixel).max(1).min() <= tolerance for pixel in pixels)


@pytest.mark.parametrize("kind", KINDS)
def test_a_deep_hole_is_copied_and_the_rest_is_as_without_texture(copies, pebbles, mask, kind):
    image = as_kind(pebbles, kind)
    result, expected = (run_inpainting(image, mask, make_settings(**TEXTURE | {"fill": fill})) for fill in FILLS)
    assert result.image.dtype == image.dtype
    assert (result.image[~mask] == image[~mask]).all()
    made = np.zeros_like(mask)
    made[HOLE] = True
    assert (result.made == made).all()
    assert are_copies(result.image[made], image[~mask], unit(kind))
    assert (result.image[~made] == expected.image[~made]).all()
    assert (result.sigma == expected.sigma).all()
    assert expected.made is None


def test_texture_fills_from_what_is_there(pebbles, mask):
    """The engine itself: it repeats its bytes, and differs by the seed in what is made up alone."""
    result = run_inpainting(pebbles, mask, make_settings(**TEXTURE), variants=2)
    again, other = (inpaint(pebbles, mask, seed=seed, **TEXTURE) for seed in (0, 1))
    assert (result.image == again).all()
    assert (result.variant(1).image == other).all()
    assert ((again != other) <= result.made).all()
    assert (again != other).sum() > result.made.sum() / 4
    assert (again[~mask] == pebbles[~mask]).all()
    assert again[HOLE].std() > 0.5 * pebbles.std()


@pytest.mark.parametrize("kind", ["uint8", "colour"])
def test_nothing_is_copied_from_excluded_places(pebbles, mask, kind):
    """The engine itself: what is bright must not be copied, and lies so far from the hole that no seam is blended."""
    image, excluded = pebbles // 4, np.zeros_like(mask)
    excluded[:, 34:] = True
    image[excluded] += 180
    assert inpaint(as_kind(image, kind), mask, exclude=excluded, **TEXTURE)[HOLE][..., :1].max() < 100


def test_only_whole_known_pixels_are_copied(seen, pebbles, mask):
    image, of_samples, ignored = as_kind(pebbles, "colour"), np.repeat(mask[..., None], 3, 2), np.zeros(SHAPE, bool)
    of_samples[:4, ::2, 1] = True  # one channel of some
    ignored[:, 40:44] = True
    excluded = np.zeros_like(mask)
    excluded[28:31] = True
    result = run_inpainting(image, of_samples, make_settings(**TEXTURE), ignored=ignored, exclude=excluded)
    ((values, made, sources),) = seen
    assert (sources == ~(of_samples.any(2) | ignored | excluded)).all()
    assert (made == result.made).all()
    assert np.abs(values * 255 - result.image)[~(made | ignored)].max() < 1e-3  # known, or the expected value


@pytest.mark.parametrize(("rate", "whole"), [(0.06, True), (0.5, False)])
def test_where_known_pixels_are_scattered_expected_values_are_copied_too(seen, pebbles, mask, rate, whole):
    """But none that was made up, ignored or excluded; though some squares are known, they are fewer than the pixels."""
    image, ignored, excluded = as_kind(pebbles, "float64"), np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    mask = mask | (np.random.default_rng(0).random(SHAPE) < rate)
    ignored[:5], excluded[:, 42:] = ~mask[:5], True
    image[ignored | mask] = np.nan
    result = run_inpainting(image, mask, make_settings(**TEXTURE), ignored=ignored, exclude=excluded)
    ((values, _, sources),) = seen
    assert (sources == ~(result.made | ignored | excluded)).all()
    assert (sources & mask).sum() > 40
    known = torch.from_numpy(~(mask | ignored | excluded))
    assert bool(whole_patches(known).any()) == whole
    slope, offset = np.polyfit(result.image[sources], values[sources][:, 0], 1)
    assert np.abs(slope * result.image[sources] + offset - values[sources][:, 0]).max() < 1e-5


def test_texture_fills_from_scattered_pixels(pebbles, mask):
    """The engine itself, with half of all pixels missing."""
    mask = mask | (np.random.default_rng(0).random(SHAPE) < 0.5)
    result = run_inpainting(pebbles, mask, make_settings(**TEXTURE))
    assert (result.image[~mask] == pebbles[~mask]).all()
    assert result.image[HOLE].std() > 0.5 * pebbles.std()


@pytest.mark.parametrize("kind", ["float64", "bands"])
def test_what_is_not_a_number_in_a_hole_is_filled_without_expected_values(pebbles, mask, kind):
    mask[SCRATCH] = False
    image = as_kind(pebbles, kind)
    filled = inpaint(image, mask, **TEXTURE)
    image[mask] = np.nan
    assert (inpaint(image, mask, **TEXTURE) == filled).all()


def test_pixels_of_which_a_channel_is_known_get_their_expected_value(copies, pebbles, mask):
    image, of_samples = as_kind(pebbles, "colour"), np.repeat(mask[..., None], 3, 2)
    of_samples[:, :18, 2] = False
    settings = make_settings(**TEXTURE)
    result, expected = run_inpainting(image, of_samples, settings), inpaint(image, of_samples, **QUICK)
    made = np.zeros_like(mask)
    made[10:24, 18:28] = True
    assert (result.made == made).all()
    assert (result.image[~made] == expected[~made]).all()
    assert (result.image[~of_samples] == image[~of_samples]).all()


def test_what_is_not_a_number_is_neither_copied_nor_seen(seen, pebbles, mask):
    image, ignored = as_kind(pebbles, "float64"), np.zeros_like(mask)
    ignored[6:16, 20:40] = ~mask[6:16, 20:40]
    image[ignored | mask] = np.nan
    result = run_inpainting(image, mask, make_settings(**TEXTURE), ignored=ignored)
    ((values, _, sources),) = seen
    assert np.isfinite(values).all()
    assert (sources == ~(ignored | mask)).all()
    assert (np.isnan(result.image) == ignored).all()


@pytest.mark.parametrize("options", [{}, {"tile": 64}, {"per_channel": True}, {"noise": 2}])
def test_the_other_settings_are_those_of_the_expected_value(copies, pebbles, mask, options):
    image = np.tile(as_kind(pebbles, "colour")[..., :2], (1, 2, 1))
    mask = np.tile(mask, (1, 2))
    result = run_inpainting(image, mask, make_settings(**TEXTURE, **options))
    expected = inpaint(image, mask, **QUICK, **options)
    assert (result.image[~result.made] == expected[~result.made]).all()
    assert (result.image[result.made] != expected[result.made]).any()
    assert result.made.sum() == 2 * 14 * 16


def test_variants_are_those_of_the_seeds(copies, pebbles, mask):
    image, ignored = as_kind(pebbles, "bands"), np.zeros((*SHAPE, 6), bool)
    ignored[..., 3] = True  # a channel that is known nowhere
    image[ignored] = np.nan
    of_samples = np.repeat(mask[..., None], 6, 2) & ~ignored
    result = run_inpainting(image, of_samples, make_settings(seed=4, **TEXTURE), variants=3, ignored=ignored)
    for number in range(3):
        alone = run_inpainting(image, of_samples, make_settings(seed=4 + number, **TEXTURE), ignored=ignored)
        assert result.variant(number).image.tobytes() == alone.image.tobytes()
    assert (result.variant(2).image[of_samples] != result.image[of_samples]).any()


def test_pages_are_filled_one_by_one(copies, pebbles, mask):
    stack, excluded = np.stack([pebbles, pebbles[::-1], pebbles]), np.zeros_like(mask)
    excluded[:, :8] = True
    masks = np.stack([mask, mask, np.zeros_like(mask)])
    filled = inpaint(stack, masks, stack_axis=0, exclude=excluded, **TEXTURE)
    for page, pixels in enumerate(stack[:2]):
        assert (filled[page] == inpaint(pixels, mask, exclude=excluded, **TEXTURE)).all()
    assert (filled[2] == stack[2]).all()


def test_thin_damage_gets_its_expected_value_alone(monkeypatch, pebbles, mask):
    monkeypatch.setattr("inrr_cli.texture.engine.fill_texture", None)
    mask[HOLE] = False
    result = run_inpainting(pebbles, mask, make_settings(**TEXTURE), variants=2)
    assert (result.image == inpaint(pebbles, mask, **QUICK)).all()
    assert (result.variant(1).image == result.image).all()
    assert not result.made.any()


def test_no_expected_values_where_nobody_sees_them():
    image = np.random.default_rng(0).random((48, 48)).astype(np.float32)
    hole = np.zeros(image.shape, bool)
    hole[15:30, 15:30] = True
    assert run_inpainting(image, hole, make_settings(fill="texture")).sigma is not None
    result = run_inpainting(image, hole, make_settings(fill="texture"), wants_sigma=False)
    assert result.sigma is None
    assert result.completed
    assert (result.made == hole).all()
    assert (result.image == run_inpainting(image, hole, make_settings(fill="texture")).image).all()
    hole[40, 5:30] = True  # a scratch has its expected value
    assert run_inpainting(image, hole, make_settings(fill="texture"), wants_sigma=False).sigma is not None


def interrupt(*arguments):
    raise KeyboardInterrupt


def test_an_interruption_keeps_the_expected_values_if_it_is_to_keep_anything(monkeypatch, pebbles, mask):
    monkeypatch.setattr("inrr_cli.texture.engine.fill_texture", interrupt)
    settings = make_settings(**TEXTURE)
    with pytest.raises(KeyboardInterrupt):
        run_inpainting(pebbles, mask, settings)
    kept = run_inpainting(pebbles, mask, settings, Control(keep_partial=True))
    assert not kept.completed
    assert not kept.made.any()
    assert (kept.image == inpaint(pebbles, mask, **QUICK)).all()


def test_progress_runs_through_both_engines(copies, pebbles, mask):
    said = []
    control = Control(lambda done, total, measure: said.append(done / total))
    run_inpainting(pebbles, mask, make_settings(**TEXTURE), control, variants=3)
    assert said == sorted(said)
    assert {1 / 4, 2 / 4, 3 / 4, 1} <= set(said)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exclude": np.ones(SHAPE)}, "there is no pixel to copy from: each one is missing, unusable or excluded"),
        ({"exclude": np.ones((6, 6))}, r"mask of shape \(6, 6\) does not fit an image of shape \(44, 48\)"),
        ({"exclude": np.zeros(SHAPE), "fill": "expected"}, "exclude has no meaning for fill expected"),
        ({"fill": "textures"}, "unknown fill 'textures'; did you mean 'texture'?"),
        ({"net": "siren"}, "--net siren does not go with --fill texture"),
        ({"net": "ntk"}, "--net ntk does not go with --fill texture"),
        ({"denoise": True}, "--denoise does not go with --fill texture"),
        ({"values": "labels"}, "--values labels does not go with --fill texture"),
        ({"values": "angle=360"}, "--values angle=360 does not go with --fill texture"),
        ({"stack": "time"}, "--stack time does not go with --fill texture"),
        ({"stack": "volume"}, "--stack volume does not go with --fill texture"),
    ],
)
def test_what_does_not_go_with_texture_is_refused(pebbles, mask, options, message):
    with pytest.raises(InputError, match=message):
        inpaint(pebbles, mask, **{"fill": "texture", "device": "cpu"} | options)


def test_texture_is_for_inpainting_and_for_single_pages():
    with pytest.raises(InputError, match="fill has no meaning for superres"):
        make_settings(task="superres", fill="texture")
    with pytest.raises(InputError, match="variants has no meaning for fill expected"):
        run_inpainting(np.zeros((4, 4)), np.eye(4), make_settings(), variants=2)
    assert not make_settings(fill="texture").uses_neighbours
    assert make_settings().uses_neighbours
