import pytest
import torch

from inrr_cli.neural.coordinates import coordinate_scales, pixel_centres, pixel_positions


def test_centres_of_a_finer_grid_cover_the_same_extent():
    assert pixel_centres(3).tolist() == [-1, 0, 1]
    assert pixel_centres(1).tolist() == [0]
    fine = pixel_centres(4, 8)
    assert torch.allclose(fine.view(4, 2).mean(1), pixel_centres(4))
    assert torch.allclose(fine.diff(), fine.diff()[0].expand(7))


@pytest.mark.parametrize("length", [2, 7, 256])
def test_positions_invert_centres_and_end_at_the_outermost_pixels(length):
    assert torch.allclose(pixel_positions(pixel_centres(length), length), torch.arange(length).float(), atol=1e-4)
    assert pixel_positions(torch.tensor([-1.5, 1.5]), length).tolist() == [0, length - 1]


def test_scales_grow_with_the_square_root_of_each_axis():
    assert coordinate_scales((256, 256, 3)) == (1, 1)
    assert coordinate_scales((64, 1024, 1)) == (0.5, 2)
