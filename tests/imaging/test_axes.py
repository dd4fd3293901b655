"""The axes of arrays are said or guessed, and the planes of a layout go together."""

import io

import numpy as np
import pytest
from axes_files import M, N, changed, npy, read, tiff
from sample_files import SIZE, samples_of

from inrr_cli import InputError
from inrr_cli.imaging.axes import axes_like, parse_axes
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.writing import encode


@pytest.mark.parametrize(
    ("axes", "stack", "planes"),
    [
        ("YX", "", 1), ("XY", "", 1), ("YXC", "", 1), ("CYX", "", 1), ("TYX", "T", 2), ("YXZ", "Z", 4), ("QYX", "Q", 2),
        ("TZYX", "TZ", 6), ("ZYXT", "ZT", 10), ("TCYX", "T", 2), ("TZCYX", "TZ", 6), ("CZTYX", "ZT", 12),
        ("ZYXC", "Z", 2), ("CYXS", "", 1), ("XCYZT", "ZT", 30),
    ],
)  # fmt: skip
def test_an_array_is_cut_by_its_axes_and_comes_back(axes, stack, planes):
    array = samples_of("uint16", (2, 3, 4, 5, 6)[: len(axes)])
    picture = read(npy(array), axes)
    layout = picture.layout
    assert (layout.axes, layout.shape, layout.stack_axes, len(picture.pages)) == (axes, array.shape, stack, planes)
    channels = [axes.index(letter) for letter in axes if letter in "CS"]
    order = [*map(axes.index, stack), axes.index("Y"), axes.index("X"), *channels]
    expected = array.transpose(order).reshape(planes, *layout.sizes("YX"), -1)
    assert (np.stack([np.atleast_3d(page) for page in picture.pages]) == expected).all()
    written = encode(picture, "NPY")
    assert np.load(io.BytesIO(written)).tobytes() == array.tobytes()
    assert np.load(io.BytesIO(written)).shape == array.shape
    # a change of a sample of each channel arrives there
    again = np.load(io.BytesIO(encode(changed(picture), "NPY"))).astype(int) - array
    first = tuple(0 if letter in "YX" else slice(None) for letter in axes)
    assert (again[first] == 1).all()
    assert again.sum() == again[first].size


@pytest.mark.parametrize(
    ("shape", "axes", "warning"),
    [
        ((6, 7), "YX", ""),
        ((6, 7, 4), "YXC", ""),
        ((2, 6, 7, 3), "QYXC", ""),
        ((6, 7, 100), "QYX", "taken as 6 pages of 7 rows x 100 columns (axes QYX); if the last axis is channels, "
         "give --axes YXC"),
        ((3, 6, 7), "QYX", "taken as 3 pages of 6 rows x 7 columns (axes QYX); if the first axis is channels, "
         "give --axes CYX"),
        ((1, 6, 7, 8), "QYXC", "taken as 1 page of 6 rows x 7 columns with 8 channels (axes QYXC); if its last axis is "
         "columns, give --axes, as in --axes TZYX"),
    ],
)  # fmt: skip
def test_a_guess_that_may_be_wrong_is_said(shape, axes, warning):
    picture = read(npy(np.zeros(shape, np.uint8)))
    assert (picture.layout.axes, picture.layout.warning) == (axes, warning)
    assert np.load(io.BytesIO(encode(picture, "NPY"))).shape == shape
    assert read(npy(np.zeros(shape, np.uint8)), axes).layout.warning == ""


@pytest.mark.parametrize(
    ("shape", "axes", "message"),
    [
        ((6, 7), "YXC", r"a: --axes YXC names 3 axes, but the image has 2: its shape is \(6, 7\)"),
        ((6, 7, 8), "YX", r"names 2 axes, but the image has 3: its shape is \(6, 7, 8\)"),
        ((2, 2, 2, 6, 7), None, r"shape is \(2, 2, 2, 6, 7\); give --axes, as in --axes TZCYX"),
        ((2, 2, 2, 2, 6, 7), "QPTZYX", "it must have 2 to 5 axes"),
        ((6,), None, "it must have 2 to 5 axes"),
    ],
)
def test_an_array_that_its_axes_do_not_fit_is_refused(shape, axes, message):
    with pytest.raises(InputError, match=message):
        read(npy(np.zeros(shape, np.uint8)), axes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("YYX", "Y occurs twice"), ("TZC", "must both occur"), ("Y", "must both occur"), ("", "must be letters"),
        ("Y,X", "must be letters"), ("YX1", "must be letters"), ("ЙYX", "must be letters"), ("YXCC", "C occurs twice"),
    ],
)  # fmt: skip
def test_axes_that_mean_nothing_are_refused(text, message):
    with pytest.raises(InputError, match=f"--axes.*{message}"):
        parse_axes(text)
    assert parse_axes(" yxc ") == "YXC"


def test_planes_along_an_axis_gather_and_scatter():
    layout = read(npy(np.zeros((2, 3, 4, 5), np.uint8)), "ZTYX").layout
    assert layout.along("T") == [[0, 1, 2], [3, 4, 5]]
    assert layout.along("Z") == [[0, 3], [1, 4], [2, 5]]
    array = samples_of("uint8", (2, 3, M, N))
    layout = read(tiff(array), "CTYX").layout
    pages = list(array.reshape(6, M, N))
    plane = layout.gather(pages, 1)
    assert plane.shape == (M, N, 2)
    back = layout.scatter(1, plane)
    assert sorted(back) == [1, 4]
    assert all((back[page] == pages[page]).all() for page in back)
    assert all((part == plane[..., 0]).all() for part in layout.scatter(1, plane[..., 0]).values())


def test_what_goes_with_an_image_takes_its_axes():
    like = read(npy(np.zeros((6, 7, 30), np.uint8)), "YXC").layout
    assert axes_like((6, 7, 30), like) == axes_like((12, 14, 30), like) == "YXC"
    assert axes_like((6, 7), like) == "YX"
    assert axes_like((6, 7, 29), like) is None
    assert read(npy(np.zeros((6, 7, 30), np.uint8)), like=like).pixels.shape == (6, 7, 30)
    image = read(tiff(samples_of("uint8", (2, 3, M, N)), metadata={"axes": "TCYX"}))
    for mask, channels in (((6, M, N), 3), ((2, 3, M, N), 3), ((2, M, N), 0)):
        for data in (npy(np.zeros(mask, np.uint8)), tiff(np.zeros(mask, np.uint8))):
            pages = read(data, like=image.layout).pages
            assert [page.shape for page in pages] == [(M, N, 3) if channels else SIZE] * 2


@pytest.mark.parametrize("kind", ["TIFF", "NPY"])
def test_a_mask_of_an_image_has_its_layout(kind):
    image = read(tiff(samples_of("uint8", (2, 3, M, N)), metadata={"axes": "TCYX"}))
    masks = [np.full(SIZE, value, np.uint8) for value in (0, 255)]
    mask = Picture(masks, [None, None], Picture.of(masks[0]).metadata, image.layout)
    again = read(encode(mask, kind), like=image.layout)
    assert len(again.pages) == 2
    assert [int(page.min()) for page in again.pages] == [int(page.max()) for page in again.pages] == [0, 255]
