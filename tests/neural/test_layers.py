import torch

from inrr_cli.neural.layers import sine_on_grid


def test_the_sine_on_a_grid_is_the_sine_of_the_sum():
    generator = torch.Generator().manual_seed(0)
    rows, columns = (20 * torch.randn(count, 8, generator=generator) for count in (5, 7))
    rows.requires_grad_()
    expected = torch.sin(rows[:, None] + columns)
    found = sine_on_grid(rows, columns)
    assert found.shape == (5, 7, 8)
    assert torch.allclose(found, expected, atol=1e-5)
    gradients = [torch.autograd.grad(image.square().sum(), rows)[0] for image in (found, expected)]
    assert torch.allclose(*gradients, atol=1e-4)
