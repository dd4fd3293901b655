import pytest
import torch

from inrr_cli.superres.consistency import Bounds, enforce_consistency
from inrr_cli.superres.downscaling import DownscalingOperator, resize
from inrr_cli.superres.kernels import parse_kernel

LIMITS = (0.0, 1.0)


@pytest.mark.parametrize("name", ["bicubic", "area", "lanczos", "point", "gaussian:0.5"])
@pytest.mark.parametrize("size", [(96, 128), (72, 96), (61, 101)])
@pytest.mark.parametrize(("contrast", "tolerance"), [(0.9, 0.5), (3, 2.0)])
def test_rounded_and_clipped_values_are_consistent(grey, name, size, contrast, tolerance):
    """With contrast 3 a third of the image is black or white, as in a scan."""
    kernel = parse_kernel(name)
    operator = DownscalingOperator.between((48, 64), size, kernel)
    image = torch.tensor(grey)[..., None] / 255
    scan = (contrast * (resize(image, size) - 0.5) + 0.5).clamp(*LIMITS)
    coarse = (operator.forward(scan).clamp(*LIMITS) * 255).round() / 255
    start = resize(coarse, size, kernel.centred)
    result = enforce_consistency(start, coarse, operator, Bounds(*LIMITS, LIMITS, 1 / 255))
    assert ((result * 255) - (result * 255).round()).abs().max() < 1e-3
    assert result.min() >= 0
    assert result.max() <= 1
    assert operator.residual(result, coarse, limits=LIMITS).abs().max() * 255 < tolerance
    if name != "point":  # which an interpolation meets
        assert operator.residual(start, coarse, limits=LIMITS).abs().max() * 255 > tolerance
