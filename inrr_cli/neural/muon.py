"""Muon for stacks of matrices, in the precision that the device is fast in.

``torch.optim.Muon`` takes one matrix at a time and always works in bfloat16, which processors without bfloat16
instructions multiply some twenty times slower than float32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

# The quintic of Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/: steepest at zero.
COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalize(matrices: Tensor, steps: int, dtype: torch.dtype) -> Tensor:
    """Newton-Schulz iteration towards U V^T of each G = U S V^T.

    Parameters
    ----------
    matrices : (..., m, n) Tensor
        G, with m <= n for the least work.
    steps : int
        Iterations; three bring all but the smallest singular values between 0.7 and 1.2.
    dtype : torch.dtype
        Precision to multiply in.

    Returns
    -------
    (..., m, n) Tensor of ``dtype``
    """
    a, b, c = COEFFICIENTS
    shape = matrices.shape
    x = matrices.reshape(-1, *shape[-2:]).to(dtype)
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.reshape(shape)


class Muon(torch.optim.Optimizer):
    """Momentum orthogonalised: every direction of a weight matrix moves by the same amount.

    Parameters
    ----------
    params : iterable of (..., m, n) Parameter
        Stacks of matrices.
    lr : float
        Step size, scaled by 0.2 sqrt(max(m, n)) so that a step is as large as one of Adam (Liu et al. 2025,
        arXiv:2502.16982).
    momentum : float
        Decay of the gradient's running mean; Nesterov's variant.
    steps : int
        Newton-Schulz iterations.
    dtype : torch.dtype
        Precision of the iterations.
    """

    def __init__(
        self, params: Iterable[Tensor], lr: float, momentum: float = 0.9, steps: int = 3,
        dtype: torch.dtype = torch.float32,
    ) -> None:  # fmt: skip
        super().__init__(params, {"lr": lr, "momentum": momentum, "steps": steps, "dtype": dtype})

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
        mean = state["mean"].lerp_(grad, 1 - group["momentum"])
        direction = orthogonalize(grad.lerp(mean, group["momentum"]), group["steps"], group["dtype"])
        parameter.add_(direction.to(parameter.dtype), alpha=-group["lr"] * 0.2 * max(parameter.shape[-2:]) ** 0.5)
