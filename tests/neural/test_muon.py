import torch

from inrr_cli.neural.muon import Muon, orthogonalize


def test_orthogonalize_evens_out_the_singular_values():
    matrices = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    result = orthogonalize(matrices, 8, torch.float32)
    assert result.shape == matrices.shape
    values = torch.linalg.svdvals(result)
    assert (values > 0.5).all()
    assert (values < 1.3).all()
    u, _, v = torch.linalg.svd(matrices[0, 0])
    assert torch.nn.functional.cosine_similarity(result[0, 0].flatten(), (u @ v).flatten(), dim=0) > 0.95


def test_a_step_has_the_size_of_a_step_of_adam():
    weight = torch.nn.Parameter(torch.zeros(64, 64))
    weight.grad = torch.randn(64, 64, generator=torch.Generator().manual_seed(0))
    Muon([weight], lr=0.1).step()
    assert 0.1 < weight.detach().square().mean().sqrt() / (0.2 * 0.1) < 1.3


def test_muon_descends():
    target = torch.randn(2, 8, 8, generator=torch.Generator().manual_seed(0))
    weight = torch.nn.Parameter(torch.zeros(2, 8, 8))
    optimizer = Muon([weight], lr=0.1)
    losses = []
    for _ in range(60):
        loss = (weight - target).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


def test_the_matrices_of_a_stack_do_not_depend_on_each_other():
    generator = torch.Generator().manual_seed(0)
    start, grad = torch.randn(2, 5, 16, 16, generator=generator)
    stack = torch.nn.Parameter(start.clone())
    single = [torch.nn.Parameter(matrix.clone()) for matrix in start]
    stack.grad = grad.clone()
    for parameter, gradient in zip(single, grad, strict=True):
        parameter.grad = gradient.clone()
    Muon([stack], lr=0.1).step()
    Muon(single, lr=0.1).step()
    assert not torch.equal(stack, start)
    assert torch.allclose(stack, torch.stack(single), atol=1e-5)
