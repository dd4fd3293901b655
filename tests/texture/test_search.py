"""The search for the nearest patches: what near means, and that searching fast finds nearly what comparing all does."""

import pytest
import torch

from inrr_cli.texture.scales import FEATURES, HALF, PATCH, Patches, Scale, box_mean
from inrr_cli.texture.search import (
    ALONE,
    FAR,
    FLAT,
    FLATTEST,
    MEAN_WEIGHT,
    REUSE,
    Matcher,
    PatchMatch,
    in_chunks,
    shifted,
)


def texture(noise, rows, columns, channels=1):
    """Return a soft texture, with constant features."""
    soft = noise(channels, rows, columns)
    for _ in range(3):
        soft = box_mean(soft, 5)
    soft = (soft - soft.mean()) / soft.std()
    return torch.cat([soft.permute(1, 2, 0), torch.ones(rows, columns, FEATURES)], 2)


@pytest.fixture
def patches(noise, hole):
    made = hole(40, 46, (slice(14, 26), slice(16, 30)))
    return Patches(Scale(texture(noise, 40, 46, 2), made, ~made & ~hole(40, 46, (slice(0, 12), slice(30, 46)))))


def matcher(patches, seed=0):
    return Matcher(patches, torch.Generator().manual_seed(seed))


def by_chance(patches, seed=0):
    chance = torch.randint(len(patches.whole), (len(patches.targets),), generator=torch.Generator().manual_seed(seed))
    return patches.whole[chance]


def block(image, pixel, width):
    row, column = pixel // width, pixel % width
    return image[row - HALF : row + HALF + 1, column - HALF : column + HALF + 1]


def distances_one_by_one(patches, basis, source):
    """Return the squared distances of each target from each whole patch as documented, by loops: (N, S)."""
    image = patches.values.reshape(patches.height, patches.width, -1)
    copies = torch.zeros(patches.height, patches.width)
    for centre in source.tolist():
        copies[centre // patches.width, centre % patches.width] += 1
    whole = patches.whole.tolist()
    variances = [float(block(image, p, patches.width)[..., :-FEATURES].var((0, 1), correction=0).sum()) for p in whole]
    usual = sum(variances) / len(whole)
    found = torch.empty(len(patches.targets), len(whole))
    for column, patch in enumerate(whole):
        flatness = (usual * (1 + FLATTEST) / (variances[column] + usual * FLATTEST)) ** FLAT
        used = float(block(copies, patch, patches.width).sum()) / PATCH**2
        for row, target in enumerate(patches.targets.tolist()):
            unlike = block(image, target, patches.width) - block(image, patch, patches.width)
            squared = (basis @ unlike.flatten()).square().sum()
            apart = (target // patches.width - patch // patches.width) ** 2
            apart += (target % patches.width - patch % patches.width) ** 2
            share = FAR * apart / max(patches.height, patches.width) ** 2
            found[row, column] = squared * flatness * (1 + REUSE * max(0, used - 1)) * (1 + share)
    return found


def test_comparing_all_is_comparing_one_by_one(noise, hole):
    made = hole(18, 20, (slice(8, 10), slice(9, 12)))
    patches = Patches(Scale(texture(noise, 18, 20), made, ~made))
    source = by_chance(patches)
    source[: len(source) // 2] = source[0]  # one that is copied often
    search = matcher(patches)
    found, least = search.find(source)
    one_by_one = distances_one_by_one(patches, search.basis, source)
    assert (least / one_by_one.min(1).values - 1).abs().max() < 1e-3
    slots = torch.searchsorted(patches.whole, found)
    assert (one_by_one.gather(1, slots[:, None])[:, 0] / one_by_one.min(1).values - 1).abs().max() < 1e-3


def test_both_ways_measure_the_same(patches, monkeypatch):
    monkeypatch.setattr("inrr_cli.texture.search.ALONE", 0.0)
    search = matcher(patches)
    wanted = patches.at(patches.targets) @ search.basis.T
    found, least = search.compare_all(wanted, search._flatness)
    measured = PatchMatch(search, wanted, found, search._flatness).distance
    assert (measured - least).abs().max() < 1e-4 * measured.max()


def test_the_fast_search_never_loses_and_comes_near_to_comparing_all(patches, monkeypatch):
    monkeypatch.setattr("inrr_cli.texture.search.ALONE", 0.0)
    search, source = matcher(patches), by_chance(patches)
    penalty = search._flatness
    wanted = patches.at(patches.targets) @ search.basis.T
    best, least = search.compare_all(wanted, penalty)
    distance = PatchMatch(search, wanted, source, penalty).distance
    for _ in range(6):
        before, given = distance, source.clone()
        source, distance = PatchMatch(search, wanted, source, penalty).run()
        assert (distance <= before * (1 + 1e-6)).all()
        assert (distance[source == given] == before[source == given]).all()
        assert patches.is_whole[source].all()
        assert (distance - PatchMatch(search, wanted, source, penalty).distance).abs().max() < 1e-5
    assert (distance >= least - 1e-4 * least.max()).all()
    assert distance.mean() < 1.1 * least.mean()
    assert (source == best).float().mean() > 0.5


def test_a_patch_copied_without_its_neighbours_counts_farther(patches, monkeypatch):
    search, targets = matcher(patches), patches.targets
    wanted = patches.at(targets) @ search.basis.T
    together = targets - 14  # 14 pixels to the left: all are copied as one
    together = torch.where(patches.is_whole[together], together, patches.whole[0])
    inner = torch.stack([patches.slot[targets + step] for step in (1, -1, patches.width, -patches.width)])
    beside = together[inner.clamp(min=0)] - targets - torch.tensor([1, -1, patches.width, -patches.width])[:, None]
    agreeing = ((inner < 0) | (beside == together - targets)).sum(0)
    with_price = PatchMatch(search, wanted, together, search._flatness).distance
    monkeypatch.setattr("inrr_cli.texture.search.ALONE", 0.0)
    without = PatchMatch(search, wanted, together, search._flatness).distance
    assert (agreeing == 4).any()
    assert (agreeing < 4).any()
    assert torch.allclose(with_price, without * (1 + ALONE / 4 * (4 - agreeing)), rtol=1e-4)


def test_a_search_without_a_start_finds_whole_patches(patches, many_patches):
    search = matcher(patches)
    source, first = search.find(None)
    assert patches.is_whole[source].all()
    kept = source.clone()
    _, second = search.find(source)
    assert (source == kept).all()  # what is given does not change
    assert second.mean() < first.mean()


def test_components_measure_distances_and_the_mean_counts_less(noise, hole):
    """A texture of few patterns is all in the components."""
    row, column = torch.meshgrid(torch.arange(40.0), torch.arange(40.0), indexing="ij")
    waves = torch.sin(row / 2) + torch.sin(column / 3 + row / 5)
    made = hole(40, 40, (slice(15, 25), slice(15, 25)))
    patches = Patches(Scale(torch.stack([waves, *torch.ones(FEATURES, 40, 40)], 2), made, ~made))
    rows = patches.at(patches.whole)
    unlike = (rows[:200] - rows[200:400]).unflatten(1, (PATCH**2, -1))[..., 0]
    mean = unlike.mean(1)
    expected = unlike.square().sum(1) - (1 - MEAN_WEIGHT) * PATCH**2 * mean.square()
    found = ((rows[:200] - rows[200:400]) @ matcher(patches).basis.T).square().sum(1)
    assert (found - expected).abs().max() < 1e-3 * expected.max()


def test_a_constant_image_has_components_and_matches(hole):
    made = hole(30, 30, (slice(10, 20), slice(10, 20)))
    for value in (0.3, 1.0):  # of which other eigenvalues than 0 are rounding
        values = torch.full((30, 30, 1 + FEATURES), value)
        values[..., 1:] = 0
        patches = Patches(Scale(values, made, ~made))
        source, distance = matcher(patches).find(None)
        assert patches.is_whole[source].all()
        assert (distance < 1e-6).all()


def test_shifts_stay_in_the_image(patches):
    pixels = torch.tensor([0, 5, 45, 46, 40 * 46 - 1])
    for down, right, expected in (
        (-1, 0, [None, None, None, 0, 1793]),
        (0, 1, [1, 6, None, 47, None]),
        (1, -1, [None, 50, 90, None, None]),
    ):
        place, inside = shifted(patches, pixels, down, right)
        assert place.tolist() == [value or 0 for value in expected]
        assert inside.tolist() == [value is not None for value in expected]


def test_pieces_come_in_order():
    rows = torch.arange(25)
    assert torch.cat(list(in_chunks(lambda part: part * 2, rows, 10))).tolist() == (rows * 2).tolist()
