import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inrr_cli import InputError
from inrr_cli.superres.downscaling import DownscalingOperator, resize
from inrr_cli.superres.kernels import downscale_matrix, parse_kernel

NAMES = ["bicubic", "area", "lanczos", "point", "gaussian:0.5"]


@given(coarse=st.integers(1, 40), scale=st.floats(1, 5), name=st.sampled_from(NAMES))
@settings(max_examples=60, deadline=None)
def test_a_constant_stays_and_the_image_is_not_mirrored(coarse, scale, name):
    fine = max(coarse, round(coarse * scale))
    matrix = downscale_matrix(coarse, fine, parse_kernel(name)).toarray()
    assert matrix.sum(1) == pytest.approx(1, abs=1e-5)
    if name != "point":
        assert matrix == pytest.approx(matrix[::-1, ::-1], abs=1e-5)
    assert (np.diff(matrix @ np.arange(fine)) > 0).all()


@pytest.mark.parametrize(
    ("name", "kind"), [("bicubic", Image.Resampling.BICUBIC), ("lanczos", Image.Resampling.LANCZOS)]
)
@pytest.mark.parametrize("size", [(24, 32), (17, 40), (48, 33)])
def test_kernels_are_those_of_an_antialiased_resize(grey, name, kind, size):
    fine = grey.astype(np.float32)
    operator = DownscalingOperator.between(size, fine.shape, parse_kernel(name))
    resized = np.asarray(Image.fromarray(fine).resize(size[::-1], kind))
    assert operator.forward(torch.from_numpy(fine[..., None]))[..., 0].numpy() == pytest.approx(resized, abs=1e-2)


def test_area_is_the_mean_over_the_area_of_a_pixel():
    matrix = downscale_matrix(2, 3, parse_kernel("area")).toarray()
    assert matrix == pytest.approx(np.array([[2, 1, 0], [0, 1, 2]]) / 3)
    assert downscale_matrix(2, 4, parse_kernel("area")).toarray() == pytest.approx(np.eye(2).repeat(2, 1) / 2)


def test_point_takes_every_second_pixel():
    assert downscale_matrix(3, 6, parse_kernel("point")).indices.tolist() == [0, 2, 4]
    assert downscale_matrix(4, 6, parse_kernel("point")).indices.tolist() == [0, 2, 3, 5]
    assert not parse_kernel("point").centred


def test_grids_of_a_resize_share_their_borders_or_their_first_pixel():
    ramp, inner = torch.arange(20.0)[:, None, None], np.arange(4, 16, 0.5)
    assert resize(ramp, (40, 1), centred=False)[8:32, 0, 0].numpy() == pytest.approx(inner)
    assert resize(ramp, (40, 1))[8:32, 0, 0].numpy() == pytest.approx(inner - 0.25)


@pytest.mark.parametrize("name", NAMES)
def test_projection_returns_the_nearest_consistent_image(name):
    generator = torch.Generator().manual_seed(0)
    fine, coarse = (torch.rand(shape, generator=generator) for shape in ((21, 30, 2), (14, 17, 2)))
    operator = DownscalingOperator.between((14, 17), (21, 30), parse_kernel(name))
    projected = operator.project(fine, coarse)
    for _ in range(20):
        projected = operator.project(projected, coarse)
    assert (operator.forward(projected) - coarse).abs().max() < 2e-3
    # the change is in the span of the adjoint: no other image is nearer
    change = (projected - fine)[..., 0].numpy()
    rows, columns = operator.rows.matrix.toarray(), operator.columns.matrix.toarray()
    for matrix, values in ((rows, change), (columns, change.T)):
        basis = np.linalg.svd(matrix, full_matrices=False)[2]
        assert values == pytest.approx(basis.T @ (basis @ values), abs=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_a_window_is_a_part_of_the_whole(name):
    fine = torch.rand(60, 50, 1, generator=torch.Generator().manual_seed(0))
    kernel = parse_kernel(name)
    whole = DownscalingOperator.between((40, 30), (60, 50), kernel).forward(fine)
    part = DownscalingOperator.between((40, 30), (60, 50), kernel, ((8, 32), (6, 24)), ((12, 48), (10, 40)))
    assert part.forward(fine[12:48, 10:40])[6:-6, 6:-6].numpy() == pytest.approx(whole[14:26, 12:18].numpy(), abs=1e-5)


@pytest.mark.parametrize("text", ["cubic", "gaussian", "gaussian:", "gaussian:0", "gaussian:nan", "area:2", ""])
def test_other_kernels_are_refused(text):
    with pytest.raises(InputError, match="kernel"):
        parse_kernel(text)
