"""Conjugate gradients for symmetric positive definite systems whose matrix is a function."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

DIVISOR_MINIMUM = 1e-30  # of float32: keeps the quotient of two vanishing sums finite


def conjugate_gradient(
    apply: Callable[[Tensor], Tensor],
    x: Tensor,
    residual: Tensor,
    *,
    iterations: int,
    tolerance: Tensor | float,
    diagonal: Tensor | None = None,
    dim: tuple[int, ...] | None = None,
    report: Callable[[int, Tensor], None] | None = None,
) -> Tensor:
    """Solve A x = b by conjugate gradients (Hestenes and Stiefel 1952, doi:10.6028/jres.049.044).

    Parameters
    ----------
    apply : callable
        Maps a vector to A times the vector, of the same shape.
    x : Tensor
        Start of the iterations; changed in place and returned.
    residual : Tensor
        b - A x at the start; changed in place.
    iterations : int
        At most so many.
    tolerance : Tensor or float
        Stop once r^T M^-1 r is at most this, with the residual r and the preconditioner M.
    diagonal : Tensor, optional
        M, a positive diagonal; the identity by default.
    dim : tuple of int, optional
        Axes of one system, where the others count independent systems; all axes by default.
    report : callable, optional
        Called before each iteration with the iterations done and r^T M^-1 r.
    """

    def dot(a: Tensor, b: Tensor) -> Tensor:
        return (a * b).sum() if dim is None else (a * b).sum(dim, keepdim=True)

    scaled = residual if diagonal is None else residual / diagonal
    direction = scaled.clone()
    power = dot(residual, scaled)
    for iteration in range(iterations):
        if report is not None:
            report(iteration, power)
        if bool((power <= tolerance).all()):
            break
        image = apply(direction)
        curvature = dot(direction, image)
        if not bool((curvature > 0).any()):  # only rounding is left: A is singular along this direction
            break
        step = power / curvature.clamp(min=DIVISOR_MINIMUM)
        x += step * direction
        residual -= step * image
        scaled = residual if diagonal is None else residual / diagonal
        power, former = dot(residual, scaled), power
        direction = scaled + power / former.clamp(min=DIVISOR_MINIMUM) * direction
    return x
