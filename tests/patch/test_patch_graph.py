"""The patch graph: an energy, and a solver that finds its minimum."""

import torch

from inrr_cli.patch import patch_graph


def made_graph(seed=0):
    generator = torch.Generator().manual_seed(seed)
    values = torch.rand(30, 2, dtype=torch.double, generator=generator)
    free = torch.tensor([3, 4, 5, 11, 12, 20])
    neighbour = torch.stack([torch.randperm(30, generator=generator)[:5] for _ in free])
    weight = torch.rand(6, 5, dtype=torch.double, generator=generator) + 0.1
    return values, free, neighbour, weight, torch.zeros(6, 5, 2, dtype=torch.double)


def test_the_energy_is_not_negative_and_ignores_constants():
    values, *joined = made_graph()
    energy = patch_graph.energy(values, *joined)
    assert energy > 0
    assert torch.allclose(patch_graph.energy(values + 3, *joined), energy)
    assert torch.allclose(patch_graph.energy(2 * values, *joined), 4 * energy)
    assert patch_graph.energy(torch.ones_like(values), *joined) == 0


def test_the_minimum_has_no_gradient_and_lies_between_the_values():
    values, free, *joined = made_graph()
    solved = values.clone()
    for _ in range(3):
        solved[free] = patch_graph.minimise(solved, free, *joined)
    assert gradient(solved, free, *joined) < 1e-4
    assert solved.min() >= values.min()
    assert solved.max() <= values.max()


def test_the_minimum_rises_as_it_should():
    values, free, neighbour, weight, _ = made_graph()
    rise = values[free][:, None] - values[neighbour]
    solved = values.clone()
    solved[free] = 0.5
    for _ in range(3):
        solved[free] = patch_graph.minimise(solved, free, neighbour, weight, rise)
    assert torch.allclose(solved, values, atol=1e-4)
    rise += torch.linspace(-1, 1, rise.numel(), dtype=rise.dtype).reshape(rise.shape)
    for _ in range(3):
        solved[free] = patch_graph.minimise(solved, free, neighbour, weight, rise)
    assert gradient(solved, free, neighbour, weight, rise) < 1e-4


def gradient(values, *joined):
    """Return the largest derivative of the energy by a free pixel."""
    values = values.clone().requires_grad_()
    patch_graph.energy(values, *joined).backward()
    return values.grad[joined[0]].abs().max()


def test_edges_to_known_pixels_weigh_more():
    distance = torch.tensor([[1.0, 2.0, 2.0]])
    weight = patch_graph.weigh(distance, torch.tensor([[False, True, False]]))
    assert weight[0, 1] == patch_graph.KNOWN_BOOST * weight[0, 2]
    assert weight[0, 0] > weight[0, 2]
