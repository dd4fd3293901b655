"""The energy of the patch graph and its minimum."""

import torch

from inrr_cli.patch import patch_graph


def random_graph(seed=0):
    generator = torch.Generator().manual_seed(seed)
    values = torch.rand(30, 2, dtype=torch.double, generator=generator)
    unknown = torch.tensor([3, 4, 5, 11, 12, 20])
    neighbour = torch.stack([torch.randperm(30, generator=generator)[:5] for _ in unknown])
    weight = torch.rand(6, 5, dtype=torch.double, generator=generator) + 0.1
    return values, unknown, neighbour, weight, torch.zeros(6, 5, 2, dtype=torch.double)


def test_the_gradient_vanishes_at_the_minimum_which_lies_between_the_values():
    values, unknown, *graph = random_graph()
    solved = values.clone()
    for _ in range(3):
        solved[unknown] = patch_graph.minimise(solved, unknown, *graph)
    assert gradient(solved, unknown, *graph) < 1e-4
    assert solved.min() >= values.min()
    assert solved.max() <= values.max()


def test_the_minimum_has_the_rises_of_the_edges():
    values, unknown, neighbour, weight, _ = random_graph()
    rise = values[unknown][:, None] - values[neighbour]
    solved = values.clone()
    solved[unknown] = 0.5
    for _ in range(3):
        solved[unknown] = patch_graph.minimise(solved, unknown, neighbour, weight, rise)
    assert torch.allclose(solved, values, atol=1e-4)
    rise += torch.linspace(-1, 1, rise.numel(), dtype=rise.dtype).reshape(rise.shape)
    for _ in range(3):
        solved[unknown] = patch_graph.minimise(solved, unknown, neighbour, weight, rise)
    assert gradient(solved, unknown, neighbour, weight, rise) < 1e-4


def energy(values, unknown, neighbour, weight, rise):
    return (weight[..., None] * (values[unknown][:, None] - values[neighbour] - rise).square()).sum()


def gradient(values, *graph):
    """Return the largest derivative of the energy with respect to an unknown pixel."""
    values = values.clone().requires_grad_()
    energy(values, *graph).backward()
    return values.grad[graph[0]].abs().max()


def test_edges_to_known_pixels_weigh_more():
    distance = torch.tensor([[1.0, 2.0, 2.0]])
    weight = patch_graph.edge_weights(distance, torch.tensor([[False, True, False]]))
    assert weight[0, 1] == patch_graph.KNOWN_BOOST * weight[0, 2]
    assert weight[0, 0] > weight[0, 2]
