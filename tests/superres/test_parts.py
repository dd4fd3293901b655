"""The parts of the engine, each by itself."""

import pytest
import torch

from inrr_cli.patch.noise import estimate_noise
from inrr_cli.superres import learning
from inrr_cli.superres.colours import from_luma, to_luma
from inrr_cli.superres.consistency import difference, enforce_consistency
from inrr_cli.superres.detail import shrink_detail
from inrr_cli.superres.downscaling import DownscalingOperator
from inrr_cli.superres.kernels import parse_kernel
from inrr_cli.superres.networks import white_noise
from inrr_cli.superres.refinement import smooth_round
from inrr_cli.superres.resize import resize
from inrr_cli.superres.windows import blended, lessons
from inrr_cli.superres.zero_shot import ZeroShotNet, correct, learn, make_pairs, turn, turn_back

BICUBIC = parse_kernel("bicubic")


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def picture(grey):
    """(48, 64, 1) in [0, 1]."""
    return torch.tensor(grey)[..., None] / 255


def test_every_symmetry_is_undone_and_none_is_another():
    picture = torch.rand(2, 5, 7, generator=seeded())
    turned = [turn(picture, symmetry) for symmetry in range(8)]
    assert all((turn_back(t, symmetry) == picture).all() for symmetry, t in enumerate(turned))
    assert len({tuple(t.flatten().tolist()) for t in turned}) == 8


def test_grey_has_no_colour_and_colours_come_back():
    picture = torch.rand(4, 5, 3, generator=seeded())
    assert from_luma(to_luma(picture)).numpy() == pytest.approx(picture.numpy(), abs=1e-5)
    assert to_luma(torch.full((1, 3), 0.3))[0].numpy() == pytest.approx([0.3, 0, 0], abs=1e-5)


def test_smaller_copies_teach_to_double(picture):
    pairs = make_pairs(picture, BICUBIC, 0.0, seeded())
    network = learn(pairs, 150, generator=seeded())
    first = pairs[0]
    before = (first.interpolated - first.fine).square().mean()
    corrected = correct(network, first.interpolated.permute(1, 2, 0)).permute(2, 0, 1)
    assert (corrected - first.fine).square().mean() < 0.85 * before


def test_an_untrained_network_changes_nothing():
    picture = torch.rand(10, 12, 1, generator=seeded())
    assert correct(ZeroShotNet(1, generator=seeded()), picture).numpy() == pytest.approx(picture.numpy(), abs=1e-6)


def test_tiles_of_the_network_do_not_show(monkeypatch):
    network = ZeroShotNet(1, generator=seeded())
    with torch.no_grad():
        for layer in network.layers:
            layer.weight.normal_(0, 0.1, generator=seeded(1))
    picture = torch.rand(80, 104, 1, generator=seeded())
    whole = correct(network, picture)
    monkeypatch.setattr(learning, "TILE", 16)
    assert (correct(network, picture) - whole).abs().max() < 0.02 * (whole - picture).abs().max()


def test_a_round_keeps_a_constant_and_removes_noise(picture):
    flat = torch.full((20, 30), 0.4)
    assert smooth_round(flat, flat, 0.05, count=20, radius=6).numpy() == pytest.approx(0.4, abs=1e-5)
    clean = picture[..., 0].contiguous()
    noisy = clean + 0.06 * torch.randn(clean.shape, generator=seeded())
    smoothed = smooth_round(noisy, noisy, 0.06, count=40, radius=10)
    assert (smoothed - clean).square().mean() < 0.8 * (noisy - clean).square().mean()


def test_a_round_without_deviation_changes_nothing(picture):
    plane = picture[..., 0].contiguous()
    assert smooth_round(plane, plane, 1e-5, count=20, radius=6, shift=2).numpy() == pytest.approx(
        plane.numpy(), abs=1e-4
    )


@pytest.mark.parametrize("name", ["bicubic", "area", "lanczos", "point", "gaussian:0.5"])
@pytest.mark.parametrize("size", [(96, 128), (72, 96), (61, 101)])
@pytest.mark.parametrize(("contrast", "most"), [(0.9, 0.5), (3, 2.0)])
def test_rounded_and_clipped_values_are_consistent(picture, name, size, contrast, most):
    """With contrast 3 a third of it is black or white, as in a scan, where plain projections would take long."""
    kernel = parse_kernel(name)
    model = DownscalingOperator.between((48, 64), size, kernel)
    scan = (contrast * (resize(picture, size) - 0.5) + 0.5).clamp(0, 1)
    coarse = (model.forward(scan).clamp(0, 1) * 255).round() / 255
    start = resize(coarse, size, kernel.centred)
    made = enforce_consistency(start, coarse, model, quantisation_step=1 / 255, limits=(0.0, 1.0))
    assert ((made * 255) - (made * 255).round()).abs().max() < 1e-3
    assert made.min() >= 0
    assert made.max() <= 1
    assert difference(made, coarse, model, (0.0, 1.0)).abs().max() * 255 < most


def test_weights_of_windows_sum_to_one():
    total = torch.zeros(150, 90)
    count = 0
    for (rows, columns), weight in blended(((30, 180), (5, 95)), 64):
        total[rows[0] - 30 : rows[1] - 30, columns[0] - 5 : columns[1] - 5] += weight
        count += 1
    assert count == 2
    assert total.numpy() == pytest.approx(1, abs=1e-6)


def test_of_a_large_picture_only_parts_teach():
    parts = list(lessons(torch.zeros(1600, 1700, 1), seeded()))
    assert len(parts) == 8
    assert {part.shape for part in parts} == {(512, 512, 1)}
    assert [part.shape for part in lessons(torch.zeros(30, 40, 1), seeded())] == [(30, 40, 1)]


def test_texture_is_not_taken_for_noise():
    from skimage.data import grass

    texture = torch.tensor(grass()[:256, :256]).float()[..., None] / 255
    assert estimate_noise(texture, torch.ones(256, 256, dtype=torch.bool)) > 4 / 255
    assert white_noise(texture) < 1 / 255
    smooth = torch.linspace(0.2, 0.7, 256)[:, None, None] * torch.ones(256, 256, 1)
    assert white_noise(smooth + 5 / 255 * torch.randn(smooth.shape, generator=seeded())) * 255 == pytest.approx(
        5, rel=0.15
    )


def test_detail_is_believed_as_far_as_the_picture_bears_it():
    generator = torch.Generator().manual_seed(0)
    waves = torch.sin(torch.arange(64.0) * torch.pi / 2)[:, None, None].expand(64, 64, 1) / 4  # the octave below
    noise = torch.randn(64, 64, 1, generator=generator)
    for plain, strength, quantisation_step, kept in (
        (waves, 0.02, 0.0, 1.0),  # weak beside what the picture has
        (waves, 0.002, 1 / 255, 0.0),  # no more than rounding
        (waves * 0, 0.02, 0.0, 0.0),  # made on nothing
    ):
        made = shrink_detail(plain + strength * noise, plain, (2.0, 2.0), quantisation_step) - plain
        assert made.std().item() == pytest.approx(kept * strength, abs=0.1 * strength)
    strong = shrink_detail(plain + waves + noise, plain + waves, (2.0, 2.0), 0.0) - waves
    assert 0.1 < strong.std().item() < 0.5
