"""A TIFF says its axes, or the user does, and what it has on several pages comes back as it was."""

import io

import numpy as np
import pytest
import tifffile
from axes_files import M, N, changed, npy, read, tiff
from image_checks import assert_only_hole_differs, change_hole
from sample_files import SIZE, samples_of

from inrr_cli import InputError
from inrr_cli.imaging.metadata import PixelTransform
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.writing import encode

TAGGED = {  # shape, options of tifffile, axes, stack axes, pages of the first two planes
    "imagej hyperstack": ((2, 3, 4, M, N), {"imagej": True, "metadata": {"axes": "TZCYX"}},
                          "TZCYX", "TZ", [(0, 1, 2, 3), (4, 5, 6, 7)]),
    "imagej slices": ((5, M, N), {"imagej": True, "metadata": {"axes": "ZYX"}}, "ZYX", "Z", [(0,), (1,)]),
    "imagej colours": ((5, M, N, 3), {"imagej": True, "metadata": {"axes": "TYXS"}, "photometric": "rgb"},
                       "TYXS", "T", [(0,), (1,)]),
    "imagej channels, one directory": ((2, 3, M, N), {"imagej": True, "metadata": {"axes": "TCYX"}},
                                       "TCYX", "T", [(0, 1, 2), (3, 4, 5)]),
    "shaped": ((2, 3, M, N), {"metadata": {"axes": "TCYX"}}, "TCYX", "T", [(0, 1, 2), (3, 4, 5)]),
    "shaped, channels first": ((2, 3, M, N), {"metadata": {"axes": "CTYX"}}, "CTYX", "T", [(0, 3), (1, 4)]),
    "planes in a page": ((5, 3, M, N), {"metadata": {"axes": "TSYX"}, "photometric": "rgb", "planarconfig": 2},
                         "TYXS", "T", [(0,), (1,)]),
    "ome": ((2, 3, 4, M, N), {"ome": True, "metadata": {"axes": "TZCYX"}},
            "TZCYX", "TZ", [(0, 1, 2, 3), (4, 5, 6, 7)]),
    "ome, channels first": ((3, 2, M, N), {"ome": True, "metadata": {"axes": "CZYX"}},
                            "CZYX", "Z", [(0, 2, 4), (1, 3, 5)]),
    "ome colours": ((5, M, N, 3), {"ome": True, "metadata": {"axes": "ZYXS"}, "photometric": "rgb"},
                    "ZYXS", "Z", [(0,), (1,)]),
}  # fmt: skip


@pytest.mark.parametrize("name", TAGGED)
def test_a_tiff_is_taken_as_tagged_and_comes_back(name):
    shape, options, axes, stack, planes = TAGGED[name]
    array = samples_of("uint16" if options.get("photometric") != "rgb" else "uint8", shape)
    data = tiff(array, **options)
    picture = read(data)
    assert (picture.layout.axes, picture.layout.stack_axes, picture.layout.is_said) == (axes, stack, True)
    assert list(picture.layout.planes[:2]) == planes
    # the planes are those of tifffile's array
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        series = file.series[0]
        whole, letters = series.asarray(), series.axes
    order = [letters.index(letter) for letter in (*stack, "Y", "X", *(c for c in letters if c in "CS"))]
    expected = whole.transpose(order).reshape(len(picture.pages), M, N, -1)
    assert (np.stack([np.atleast_3d(page) for page in picture.pages]) == expected).all()
    with tifffile.TiffFile(io.BytesIO(change_hole(data))) as file:
        assert (file.series[0].axes, file.series[0].shape) == (letters, whole.shape)
        for new, old in zip(file.pages, tifffile.TiffFile(io.BytesIO(data)).pages, strict=True):
            pair = (new.asarray(), old.asarray())
            assert_only_hole_differs(*(np.moveaxis(p, 0, 2) if name == "planes in a page" else p for p in pair))


@pytest.mark.parametrize(("name", "stack"), [("imagej hyperstack", "TZ"), ("shaped, channels first", "T")])
def test_a_tiff_becomes_an_array_with_its_axes(name, stack):
    shape, options, axes, _, _ = TAGGED[name]
    array = samples_of("uint16", shape)
    made = np.load(io.BytesIO(encode(read(tiff(array, **options)), "NPY")))
    assert (made == array).all()
    assert read(npy(made), axes).layout.stack_axes == stack


def test_ome_names_the_directory_of_each_place():
    array = samples_of("uint8", (2, 3, M, N))  # z, c
    where = {(0, 0): 4, (0, 1): 2, (0, 2): 0, (1, 0): 5, (1, 1): 1, (1, 2): 3}
    data = "".join(f'<TiffData IFD="{ifd}" FirstZ="{z}" FirstC="{c}"/>' for (z, c), ifd in where.items())
    xml = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
        f'<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="{N}" SizeY="{M}" SizeZ="2" SizeC="3" '
        f'SizeT="1">{data}</Pixels></Image></OME>'
    )

    def write(xml):
        buffer = io.BytesIO()
        with tifffile.TiffWriter(buffer) as writer:
            places = sorted(where, key=where.__getitem__)
            for number, place in enumerate(places):
                said = xml if number == 0 else None
                writer.write(array[place], photometric="minisblack", metadata=None, description=said)
        return buffer.getvalue()

    picture = read(write(xml))
    assert (picture.layout.axes, picture.layout.planes) == ("CZYX", ((4, 2, 0), (5, 1, 3)))
    assert (np.stack(picture.pages) == np.moveaxis(array, 1, 3)).all()
    new = tifffile.TiffFile(io.BytesIO(encode(changed(picture), "TIFF")))
    for place, ifd in where.items():
        assert int((new.pages[ifd].asarray() != array[place]).sum()) == 1
    # an XML that does not fit the file says nothing
    for other in (
        xml.replace('SizeT="1"', 'SizeT="2"'),
        xml.replace('IFD="5"', 'IFD="4"'),
        xml.replace("<Image", "<I"),
    ):
        assert read(write(other)).layout.planes == tuple((n,) for n in range(6))


def test_a_file_that_says_nothing_has_pages_of_strangers():
    picture = read(tiff(samples_of("uint8", (3, M, N)), metadata=None))
    assert (picture.layout.axes, picture.layout.is_said, len(picture.pages)) == ("QYX", False, 3)
    picture = read(tiff(samples_of("uint8", (2, 3, M, N))))
    assert (picture.layout.stack_axes, picture.layout.stack_shape, picture.layout.is_said) == ("QP", (2, 3), False)
    assert Picture.of(np.zeros((4, 5, 3))).layout.axes == "YXC"
    several = Picture([np.zeros((4, 5)), np.zeros((6, 5))], [None, None], read(tiff(np.zeros(SIZE))).metadata).layout
    assert str(several) == "axes QYX: 2 pages, 5 columns, of several sizes"


def test_the_user_may_say_the_axes_of_a_tiff():
    array = samples_of("uint8", (2, 3, M, N))
    assert read(tiff(array), "TCYX").layout.planes == ((0, 1, 2), (3, 4, 5))
    picture = read(tiff(array, metadata={"axes": "TCYX"}), "CZYX")  # other letters
    assert picture.layout.planes == ((0, 3), (1, 4), (2, 5))
    for new, old in zip(
        tifffile.TiffFile(io.BytesIO(encode(changed(picture), "TIFF"))).pages, array.reshape(6, M, N), strict=True
    ):
        assert int((new.asarray() != old).sum()) == 1
    colours = samples_of("uint8", (M, N, 3))
    for axes in ("YXC", "CYX"):
        assert read(tiff(colours, photometric="rgb"), axes).layout.axes == "YXC"


@pytest.mark.parametrize(
    ("options", "axes", "message"),
    [
        ({"metadata": {"axes": "TCYX"}}, "CYX", rf"but the image has 4: its shape is \(2, 3, {M}, {N}\)"),
        ({"metadata": None}, "TCYX", rf"but the image has 3: its shape is \(6, {M}, {N}\)"),
        ({"metadata": {"axes": "TCYX"}}, "TCXY", "this file has rows first, Y before X"),
        ({"ome": True, "metadata": {"axes": "TCYX"}}, "YXTC", "rows or columns over the pages need plain pages"),
    ],
)
def test_axes_that_a_tiff_contradicts_are_refused(options, axes, message):
    with pytest.raises(InputError, match=message):
        read(tiff(samples_of("uint8", (2, 3, M, N)), **options), axes)


@pytest.mark.parametrize("axes", ["YXC", "YXZ", "YCX", "TYXC", "XYZT"])
@pytest.mark.parametrize("way", ["tagged", "said", "said of plain pages"])
def test_rows_that_a_tiff_has_on_several_pages_come_back(axes, way):
    shape = (7, 6, 5, 4)[: len(axes)]
    if way == "said of plain pages" and len(axes) > 3:
        pytest.skip("plain pages have no two axes")
    array = samples_of("uint16", shape)
    data = tiff(array, metadata={"tagged": {"axes": axes}, "said": {}}.get(way))
    picture = read(data, None if way == "tagged" else axes)
    expected = read(npy(array), axes)
    assert picture.layout == expected.layout
    assert [page.tobytes() for page in picture.pages] == [page.tobytes() for page in expected.pages]
    again = tifffile.imread(io.BytesIO(encode(changed(picture), "TIFF")))
    assert again.shape == shape
    assert (again == np.load(io.BytesIO(encode(changed(expected), "NPY")))).all()
    # a mask in the same form, or one without channels
    mask = tiff(np.zeros(shape, np.uint8))
    assert [page.shape for page in read(mask, like=picture.layout).pages] == [page.shape for page in picture.pages]
    larger = [np.repeat(np.repeat(page, 2, 0), 2, 1) for page in picture.pages]  # as super-resolution makes
    made = tifffile.imread(io.BytesIO(encode(picture.with_pages(larger), "TIFF", transform=PixelTransform(2, 2))))
    slow, fast = axes.index("Y"), axes.index("X")
    assert (made == np.repeat(np.repeat(array, 2, slow), 2, fast).reshape(made.shape)).all()


def test_pages_that_differ_cannot_be_channels():
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for size in (SIZE, (M, N + 1)):
            writer.write(samples_of("uint8", size), photometric="minisblack", metadata=None)
    with pytest.raises(InputError, match="pages that are channels must have one size"):
        read(buffer.getvalue(), "CYX")
    assert len(read(buffer.getvalue()).pages) == 2
