"""The first guess at the coarsest scale, and how matches are carried over to a finer one."""

import pytest
import torch

from inrr_cli.texture import start
from inrr_cli.texture.scales import Patches, Scale, make_pyramid
from inrr_cli.texture.start import carry_over, fill_from_border


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def periodic(rows, columns, period=4):
    row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    one = torch.rand(period, period, 3, generator=generator(5))
    return one[row % period, column % period]


@pytest.mark.parametrize("samples", [start.SAMPLES, 300])
@pytest.mark.parametrize(
    "box",
    [
        (slice(10, 24), slice(12, 26)),
        (slice(0, 12), slice(30, 40)),  # a corner
        (slice(None), slice(15, 27)),  # the whole height
        (slice(28, 32), slice(0, 40)),  # a border
    ],
)
def test_a_pattern_is_continued_from_what_shows(monkeypatch, hole, box, samples):
    monkeypatch.setattr(start, "SAMPLES", samples)
    truth, made = periodic(32, 40), hole(32, 40, box)
    patches = Patches(Scale(torch.where(made[..., None], 7.0, truth), made, ~made))
    fill_from_border(patches, generator())
    assert (patches.image().permute(1, 2, 0) == truth).all()


def test_each_pixel_is_a_copy_of_a_source(noise, hole):
    values, made = noise(30, 34, 3), hole(30, 34, (slice(8, 25), slice(0, 12)), (slice(5, 6), slice(20, 21)))
    sources = ~made & ~hole(30, 34, (slice(None), slice(28, 34)))
    patches = Patches(Scale(values, made, sources))
    fill_from_border(patches, generator())
    filled = patches.image().permute(1, 2, 0)
    assert (filled[~made] == values[~made]).all()
    alike = (filled[made][:, None] == values[sources]).all(2)
    assert alike.any(1).all()


def test_seeds_start_at_different_places(noise, hole):
    made, filled = hole(30, 34, (slice(8, 25), slice(5, 22))), []
    for seed in (0, 0, 1):
        patches = Patches(Scale(noise(30, 34, 3), made, ~made))
        fill_from_border(patches, generator(seed))
        filled.append(patches.image())
    assert (filled[0] == filled[1]).all()
    assert (filled[0] != filled[2]).float().mean() > 0.1


@pytest.mark.parametrize("shape", [(120, 128), (121, 127)])
def test_matches_are_carried_over_with_their_shifts(noise, hole, shape):
    made = hole(*shape, (slice(40, 71), slice(50, 85)), (slice(0, 25), slice(shape[1] - 25, shape[1])))
    sources = ~made & (noise(*shape) > 0.002)
    fine, coarse = (Patches(scale) for scale in make_pyramid(noise(*shape, 1), made, sources)[:2])
    source = coarse.whole[torch.randint(len(coarse.whole), (len(coarse.targets),), generator=generator())]
    carried = carry_over(coarse, source, fine, generator())
    assert carried.shape == fine.targets.shape
    assert fine.is_whole[carried].all()
    kept = 0
    for target, found in zip(fine.targets.tolist(), carried.tolist(), strict=True):
        row, column = target // fine.width, target % fine.width
        centre = coarse.nearest_centre(torch.tensor([row // 2 * coarse.width + column // 2]))
        slot = int(coarse.slot[centre]) if max(row // 2 - coarse.height, column // 2 - coarse.width) < 0 else -1
        if slot < 0:
            continue
        down = int(source[slot] // coarse.width - centre // coarse.width) * 2
        right = int(source[slot] % coarse.width - centre % coarse.width) * 2
        kept += found == (row + down) * fine.width + column + right
    assert kept > 0.8 * len(fine.targets)
