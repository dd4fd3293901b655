import pytest
import torch

from inrr_cli.neural.recipe import BLOCK_POINTS, KEPT_POINTS
from inrr_cli.neural.rendering import row_blocks


@pytest.mark.parametrize(("device", "points"), [("cpu", BLOCK_POINTS), ("meta", KEPT_POINTS)])
def test_a_gpu_computes_larger_blocks_than_the_processor(device, points):
    blocks = row_blocks(torch.empty(512, device=device), 256)
    assert {len(block) for block in blocks} == {points // 256}
    assert sum(len(block) for block in blocks) == 512


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_a_block_has_a_row_however_long(device):
    assert [len(block) for block in row_blocks(torch.empty(2, device=device), 2 * KEPT_POINTS)] == [1, 1]
