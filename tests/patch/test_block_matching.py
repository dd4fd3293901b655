"""Block matching against a search by hand."""

import pytest
import torch

from inrr_cli.patch.block_matching import CHUNK_NUMBERS, NEAR, References, candidates, similar


@pytest.mark.parametrize("shape", [(20, 31), (16, 16), (9, 40)])
@pytest.mark.parametrize(("channels", "near"), [(1, False), (3, False), (3, True)])
def test_it_finds_what_a_search_by_hand_finds(shape, channels, near):
    generator = torch.Generator().manual_seed(0)
    picture = torch.rand(*shape, channels, generator=generator)
    rows, columns = torch.tensor([0, 4, min(6, shape[0] - 5), shape[0] - 5]), torch.tensor([2, 11, 0, shape[1] - 5])
    references = References(rows, columns, shape, 5, 3)
    flat = picture.reshape(-1, channels)
    chunk = references.chunk(slice(0, len(rows)))
    trust = torch.rand(len(rows), 25 * channels, generator=generator) + 0.1
    distance, number = similar(chunk, candidates(chunk, flat, 5), trust, 4, itself=True, near=near)
    for k in range(len(rows)):
        corner = int(references.rows[k]), int(references.columns[k])
        own = picture[corner[0] : corner[0] + 5, corner[1] : corner[1] + 5].reshape(-1)
        tile = chunk.tile[k]
        by_hand = []
        for i in range(references.extent[0]):
            for j in range(references.extent[1]):
                top, left = int(references.top[tile]) + i, int(references.left[tile]) + j
                other = picture[top : top + 5, left : left + 5].reshape(-1)
                far = (top - corner[0]) ** 2 + (left - corner[1]) ** 2
                times = 1 + far / NEAR**2 if near else 1
                by_hand.append(times * float((trust[k] * (own - other).square()).sum() / trust[k].sum()))
        assert torch.allclose(distance[k].sort().values, torch.tensor(sorted(by_hand)[:4]), atol=1e-5)
        assert by_hand[int(number[k][distance[k].argmin()])] == pytest.approx(0, abs=1e-6)


def test_without_itself_a_reference_is_not_among_its_neighbours():
    picture = torch.rand(400, 1, generator=torch.Generator().manual_seed(1))
    references = References(torch.tensor([7]), torch.tensor([8]), (20, 20), 5, 4)
    chunk = references.chunk(slice(0, 1))
    distance, number = similar(chunk, candidates(chunk, picture, 5), torch.ones(1, 25), 6, itself=False)
    assert int(chunk.place[0]) not in number[0].tolist()
    assert distance.min() > 0


def test_every_reference_is_in_one_chunk():
    generator = torch.Generator().manual_seed(2)
    where = torch.randperm(60 * 60, generator=generator)[:700]
    references = References(where // 60, where % 60, (66, 66), 7, 5)
    spans = references.chunks(1, models=True)
    assert sum(span.stop - span.start for span in spans) == 700
    assert sorted(references.order.tolist()) == list(range(700))


def test_a_crowded_tile_is_shared_by_chunks():
    where = torch.arange(40 * 40)
    references = References(where // 40, where % 40, (52, 52), 13, 10, tile=48)
    assert len(references.top) == 1
    chunks = references.chunks(1, models=True)
    assert max(some.stop - some.start for some in chunks) * 169**2 < CHUNK_NUMBERS
    slots = torch.cat([references.chunk(some).slot for some in chunks])
    places = torch.cat([references.chunk(some).place for some in chunks])
    assert places.tolist() == where.tolist()
    assert int(slots.max()) == max(some.stop - some.start for some in chunks) - 1
