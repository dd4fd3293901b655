"""Every page that a series of a TIFF has is read, and what is written says how many pages it has."""

import io
from pathlib import Path

import numpy as np
import pytest
import tifffile
from image_checks import assert_only_hole_differs, change_hole
from PIL import Image, ImageSequence
from sample_files import SIZE, samples_of

from inrr_cli import InputError
from inrr_cli.imaging.reading import decode
from inrr_cli.imaging.writing import encode

GREY, COLOURS = (5, *SIZE), (4, *SIZE, 3)
ALL = {"truncate": True}  # one directory for all pages
SERIES = {  # shape, type, options of tifffile
    "grey": (GREY, "uint16", ALL),
    "signed": (GREY, "int8", ALL),
    "float": (GREY, "float32", ALL),
    "strips": (GREY, "float64", ALL | {"rowsperstrip": 4}),
    "colours": (COLOURS, "uint8", ALL | {"photometric": "rgb"}),
    "deep colours": (COLOURS, "uint16", ALL | {"photometric": "rgb"}),
    "planes": ((4, 3, *SIZE), "uint8", ALL | {"photometric": "rgb", "planarconfig": 2}),
    "alpha": ((4, *SIZE, 4), "uint8", ALL | {"photometric": "rgb", "extrasamples": [2]}),
    "hyperstack": ((2, 3, *SIZE), "int16", ALL | {"metadata": {"axes": "TZYX"}}),
    "one bit": (GREY, "bool", ALL),
    "directories": (GREY, "uint16", {}),
    "compressed": (GREY, "uint16", {"compression": "zlib", "predictor": True}),
    "one page": (SIZE, "float32", {}),
    "described": (GREY, "uint16", ALL | {"description": "five of something"}),
}


def write(parts, **options):
    """Return a TIFF of series: the samples of each and tifffile's options."""
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, **options) as writer:
        for samples, layout in parts:
            writer.write(samples, **{"photometric": "minisblack", **layout})
    return buffer.getvalue()


def pages_of(samples, layout):
    """Return the pages (M, N[, C]) of a series."""
    planes = layout.get("planarconfig") == 2
    tail = samples.ndim - 3 if planes else samples.ndim - 2 - (layout.get("photometric") == "rgb")
    pages = samples.reshape(-1, *samples.shape[tail:])
    return list(np.moveaxis(pages, 1, 3) if planes else pages)


@pytest.mark.parametrize("second", SERIES)
@pytest.mark.parametrize("first", [None, "one page", "grey", "colours", "directories"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_page_of_every_series_is_read_and_written(first, second, order):
    if second == "compressed" and first in ("grey", "colours"):
        pytest.skip("tifffile writes directories that point beyond the file")
    names = [name for name in (first, second) if name]
    series = [
        (samples_of(dtype, shape, seed), layout) for seed, (shape, dtype, layout) in enumerate(map(SERIES.get, names))
    ]
    new = change_hole(write(series, byteorder=order))
    expected = [page for samples, layout in series for page in pages_of(samples, layout)]
    with tifffile.TiffFile(io.BytesIO(new)) as file:
        assert len(file.pages) == len(expected)
        for page, old in zip(file.pages, expected, strict=True):
            planes = page.planarconfig == 2 and page.samplesperpixel > 1
            read = np.moveaxis(page.asarray(), 0, 2) if planes else page.asarray()
            assert_only_hole_differs(read, old)
    if "one bit" in names:
        return  # tifffile reads the pages of such a series, but not its shape
    with tifffile.TiffFile(io.BytesIO(new)) as file:
        assert [part.shape for part in file.series] == [samples.shape for samples, _ in series]
        assert [part.dtype for part in file.series] == [samples.dtype for samples, _ in series]
        for part, (samples, layout) in zip(file.series, series, strict=True):
            for page, old in zip(pages_of(part.asarray(), layout), pages_of(samples, layout), strict=True):
                assert_only_hole_differs(page, old)


@pytest.mark.parametrize("shape", [GREY, COLOURS])
def test_a_stack_of_imagej_with_one_directory_comes_back(shape):
    samples = samples_of("uint8", shape)
    axes, kind = ("ZYX", "minisblack") if len(shape) == 3 else ("ZYXS", "rgb")
    layout = {"truncate": True, "photometric": kind, "metadata": {"axes": axes, "spacing": 0.3, "unit": "um"}}
    data = write([(samples, layout)], imagej=True)
    assert len(tifffile.TiffFile(io.BytesIO(data)).pages) == 1
    new = change_hole(data)
    with tifffile.TiffFile(io.BytesIO(data)) as old, tifffile.TiffFile(io.BytesIO(new)) as file:
        assert file.imagej_metadata == old.imagej_metadata
        assert file.imagej_metadata["images"] == len(samples)
        starts = [page.dataoffsets[0] for page in file.pages]
        assert np.diff(starts).tolist() == [samples[0].nbytes] * (len(samples) - 1)
        assert file.series[0].shape == samples.shape
        for page, expected in zip(file.asarray(), samples, strict=True):
            assert_only_hole_differs(page, expected)
    with Image.open(io.BytesIO(new)) as image:
        frames = [np.array(frame) for frame in ImageSequence.Iterator(image)]
    for page, expected in zip(frames, samples, strict=True):
        assert_only_hole_differs(page, expected)


def test_series_of_ome_come_back():
    grey, colours = samples_of("uint16", GREY), samples_of("uint8", COLOURS)
    rgb = {"photometric": "rgb", "metadata": {"axes": "ZYXS"}}
    data = write([(grey, {"metadata": {"axes": "ZYX"}}), (colours, rgb)], ome=True)
    new = change_hole(data)
    with tifffile.TiffFile(io.BytesIO(new)) as file:
        assert [(part.kind, part.shape) for part in file.series] == [("ome", GREY), ("ome", COLOURS)]
        for part, samples in zip(file.series, (grey, colours), strict=True):
            for page, expected in zip(part.asarray(), samples, strict=True):
                assert_only_hole_differs(page, expected)


def test_a_plain_page_after_a_series_with_one_directory_is_a_page_of_its_own():
    grey, other = samples_of("uint16", GREY), samples_of("uint16", SIZE, seed=1)
    for series, more in ((grey, 1), (grey[:2], 1), (grey[:2], 4)):
        picture = decode(write([(series, ALL), *[(other, {"metadata": None})] * more]), Path("a"))
        assert [page.tobytes() for page in picture.pages] == [page.tobytes() for page in (*series, *[other] * more)]
        again = decode(encode(picture, "TIFF"), Path("a"))
        assert [page.tobytes() for page in again.pages] == [page.tobytes() for page in picture.pages]


@pytest.mark.parametrize(
    "options", [{"imagej": True}, {}, {"imagej": True, "truncate": False}, {"truncate": False}, {"metadata": None}]
)
def test_a_stack_that_is_cut_is_refused(options):
    into = {key: value for key, value in options.items() if key == "imagej"}
    layout = ALL | {key: value for key, value in options.items() if key != "imagej"}
    if "metadata" in options:
        layout["truncate"] = False
    data = write([(samples_of("uint16", GREY), layout)], **into)
    for length in (20, 100, samples_of("uint16", SIZE).nbytes, 4 * samples_of("uint16", SIZE).nbytes):
        with pytest.raises(InputError, match=r"holds|damaged"):
            decode(data[:-length], Path("a"))


def test_a_description_that_promises_more_than_there_is_is_refused():
    grey = samples_of("uint16", SIZE)
    for count, layout, held in ((1, {}, 1), (1, {"compression": "zlib"}, 1), (3, {}, 3)):
        said = {"metadata": None, "description": f'{{"shape": [5, {SIZE[0]}, {SIZE[1]}]}}'}
        plain = {"metadata": None}
        data = write([(grey, (plain if number else said) | layout) for number in range(count)])
        with pytest.raises(InputError, match=f"description of page 1 promises 5 pages .* the file holds {held}"):
            decode(data, Path("a"))


def test_a_description_of_another_size_is_not_believed():
    grey = samples_of("uint16", SIZE)
    data = write([(grey, {"metadata": None, "description": '{"shape": [5, 40, 31]}'})])
    assert len(decode(data, Path("a")).pages) == 1
    assert_only_hole_differs(tifffile.imread(io.BytesIO(change_hole(data))), grey)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_pages_of_one_bit_and_of_more_stay_what_they_are(order):
    pages = [(samples_of("bool", SIZE), samples_of("uint8", SIZE))[number] for number in order]
    data = write([(page, {"metadata": None}) for page in pages])
    with tifffile.TiffFile(io.BytesIO(change_hole(data))) as file:
        for page, expected in zip(file.pages, pages, strict=True):
            assert_only_hole_differs(page.asarray(), expected)
