import numpy as np
import pytest
from scipy import ndimage

from inrr_cli import Control, InputError, inpaint, make_settings, run_inpainting
from inrr_cli.inpainting.label_colours import CANDIDATES, Block, colour_labels, find_blocks

QUICK = {"values": "labels", "rounds": 2, "similar": 20, "radius": 6}
IDS = {
    "uint8": [3, 250, 7],
    "int16": [-32768, 5, 6],
    "uint32": [16777217, 16777219, 4000000001],
    "int64": [-(2**63), 2**53 + 1, 2**63 - 1],
    "uint64": [2**53 + 1, 2**53 + 2, 2**64 - 1],
    "float32": [-1, 16777216, 3],
    "float64": [2**53, 2**53 - 1, 0],
}


def stripes(size=48):
    """Three labels in slanted stripes, (size, size)."""
    rows, columns = np.mgrid[:size, :size]
    return (columns + rows // 3) // 6 % 3


def holes(size=48):
    missing = np.zeros((size, size), bool)
    missing[8:16, 6:14] = missing[30:38, 28:36] = True
    return missing


def nearest(labels, missing):
    index = ndimage.distance_transform_edt(missing, return_distances=False, return_indices=True)
    return labels[tuple(index)]


def cells(size, count, seed=0):
    """Nearest of ``count`` random points: convex regions."""
    points = np.random.default_rng(seed).uniform(0, size, (count, 2))
    rows, columns = np.mgrid[:size, :size]
    return ((rows[..., None] - points[:, 0]) ** 2 + (columns[..., None] - points[:, 1]) ** 2).argmin(2)


@pytest.mark.parametrize("dtype", IDS)
def test_ids_of_any_type_are_exact(dtype):
    image, missing = np.array(IDS[dtype], dtype)[stripes()], holes()
    spoiled = image.copy()
    spoiled[missing] = 1
    result = run_inpainting(spoiled, missing, make_settings(**QUICK))
    assert result.image.dtype == image.dtype
    assert (result.image[~missing] == image[~missing]).all()
    assert (result.image == image)[missing].mean() > 0.95
    assert np.isin(result.image, image[~missing]).all()


def test_similar_patches_go_on_where_the_nearest_label_does_not():
    labels, missing = stripes(), holes()
    right = (inpaint(labels, missing, **QUICK) == labels)[missing].mean()
    assert right > (nearest(labels, missing) == labels)[missing].mean() + 0.1


def test_many_regions_are_filled_better_than_by_the_nearest():
    gained = []
    for seed in range(2):
        labels, missing = cells(64, 60, seed).astype(np.uint16) * 1000, np.zeros((64, 64), bool)
        for row, column in np.random.default_rng(seed).integers(4, 52, (4, 2)):
            missing[row : row + 8, column : column + 8] = True
        filled = inpaint(labels, missing, **QUICK)
        gained.append((filled == labels)[missing].mean() - (nearest(labels, missing) == labels)[missing].mean())
    assert np.mean(gained) > 0


def test_probabilities_are_those_of_being_right():
    labels, missing = cells(64, 12), np.random.default_rng(0).random((64, 64)) < 0.4
    missing[20:32, 20:32] = True
    result = run_inpainting(labels, missing, make_settings(**QUICK))
    right, sure = (result.image == labels)[missing], result.sigma[missing]
    assert (result.sigma[~missing] == 0).all()
    assert 0 < sure.min() <= sure.max() <= 1
    assert abs(right.mean() - sure.mean()) < 0.05
    assert right[sure > 0.9].mean() > 0.9 > right[sure < 0.7].mean()


def test_a_hole_with_one_label_in_reach_is_filled_with_it(monkeypatch):
    labels = np.zeros((64, 200), np.int32)
    labels[:, 190:] = 9
    missing = np.zeros(labels.shape, bool)
    missing[20:30, 20:30] = True
    monkeypatch.setattr("inrr_cli.inpainting.labels.inpaint_whole", lambda *_: pytest.fail("the engine is not needed"))
    result = run_inpainting(labels, missing, make_settings(values="labels"))
    assert (result.image == labels).all()
    assert (result.sigma[missing] == 1).all()


def test_a_label_out_of_reach_is_not_filled_in():
    labels = np.where(np.arange(200) < 100, stripes(200), 77)
    missing = np.zeros(labels.shape, bool)
    missing[20:30, 20:30] = True
    blocks = list(find_blocks(np.where(missing, -1, labels), missing))
    assert blocks
    assert all(77 not in block.candidates for block in blocks)
    assert all({0, 1, 2} == set(block.candidates.tolist()) for block in blocks)


def test_the_middle_of_a_large_hole_reaches_known_labels():
    labels, missing = stripes(200), np.ones((200, 200), bool)
    missing[:, :4] = False
    assert all(len(block.candidates) for block in find_blocks(np.where(missing, -1, labels), missing))


@pytest.mark.slow
def test_many_labels_need_few_colours():
    labels, missing = cells(300, 2000), np.random.default_rng(0).random((300, 300)) < 0.2
    known = np.where(missing, -1, labels)
    blocks = list(find_blocks(known, missing))
    colours = colour_labels(known, blocks, labels.max() + 1)
    assert colours.max() < 4 * CANDIDATES
    for block in blocks:
        assert len(block.candidates) <= CANDIDATES
        assert len(set(colours[block.candidates])) == len(block.candidates)


def test_few_labels_have_a_colour_each():
    nothing = np.zeros(0, np.intp)
    blocks = [Block(nothing, nothing, np.array([0, 1]))]
    assert (colour_labels(stripes(), blocks, 3) == np.arange(3)).all()


def test_each_channel_has_labels_of_its_own():
    missing = holes()
    image = np.stack([stripes(), 10 + stripes().T], 2).astype(np.uint8)
    masks = np.stack([missing, np.zeros_like(missing)], 2)
    assert (inpaint(image, masks, **QUICK)[..., 1] == image[..., 1]).all()
    filled = inpaint(image, missing, **QUICK)
    assert set(np.unique(filled[..., 0])) == {0, 1, 2}
    assert set(np.unique(filled[..., 1])) == {10, 11, 12}


def test_tiles_and_networks_fill_labels_too():
    labels, missing = stripes(140), np.zeros((140, 140), bool)
    missing[10:16, 10:16] = missing[100:106, 60:66] = True
    filled = inpaint(labels, missing, tile=64, **QUICK)
    assert (filled == labels)[missing].mean() > 0.9
    network = inpaint(stripes(), holes(), values="labels", net="siren", reg="none", steps=5, width=16)
    assert np.isin(network, [0, 1, 2]).all()


def test_what_is_neither_known_nor_missing_teaches_nothing():
    labels, missing = stripes().astype(np.int32), holes()
    ignored = np.zeros_like(missing)
    ignored[:, 40:] = True
    labels[ignored] = -9999
    result = run_inpainting(labels, missing, make_settings(**QUICK), ignored=ignored)
    assert (result.image[ignored] == -9999).all()
    assert -9999 not in result.image[missing]


@pytest.mark.parametrize("wrong", [0.5, np.nan, np.inf])
def test_floats_that_are_no_ids_are_refused(wrong):
    labels, missing = stripes().astype(np.float32), holes()
    labels[0, 0] = wrong
    with pytest.raises(InputError, match="labels must be whole numbers"):
        inpaint(labels, missing, values="labels")


def test_an_interrupted_fill_is_returned():
    def interrupt(done, total, measure):
        raise KeyboardInterrupt

    labels, missing = stripes(), holes()
    result = run_inpainting(labels, missing, make_settings(**QUICK), Control(interrupt, keep_partial=True))
    assert not result.completed
    assert np.isin(result.image, [0, 1, 2]).all()
