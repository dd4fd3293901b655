import pytest
import torch

from inrr_cli.superres import zero_shot
from inrr_cli.superres.kernels import parse_kernel
from inrr_cli.superres.zero_shot import (
    ZeroShotNet,
    apply_network,
    make_training_pairs,
    train,
    training_crops,
    turn,
    turn_back,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_every_symmetry_is_undone_and_differs_from_the_others():
    image = torch.rand(2, 5, 7, generator=seeded())
    turned = [turn(image, symmetry) for symmetry in range(8)]
    assert all((turn_back(t, symmetry) == image).all() for symmetry, t in enumerate(turned))
    assert len({tuple(t.flatten().tolist()) for t in turned}) == 8


def test_training_brings_an_interpolated_image_nearer_to_the_truth(grey):
    planes = [torch.tensor(grey)[..., None] / 255]
    pairs = make_training_pairs(planes, parse_kernel("bicubic"), 0.0, generator=seeded())
    network = ZeroShotNet(1, generator=seeded())
    train(network, pairs, 150, generator=seeded())
    first = pairs[0]
    before = (first.interpolated - first.fine).square().mean()
    corrected = apply_network(network, first.interpolated.permute(1, 2, 0)).permute(2, 0, 1)
    assert (corrected - first.fine).square().mean() < 0.85 * before


def test_an_untrained_network_changes_nothing():
    image = torch.rand(10, 12, 1, generator=seeded())
    assert apply_network(ZeroShotNet(1, generator=seeded()), image).numpy() == pytest.approx(image.numpy(), abs=1e-6)


def test_tiles_of_the_network_have_no_seams(monkeypatch):
    network = ZeroShotNet(1, generator=seeded())
    with torch.no_grad():
        for layer in network.layers:
            layer.weight.normal_(0, 0.1, generator=seeded(1))
    image = torch.rand(80, 104, 1, generator=seeded())
    whole = apply_network(network, image)
    monkeypatch.setattr(zero_shot, "TILE", 16)
    assert (apply_network(network, image) - whole).abs().max() < 1e-4 * (whole - image).abs().max()


def test_training_uses_crops_of_a_large_image_and_all_of_a_small_one():
    crops = training_crops(torch.zeros(1600, 1700, 2), 512, seeded())
    assert [crop.shape for crop in crops] == [(512, 512, 1)] * 16
    assert [crop.shape for crop in training_crops(torch.zeros(30, 40, 1), 512, seeded())] == [(30, 40, 1)]
