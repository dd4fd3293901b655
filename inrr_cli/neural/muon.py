"""Muon, an optimiser of weight matrices.

This is a module of its own because ``torch.optim.Muon`` takes neither stacks of matrices nor float32: it multiplies in
bfloat16, some twenty times slower than float32 on processors without bfloat16 instructions.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from inrr_cli.device import map_in_threads

MATRICES = 2  # of a stack that a thread of a processor takes at once; one by one they cost a tenth more: empirical


def orthogonalize(matrices: Tensor, iterations: int, dtype: torch.dtype) -> Tensor:
    """Return approximations of U V^T for each matrix G = U S V^T, by Newton-Schulz iterations.

    Parameters
    ----------
    matrices : (..., m, n) Tensor
        G, with m <= n for the least work.
    iterations : int
        Three bring all but the smallest singular values between 0.7 and 1.2.
    dtype : torch.dtype
        Precision to multiply in.

    Returns
    -------
    (..., m, n) Tensor of ``dtype``
    """
    # the quintic a s + b s^3 + c s^5 of Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/: steepest at 0
    a, b, c = 3.4445, -4.7750, 2.0315
    shape = matrices.shape
    x = matrices.reshape(-1, *shape[-2:]).to(dtype)
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    for _ in range(iterations):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.reshape(shape)


class Muon(torch.optim.Optimizer):
    """Nesterov momentum that is orthogonalised, so that every direction of a matrix moves by the same amount.

    Parameters
    ----------
    params : iterable of (..., m, n) Parameter
        Stacks of matrices.
    lr : float
        Step size, scaled by 0.2 sqrt(max(m, n)) so that a step is as large as a step of Adam (Liu et al. 2025,
        arXiv:2502.16982).
    dtype : torch.dtype
        Precision of the three Newton-Schulz iterations.
    """

    def __init__(self, params: Iterable[Tensor], lr: float, dtype: torch.dtype = torch.float32) -> None:
        super().__init__(params, {"lr": lr, "momentum": 0.9})
        self.dtype = dtype  # of this machine: none of a checkpoint, which may come from another

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, group)

    def _update(self, parameter: Tensor, group: dict[str, Any]) -> None:
        state, grad = self.state[parameter], parameter.grad
        assert grad is not None
        if not state:
            state["mean"] = torch.zeros_like(grad)
        rate = group["lr"] * 0.2 * max(parameter.shape[-2:]) ** 0.5
        stacks = [tensor.view(-1, *parameter.shape[-2:]) for tensor in (parameter, grad, state["mean"])]
        size = MATRICES if parameter.device.type == "cpu" else len(stacks[0])

        def move(part: tuple[Tensor, ...]) -> None:
            weight, gradient, mean = part
            mean.lerp_(gradient, 1 - group["momentum"])
            direction = orthogonalize(gradient.lerp(mean, group["momentum"]), 3, self.dtype)
            weight.add_(direction.to(weight.dtype), alpha=-rate)

        parts = zip(*(torch.split(stack, size) for stack in stacks), strict=True)
        deque(map_in_threads(move, parts, parameter.device), maxlen=0)
