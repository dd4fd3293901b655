"""Stacks keep the order and the metadata of their pages."""

import io
from pathlib import Path

import numpy as np
import tifffile
from image_checks import assert_only_hole_differs, change_hole, tags_of
from sample_files import SIZE, samples_of, tiff

from inrr_cli.imaging.reading import decode


def test_an_imagej_stack_remains_readable_by_imagej():
    stack = samples_of("uint16", (5, *SIZE))
    data = tiff(
        stack, pages=True, imagej=True, metadata={"axes": "ZYX", "spacing": 0.3, "unit": "um"}, resolution=(2, 3)
    )
    new = change_hole(data)
    with tifffile.TiffFile(io.BytesIO(data)) as old, tifffile.TiffFile(io.BytesIO(new)) as file:
        assert file.is_imagej
        assert file.imagej_metadata == old.imagej_metadata
        assert file.byteorder == old.byteorder
        assert [tags_of(new, page) for page in range(5)] == [tags_of(data, page) for page in range(5)]
        # ImageJ expects the pixels of all pages in one block
        starts = [page.dataoffsets[0] for page in file.pages]
        assert np.diff(starts).tolist() == [stack[0].nbytes] * 4
        for page, samples in zip(file.asarray(), stack, strict=True):
            assert_only_hole_differs(page, samples)


def test_an_ome_stack_keeps_its_xml_and_the_order_of_its_pages():
    stack = samples_of("float32", (2, 3, *SIZE))
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer, stack, ome=True, photometric="minisblack", compression="zlib",
        metadata={"axes": "TCYX", "PhysicalSizeX": 0.1, "Channel": {"Name": ["a", "b", "c"]}},
    )  # fmt: skip
    data = buffer.getvalue()
    new = change_hole(data)
    with tifffile.TiffFile(io.BytesIO(data)) as old, tifffile.TiffFile(io.BytesIO(new)) as file:
        assert file.ome_metadata == old.ome_metadata
        assert file.series[0].axes == "TCYX"
        for page, samples in zip(file.asarray().reshape(6, *SIZE), stack.reshape(6, *SIZE), strict=True):
            assert_only_hole_differs(page, samples)


def test_pages_of_several_sizes_and_types_keep_their_order_and_tags():
    pages = [samples_of("uint8", SIZE), samples_of("float32", (30, 11)), samples_of("uint16", (*SIZE, 3))]
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for number, page in enumerate(pages):
            colours = "rgb" if page.ndim == 3 else "minisblack"
            writer.write(page, photometric=colours, metadata=None, description=f"page {number}", subfiletype=2)
    new = change_hole(buffer.getvalue())
    with tifffile.TiffFile(io.BytesIO(new)) as file:
        assert [page.description for page in file.pages] == ["page 0", "page 1", "page 2"]
        assert [page.subfiletype for page in file.pages] == [2, 2, 2]
        for page, samples in zip(file.pages, pages, strict=True):
            assert_only_hole_differs(page.asarray(), samples)


def test_all_pages_of_a_stack_with_one_directory_are_read():
    stack = samples_of("uint8", (4, *SIZE))
    for kind in ({"imagej": True}, {"metadata": {}}):
        buffer = io.BytesIO()
        options = {key: kind.pop(key) for key in ("imagej",) if key in kind}
        with tifffile.TiffWriter(buffer, **options) as writer:
            writer.write(stack, photometric="minisblack", truncate=True, **kind)
        picture = decode(buffer.getvalue(), Path("a"))
        assert picture.layout.page_count == 4
        for page, samples in zip(tifffile.imread(io.BytesIO(change_hole(buffer.getvalue()))), stack, strict=True):
            assert_only_hole_differs(page, samples)


def test_reduced_copies_in_a_tiff_are_reported_and_left_out():
    buffer = io.BytesIO()
    full = samples_of("uint8", (64, 48))
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(full, photometric="minisblack", metadata=None)
        writer.write(full[::2, ::2], photometric="minisblack", metadata=None, subfiletype=1)
    picture = decode(buffer.getvalue(), Path("a"))
    assert picture.metadata.left_out == ("reduced copies",)
    assert len(picture.pages) == 1
    assert_only_hole_differs(tifffile.imread(io.BytesIO(change_hole(buffer.getvalue()))), full)
