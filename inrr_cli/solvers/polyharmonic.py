"""A smooth fill of missing pixels: where every engine starts."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

from inrr_cli.solvers.conjugate_gradient import conjugate_gradient
from inrr_cli.solvers.distance import dilate
from inrr_cli.solvers.natural_borders import NaturalBorders
from inrr_cli.solvers.pyramid import double, halve


@torch.no_grad()
def solve_polyharmonic(
    image: Tensor,
    known: Tensor,
    order: int = 2,
    iterations: int = 200,
    tolerance: float = 1e-4,
    axis: int | None = None,
    *,
    natural: bool = False,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Fill missing pixels by the smoothest surface of an order through the known ones: a polyharmonic fill.

    With L the 5-point Laplacian, it solves (-L)^order x = 0 at the missing pixels: order 1 is the membrane, 2 the thin
    plate or biharmonic fill (Damelin and Hoang 2018, doi:10.1155/2018/3950312), 3 is smoother still. Conjugate
    gradients go from the coarsest scale to the finest, so that large holes converge too. Work and memory at each scale
    dilate with the missing pixels there.

    Parameters
    ----------
    image : (H, W, K) Tensor of float32
        What stands at missing pixels is not used.
    known : (H, W) Tensor of bool
        At least one True.
    order : {1, 2, 3}
        Power of the Laplacian.
    iterations : int
        Most steps of conjugate gradients at each scale.
    tolerance : float
        Stop at this root mean square of the residual, in the image's units.
    axis : {0, 1}, optional
        PolyharmonicFill along this axis only: order 2 is then a cubic spline along each column or row.
    natural : bool
        The surface goes on to the borders as it comes to them, as a natural spline does: see `NaturalBorders`. It is
        flat there otherwise, which is safe where much is missing beside a border.
    dtype : torch.dtype
        What to solve in: float32 stops at about 1e-6 of the image's range.

    Returns
    -------
    (H, W, K) Tensor of float32
        Known pixels as they are; the fill is not clipped.
    """
    if bool(known.all()):
        return image
    if min(known.shape) <= 2:
        mean = image[known].mean(0)
        return torch.where(known[..., None], image, mean)
    start = solve_polyharmonic(*halve(image, known), order, iterations, tolerance, axis, natural=natural, dtype=dtype)
    start = torch.where(known[..., None], image, double(start, known.shape))
    return refine_polyharmonic(start, ~known, order, iterations, tolerance, axis, natural=natural, dtype=dtype)


def refine_polyharmonic(
    start: Tensor,
    free: Tensor,
    order: int,
    iterations: int,
    tolerance: float,
    axis: int | None = None,
    *,
    natural: bool = False,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Solve (-L)^order x = 0 at the ``free`` pixels (H, W), the others of ``start`` (H, W, K) fixed.

    With an ``axis``, L is the second difference along it. Borders and ``dtype`` are as in `solve_polyharmonic`.
    """
    reached = [free]
    for _ in range(order):
        reached.append(dilate(reached[-1]))
    # inner pixels come first, so that each set of centres is a slice
    rings = [free, *(wide & ~near for near, wide in pairwise(reached))]
    pixels = torch.cat([ring.reshape(-1).nonzero()[:, 0] for ring in rings])
    place = torch.full((free.numel(),), -1, dtype=torch.int64, device=free.device)
    place[pixels] = torch.arange(len(pixels), device=free.device)
    # outermost pixels have neighbours without a place, but are nobody's centre
    counts = [int(mask.sum()) for mask in reached[:-1]]
    beside = place[neighbours(pixels[: counts[-1]], free.shape, axis)]
    inner = counts[0]
    flat = start.reshape(free.numel(), -1).squeeze(1)  # numbers are looked up several times as fast as rows of one
    x = flat[pixels].to(dtype)
    full, curved = torch.zeros_like(x), torch.zeros_like(x)
    bordered = natural and order > 1  # a membrane's borders are the same
    borders = NaturalBorders(order, axis, place.view(free.shape), pixels[:inner]) if bordered else None

    def curvature(values: Tensor, count: int) -> Tensor:
        total = len(beside) * values[:count]
        for near in beside:
            total -= values.index_select(0, near[:count])
        return total

    def apply(values: Tensor) -> Tensor:
        bent = values
        for count in counts[:0:-1]:
            curved[:count] = curvature(bent, count)
            bent = curved
        gradient = curvature(bent, inner)
        if borders is not None:
            borders.add(gradient, values)
        return gradient

    def apply_inside(direction: Tensor) -> Tensor:
        full[:inner] = direction
        return apply(full)

    residual = -apply(x)
    limit = tolerance**2 * residual.numel()
    conjugate_gradient(apply_inside, x[:inner], residual, iterations=iterations, tolerance=limit)
    result = flat.clone()
    result[pixels] = x.to(result.dtype)
    return result.reshape(start.shape)


def neighbours(pixels: Tensor, shape: tuple[int, ...], axis: int | None = None) -> Tensor:
    """Flat indices of the neighbours of flat ``pixels`` (n,), the pixel itself beyond a border: (4, n).

    Of an ``axis`` only the two along it: (2, n).
    """
    rows, columns = shape
    row, column = pixels // columns, pixels % columns
    beside = [
        [(row - 1).clamp(min=0) * columns + column, (row + 1).clamp(max=rows - 1) * columns + column],
        [row * columns + (column - 1).clamp(min=0), row * columns + (column + 1).clamp(max=columns - 1)],
    ]
    return torch.stack(beside[0] + beside[1] if axis is None else beside[axis])
