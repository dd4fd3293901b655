import numpy as np
import pytest

from inrr_cli import InputError, inpaint, make_mask, make_settings, psnr, run_inpainting, superres

QUICK = {"net": "siren", "steps": 12, "width": 32, "device": "cpu"}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("which", ["grey", "colour"])
@pytest.mark.parametrize("reg", ["none", "inrr"])
def test_known_pixels_come_back_as_they_are(request, which, dtype, reg):
    image = request.getfixturevalue(which)
    image = image.astype(dtype) * 257 if dtype == np.uint16 else image
    image = image.astype(dtype) / 255 if np.issubdtype(dtype, np.floating) else image
    mask = make_mask(image.shape[:2], "mixture")
    before = image.copy()
    restored = inpaint(image, mask, reg=reg, **QUICK)
    assert (image == before).all()
    assert restored.shape == image.shape
    assert restored.dtype == image.dtype
    assert (restored[~mask] == image[~mask]).all()
    assert (restored[mask] != image[mask]).any()


@pytest.mark.parametrize("options", [{"net": "grid"}, QUICK, QUICK | {"reg": "none"}, {"net": "ntk"}])
def test_each_channel_has_its_own_mask(colour, options):
    mask = np.stack(
        [make_mask(colour.shape[:2], "random", rate=rate, seed=seed) for seed, rate in enumerate((0.1, 0.3, 0.01))], 2
    )
    image = np.where(mask, np.nan, colour / 255)
    restored = inpaint(image, mask, **options)
    assert (restored[~mask] == image[~mask]).all()
    assert np.isfinite(restored).all()
    assert psnr(restored, colour / 255, mask) > 10


@pytest.mark.parametrize("options", [{}, {"tile": 64}, {"denoise": True}, QUICK])
def test_channels_that_miss_nothing_are_left_out_where_each_is_filled_alone(colour, options):
    mask = np.zeros(colour.shape, bool)
    mask[10:14, 8:20, 1] = True
    result = run_inpainting(colour, mask, make_settings(per_channel=True, **options))
    assert result.completed
    assert (result.image[mask] != colour[mask]).any()
    if "denoise" not in options:
        assert (result.image[~mask] == colour[~mask]).all()
    if result.sigma is not None:
        assert (result.sigma[mask] > 0).all()
        assert "denoise" in options or not result.sigma[~mask].any()


@pytest.mark.parametrize("options", [{}, {"tile": 64}, {"per_channel": True}, QUICK])
def test_a_channel_of_which_nothing_is_known_stays_as_it_is(colour, options):
    image = (colour / 255).astype(np.float32)
    mask, ignored = np.zeros(image.shape, bool), np.zeros(image.shape, bool)
    mask[10:14, 8:20, 0] = ignored[..., 1] = True
    image[ignored] = np.nan
    result = run_inpainting(image, mask, make_settings(**options), ignored=ignored)
    assert result.image[~mask].tobytes() == image[~mask].tobytes()
    assert np.isfinite(result.image[mask]).all()
    if result.sigma is not None:
        assert (result.sigma[mask] > 0).all()
        assert not result.sigma[~mask].any()
    mask[3, 4, 1] = True
    with pytest.raises(InputError, match="the mask covers channel 2: no sample is known to fill it from"):
        run_inpainting(image, mask, make_settings(**options), ignored=ignored & ~mask)


@pytest.mark.slow
def test_tiles_see_known_samples_of_each_channel():
    y, x = np.mgrid[:240, :240]
    truth = np.stack([np.sin(x / 30), np.cos(y / 30), np.sin((x + y) / 40)], 2).astype(np.float32)
    mask = np.zeros(truth.shape, bool)
    mask[::7, ::5], mask[20:220, 20:220, 1] = True, True
    restored = inpaint(np.where(mask, np.nan, truth), mask, tile=64, rounds=2, similar=15, radius=4)
    assert (restored[~mask] == truth[~mask]).all()
    assert np.isfinite(restored).all()


def test_values_at_missing_pixels_are_not_used(colour):
    mask = make_mask(colour.shape[:2], "random")
    spoiled = colour.copy()
    spoiled[mask] = 255 - spoiled[mask]
    assert (inpaint(colour, mask, **QUICK)[mask] == inpaint(spoiled, mask, **QUICK)[mask]).all()
    holes = np.where(mask[..., None], np.nan, colour / 255)
    assert np.isfinite(inpaint(holes, mask, **QUICK)).all()


def test_the_seed_decides_every_byte(grey):
    mask = make_mask(grey.shape, "random")
    first, again, other = (inpaint(grey, mask, seed=seed, **QUICK) for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("adjacency", ["softmax", "exp"])
def test_the_regulariser_and_its_options_change_the_result(grey, adjacency):
    mask = make_mask(grey.shape, "random")
    plain = inpaint(grey, mask, reg="none", **QUICK)
    light = inpaint(grey, mask, adjacency=adjacency, **QUICK)
    heavy = inpaint(grey, mask, adjacency=adjacency, weight=1000.0, **QUICK)
    assert (plain != light).any()
    assert heavy[mask].std() < 0.95 * light[mask].std()


def test_a_restoration_is_better_than_the_mean_colour(colour):
    mask = make_mask(colour.shape[:2], "random")
    truth = colour / 255
    mean = np.broadcast_to(truth[~mask].mean(0), truth.shape)
    result = run_inpainting(colour, mask, make_settings(net="siren", steps=120, device="cpu"))
    assert psnr(result.image / 255, truth, mask) > psnr(mean, truth, mask) + 4
    assert result.psnr_known > psnr(mean, truth, ~mask) + 6
    assert result.steps == 120
    assert result.completed


@pytest.mark.parametrize(
    ("which", "scale"),
    [
        ("grey", 3.3),
        ("colour", 1.5),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in (("grey", 1.5), ("grey", 2), ("colour", 2), ("colour", 3.3))
        ),
    ],
)
def test_superres_has_the_size_and_the_colours(request, which, scale):
    image = request.getfixturevalue(which)
    large = superres(image, scale, net="siren", steps=150, device="cpu")
    rows, columns = (round(n * scale) for n in image.shape[:2])
    assert large.shape == (rows, columns, *image.shape[2:])
    assert large.dtype == image.dtype
    assert np.abs(large.mean((0, 1)) - image.mean((0, 1))).max() < 4


def test_superres_does_not_shift_the_picture():
    y, x = np.mgrid[:20, :28]
    ramp = (0.1 + 0.02 * x + 0.015 * y).astype(np.float32)
    large = superres(ramp, 2, net="siren", steps=400, device="cpu")
    pooled = large.reshape(20, 2, 28, 2).mean((1, 3))
    assert np.abs(pooled - ramp)[1:-1, 1:-1].max() < 0.02


def test_bad_values_are_refused(grey):
    mask = make_mask(grey.shape, "random")
    for image, where, options, message in [
        (grey, mask[1:], {}, "does not fit"),
        (grey, np.zeros_like(mask), {}, "nothing to fill:?"),
        (grey, np.ones_like(mask), {}, "no pixel is known to fill it from"),
        (grey.astype(complex), mask, {}, "must hold integers or floats"),
        (np.where(mask, grey, np.nan), mask, {}, "known pixels of the image are not finite"),
        (grey[None, None], mask, {}, r"must have the shape"),
        (grey, mask, {"reg": "innr"}, "did you mean 'inrr'"),
        (grey, mask, {"net": "mlp"}, "unknown representation"),
        (grey, mask, {"steps": 0}, "steps"),
        (grey, mask, {"lr": float("nan")}, "lr"),
        (grey, mask, {"seed": -1}, "seed"),
        (grey, mask, {"net": "siren", "omega": 0.0}, "omega of siren must be > 0"),
        (grey, mask, {"reg": "inrr", "weight": -1.0}, "weight of inrr must be >= 0"),
        (grey, mask, {"reg": "inrr", "adjacency": "cosine"}, "softmax or exp"),
        (grey, mask, {"reg": "none", "weight": 1.0}, "no meaning"),
        (grey, mask, {"device": "tpu"}, "unknown device"),
        (grey, mask, {"steps": 9}, "steps has no meaning for net grid with reg patch"),
        (grey, mask, {"net": "grid", "reg": "inrr"}, "the pixel grid has no regulariser inrr"),
        (grey, mask, {"noise": -1}, "noise must be auto or"),
        (grey, mask, {"noise": "some"}, "noise must be auto or"),
        (grey, mask, {"reg": "inrr", "noise": 3.0}, "noise has no meaning"),
        (grey, mask, {"net": "siren", "denoise": True}, "denoise has no meaning"),
        (grey, mask, {"similar": 0}, "similar of patch must be > 0"),
        (grey, mask, {"rounds": 0}, "rounds of patch must be >= 1"),
        (grey, mask, {"quality": "fast"}, "quality of patch must be draft or normal or best, got 'fast'"),
        (grey, mask, {"reg": "inrr", "quality": "best"}, "quality has no meaning for net siren with reg inrr"),
        (grey, mask, {"net": "ntk", "quality": "draft"}, "quality has no meaning for net ntk with reg none"),
    ]:
        with pytest.raises(InputError, match=message):
            inpaint(image, where, **options)
    for scale in (1, 0.5, float("nan"), float("inf")):
        with pytest.raises(InputError, match="scale"):
            superres(grey, scale)
