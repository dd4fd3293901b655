"""Block matching against an exhaustive search."""

import pytest
import torch

from inrr_cli.patch.block_matching import (
    CHUNK_NUMBERS,
    ESTIMATE_WEIGHT,
    NEARNESS_RADIUS,
    References,
    find_similar,
    grid_positions,
    matching_weights,
)


@pytest.mark.parametrize("shape", [(20, 31), (16, 16), (9, 40)])
@pytest.mark.parametrize(
    ("channels", "planes", "prefer_near"), [(1, 1, False), (3, 3, False), (3, 1, False), (3, 3, True)]
)
def test_the_similar_patches_are_those_of_an_exhaustive_search(shape, channels, planes, prefer_near):
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(*shape, channels, generator=generator)
    rows, columns = torch.tensor([0, 4, min(6, shape[0] - 5), shape[0] - 5]), torch.tensor([2, 11, 0, shape[1] - 5])
    references = References(rows, columns, shape, 5, 3)
    flat = image.reshape(-1, channels)
    chunk = references.chunk(slice(0, len(rows)))
    # one channel after the other; with one mask they share the weights
    weights = torch.rand(len(rows), 25 * planes, generator=generator) + 0.1
    full = weights.repeat(1, channels // planes)
    distance, number = find_similar(chunk, flat, weights, 4, itself=True, prefer_near=prefer_near)
    for k in range(len(rows)):
        corner = int(references.rows[k]), int(references.columns[k])
        own = image[corner[0] : corner[0] + 5, corner[1] : corner[1] + 5].permute(2, 0, 1).reshape(-1)
        tile = chunk.tile[k]
        exhaustive = []
        for i in range(references.extent[0]):
            for j in range(references.extent[1]):
                top, left = int(references.top[tile]) + i, int(references.left[tile]) + j
                other = image[top : top + 5, left : left + 5].permute(2, 0, 1).reshape(-1)
                offset = (top - corner[0]) ** 2 + (left - corner[1]) ** 2
                factor = 1 + offset / NEARNESS_RADIUS**2 if prefer_near else 1
                exhaustive.append(factor * float((full[k] * (own - other).square()).sum() / full[k].sum()))
        assert torch.allclose(distance[k].sort().values, torch.tensor(sorted(exhaustive)[:4]), atol=1e-5)
        assert exhaustive[int(number[k][distance[k].argmin()])] == pytest.approx(0, abs=1e-6)


def test_a_reference_can_be_left_out_of_its_own_candidates():
    image = torch.rand(400, 1, generator=torch.Generator().manual_seed(1))
    references = References(torch.tensor([7]), torch.tensor([8]), (20, 20), 5, 4)
    chunk = references.chunk(slice(0, 1))
    distance, number = find_similar(chunk, image, torch.ones(1, 25), 6, itself=False)
    assert int(chunk.own[0]) not in number[0].tolist()
    assert distance.min() > 0


def test_every_reference_is_in_one_chunk():
    generator = torch.Generator().manual_seed(2)
    where = torch.randperm(60 * 60, generator=generator)[:700]
    references = References(where // 60, where % 60, (66, 66), 7, 5)
    spans = references.chunks(1, 1)
    assert sum(span.stop - span.start for span in spans) == 700
    assert sorted(references.order.tolist()) == list(range(700))


def test_the_references_of_a_crowded_tile_are_split_into_chunks():
    where = torch.arange(40 * 40)
    references = References(where // 40, where % 40, (52, 52), 13, 10, tile=48)
    assert len(references.top) == 1
    chunks = references.chunks(1, 169**2)
    assert max(some.stop - some.start for some in chunks) * 169**2 < CHUNK_NUMBERS
    slots = torch.cat([references.chunk(some).slot for some in chunks])
    own_numbers = torch.cat([references.chunk(some).own for some in chunks])
    assert own_numbers.tolist() == where.tolist()
    assert int(slots.max()) == max(some.stop - some.start for some in chunks) - 1


def test_estimated_pixels_count_less_than_known_ones():
    references = References(torch.tensor([2]), torch.tensor([1]), (8, 9), 2, 3)
    known = torch.ones(72, dtype=torch.bool)
    known[2 * 9 + 2] = False
    weights = matching_weights(references.chunk(slice(0, 1)), known)
    assert weights.tolist() == [pytest.approx([1, ESTIMATE_WEIGHT, 1, 1])]
    second = torch.stack([torch.ones_like(known), known], 1).reshape(-1)  # the second of two channels misses the pixel
    weights = matching_weights(references.chunk(slice(0, 1)), second)
    assert weights.tolist() == [pytest.approx([1, 1, 1, 1, 1, ESTIMATE_WEIGHT, 1, 1])]


def test_grid_positions_include_both_ends():
    assert grid_positions(9, 3, 1, torch.device("cpu")).tolist() == [0, 1, 4, 7, 8]
    assert grid_positions(9, 3, -1, torch.device("cpu")).tolist() == [0, 2, 5, 8]
    assert grid_positions(1, 3, 2, torch.device("cpu")).tolist() == [0]
