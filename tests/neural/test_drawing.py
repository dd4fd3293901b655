import pytest
import torch

from inrr_cli.neural.drawing import GridDraw


@pytest.mark.parametrize("length", [1, 5, 64, 101, 256])
@pytest.mark.parametrize("spacing", [1, 2.83, 4, 7, 300])
def test_every_row_and_column_is_drawn_equally_often(length, spacing):
    drawing = GridDraw((length, 37), spacing, torch.Generator().manual_seed(0))
    counts, draws = [torch.zeros(length), torch.zeros(37)], 1000
    for step in range(draws):
        for count, indices in zip(counts, drawing.draw(step), strict=True):
            assert len(indices) == max(1, round(len(count) / spacing))
            assert (indices.diff() >= 0).all()
            count[indices] += 1
    for count in counts:
        expected = count.sum() / len(count)
        assert (count - expected).abs().max() < 6 * expected**0.5


def test_every_pixel_is_drawn_once_in_as_many_steps_as_pixels_to_a_part():
    drawing = GridDraw((12, 20), 4, torch.Generator().manual_seed(0))
    for start in (0, 16, 32):
        counts = torch.zeros(12, 20)
        for step in range(start, start + 16):
            rows, columns = drawing.draw(step)
            counts[rows[:, None], columns] += 1
        assert (counts == 1).all()


@pytest.mark.parametrize("axis", [0, 1])
def test_every_pair_of_rows_of_different_parts_is_drawn(axis):
    drawing = GridDraw((16, 16), 4, torch.Generator().manual_seed(0))
    pairs = torch.zeros(16, 16)
    for step in range(16 * 16):
        index = drawing.draw(step)[axis]
        pairs[index[:, None], index] += 1
    apart = torch.arange(16)[:, None] // 4 != torch.arange(16) // 4
    assert (pairs[apart] > 0).all()


def test_without_a_spacing_all_are_drawn():
    rows, columns = GridDraw((3, 5), None, torch.Generator()).draw(7)
    assert (rows.tolist(), columns.tolist()) == ([0, 1, 2], [0, 1, 2, 3, 4])
