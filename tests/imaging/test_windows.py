"""Images that are read and written by window."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from sample_files import SIZE, exif, pillow_bytes, samples_of

from inrr_cli.errors import InputError
from inrr_cli.imaging.reading import decode, read_picture
from inrr_cli.imaging.windows import samples as samples_module
from inrr_cli.imaging.windows import tiff as tiff_module
from inrr_cli.imaging.windows.array_writers import write_npy, write_zarr
from inrr_cli.imaging.windows.opening import format_by_window, open_windows
from inrr_cli.imaging.windows.samples import Cache
from inrr_cli.imaging.windows.tiff_writer import write_tiff
from inrr_cli.imaging.writing import encode

WINDOWS = ((0, 131, 0, 97), (30, 90, 20, 81), (130, 131, 96, 97), (0, 1, 0, 97))
LAYOUTS = {
    "tiles": {"tile": (64, 32), "compression": "zlib", "predictor": True},
    "raw tiles": {"tile": (16, 48)},
    "strips": {"rowsperstrip": 7, "compression": "lzw"},
    "one strip": {"compression": "zstd", "rowsperstrip": 131},
    "plain": {},
    "big-endian": {"byteorder": ">", "tile": (32, 32), "compression": "packbits"},
    "big-endian plain": {"byteorder": ">"},
    "bigtiff": {"bigtiff": True, "rowsperstrip": 20, "compression": "zlib"},
}
KINDS = {
    "grey": ("uint8", (), {}),
    "16 bits": ("uint16", (), {}),
    "float": ("float32", (), {}),
    "RGB": ("uint8", (3,), {"photometric": "rgb"}),
    "RGBA": ("uint16", (4,), {"photometric": "rgb", "extrasamples": [2]}),
    "grey and alpha": ("uint8", (2,), {"photometric": "minisblack", "planarconfig": 1, "extrasamples": [2]}),
    "bands": ("float32", (5,), {"photometric": "minisblack", "planarconfig": 1}),
    "planes": ("int16", (3,), {"photometric": "minisblack", "planarconfig": 2}),
    "bits": ("bool", (), {}),
}


def save(path, kind, layout):
    dtype, channels, options = KINDS[kind]
    options = options | LAYOUTS[layout]
    if dtype == "bool":
        options.pop("predictor", None)
    values = np.random.default_rng(0).integers(0, 250, (131, 97, *channels))
    values = values > 100 if dtype == "bool" else values.astype(dtype)
    if options.get("planarconfig") == 2:
        values = np.moveaxis(values, 2, 0)
    tifffile.imwrite(path, values, metadata=None, **options)
    return path


def same(one, other):
    return (one is None and other is None) or (one.dtype == other.dtype and np.array_equal(one, other))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_windows_are_slices_of_the_whole(tmp_path, kind, layout):
    path = save(tmp_path / "a.tif", kind, layout)
    whole, image = read_picture(path), open_windows(path)
    assert (image.shape, image.dtype) == (whole.pixels.shape, whole.pixels.dtype)
    for top, bottom, left, right in WINDOWS:
        window = image.read(slice(top, bottom), slice(left, right))
        assert same(window.pages[0], whole.pages[0][top:bottom, left:right])
        assert same(window.alpha[0], None if whole.alpha[0] is None else whole.alpha[0][top:bottom, left:right])
    assert replace(image.metadata, details={}) == replace(whole.metadata, details={})


@pytest.mark.parametrize("copied", [True, False])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ["float", "RGBA", "planes", "bits"])
def test_a_tiff_that_is_written_by_window_is_the_one_that_was_read(tmp_path, kind, layout, copied):
    path = save(tmp_path / "a.tif", kind, layout)
    image = open_windows(path)
    write_tiff(tmp_path / "b.tif", image, "inrr: test", lambda rows, columns: copied)
    one, other = read_picture(path), read_picture(tmp_path / "b.tif")
    assert same(one.pages[0], other.pages[0])
    assert same(one.alpha[0], other.alpha[0])
    kept, now = (picture.metadata.details["pages"][0]["layout"] for picture in (one, other))
    assert {key: now.get(key) for key in kept} == kept
    assert one.metadata.details["byteorder"] == other.metadata.details["byteorder"]
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert file.pages.first.description == "inrr: test"


@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_resolution_and_profile_are_kept(tmp_path, order):
    jpeg = decode(pillow_bytes(samples_of("uint8", SIZE), "JPEG", exif=exif(1, order), dpi=(300, 200)), Path("a"))
    (tmp_path / "a.tif").write_bytes(encode(jpeg, "TIFF"))
    write_tiff(tmp_path / "b.tif", open_windows(tmp_path / "a.tif"), None, lambda rows, columns: False)
    with tifffile.TiffFile(tmp_path / "a.tif") as old, tifffile.TiffFile(tmp_path / "b.tif") as new:
        for tag in ("ExifTag", "GPSTag", "XResolution", "YResolution", "Make"):
            assert new.pages[0].tags[tag].value == old.pages[0].tags[tag].value


def test_segments_that_a_file_leaves_out_hold_no_data(tmp_path):
    def tiles():
        yield np.ones((32, 32), np.int16)
        yield None
        yield None
        yield np.full((32, 32), 3, np.int16)

    nodata = [(42113, 2, 0, "-7", True)]
    options = {"shape": (64, 64), "dtype": np.int16, "tile": (32, 32), "compression": "zlib", "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", tiles(), extratags=nodata, maxworkers=1, **options)
    image = open_windows(tmp_path / "a.tif")
    window = image.read(slice(0, 64), slice(0, 64)).pages[0]
    assert same(window, tifffile.imread(tmp_path / "a.tif"))
    assert (window[:32, 32:] == -7).all()
    write_tiff(tmp_path / "b.tif", image, None, lambda rows, columns: True)
    assert same(window, tifffile.imread(tmp_path / "b.tif"))


def test_a_jpeg_tiff_is_read_by_window_and_written_without_loss(tmp_path, colour):
    tifffile.imwrite(tmp_path / "a.tif", np.tile(colour, (3, 3, 1)), tile=(32, 32), compression="jpeg")
    whole, image = read_picture(tmp_path / "a.tif"), open_windows(tmp_path / "a.tif")
    assert same(image.read(slice(5, 80), slice(3, 60)).pages[0], whole.pixels[5:80, 3:60])
    write_tiff(tmp_path / "b.tif", image, None, lambda rows, columns: True)
    assert same(read_picture(tmp_path / "b.tif").pixels, whole.pixels)


def test_overviews_do_not_count_as_pages(tmp_path):
    whole = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(whole, tile=(32, 32), metadata=None)
        writer.write(whole[::2, ::2], tile=(32, 32), metadata=None, subfiletype=1)
    image = open_windows(tmp_path / "a.tif")
    assert same(image.read(slice(0, 64), slice(0, 64)).pages[0], whole)
    assert image.metadata.left_out == ("reduced copies",)


@pytest.mark.parametrize("shape", [(40, 30), (40, 30, 3)])
@pytest.mark.parametrize("dtype", ["<u2", ">f4"])
def test_arrays_by_window(tmp_path, shape, dtype):
    values = np.random.default_rng(0).integers(0, 1000, shape).astype(dtype)
    np.save(tmp_path / "a.npy", values)
    image = open_windows(tmp_path / "a.npy")
    window = image.read(slice(3, 17), slice(5, 30)).pages[0]
    assert np.array_equal(window, values[3:17, 5:30])
    assert window.dtype.isnative
    write_npy(tmp_path / "b.npy", image)
    assert (tmp_path / "b.npy").read_bytes() == (tmp_path / "a.npy").read_bytes()


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("shape", [(70, 50), (70, 50, 5)])
def test_zarr_arrays_by_window(tmp_path, shape, version):
    zarr = pytest.importorskip("zarr", "3")
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    chunks = (32, 16, *shape[2:])
    array = zarr.create_array(tmp_path / "a.zarr", shape=shape, dtype="f4", chunks=chunks, zarr_format=version)
    array[...] = values
    array.attrs["unit"] = "m"
    image = open_windows(tmp_path / "a.zarr")
    assert same(image.read(slice(3, 66), slice(5, 50)).pages[0], values[3:66, 5:50])

    class Twice:
        def __init__(self):
            self.shape, self.dtype = image.samples.shape, image.dtype

        def read(self, rows, columns):
            return image.samples.read(rows, columns) * 2

    doubled = replace(image, samples=Twice())
    write_zarr(tmp_path / "b.zarr", tmp_path / "a.zarr", doubled, lambda rows, columns: rows.start > 0)
    written = zarr.open_array(tmp_path / "b.zarr", mode="r")
    assert np.array_equal(written[:32], values[:32] * 2)
    assert np.array_equal(written[32:], values[32:])
    assert dict(written.attrs) == {"unit": "m"}
    assert written.chunks == chunks


def test_zarr_that_is_not_installed_or_no_array(tmp_path, monkeypatch):
    zarr = pytest.importorskip("zarr", "3")
    zarr.open_group(tmp_path / "g.zarr", mode="w").create_array("level", shape=(8, 8), dtype="u1")
    with pytest.raises(InputError, match=r"is a group of Zarr arrays; give one of them, as in .*level"):
        open_windows(tmp_path / "g.zarr")
    monkeypatch.setitem(__import__("sys").modules, "zarr", None)
    with pytest.raises(InputError, match=r"needs the package zarr: pip install 'inrr-cli\[zarr\]'"):
        open_windows(tmp_path / "g.zarr" / "level")


def test_what_cannot_be_read_by_window(tmp_path, grey, monkeypatch):
    def refused(name, message):
        with pytest.raises(InputError, match=message):
            open_windows(tmp_path / name)

    tifffile.imwrite(tmp_path / "pages.tif", np.stack([grey, grey]), metadata=None)
    refused("pages.tif", "has 2 pages; by window only one is filled")
    tifffile.imwrite(tmp_path / "turned.tif", grey, metadata=None, extratags=[(274, 3, 1, 6, True)])
    refused("turned.tif", r"stored with the orientation 6; by window it must be upright")
    np.save(tmp_path / "fortran.npy", np.asfortranarray(np.zeros((9, 8))))
    refused("fortran.npy", "Fortran's order; save it with")
    np.save(tmp_path / "cube.npy", np.zeros((9, 8, 7)))
    refused("cube.npy", "more than 4 channels need a TIFF or a Zarr")
    np.save(tmp_path / "stack.npy", np.zeros((9, 8, 7, 3)))
    refused("stack.npy", r"by window it must be \(rows, columns\)")
    refused("none.tif", "no such file")
    (tmp_path / "text.txt").write_text("no image at all")
    refused("text.txt", "cannot be read by window; TIFF, .npy and Zarr are")
    data = save(tmp_path / "cut.tif", "grey", "tiles").read_bytes()
    (tmp_path / "cut.tif").write_bytes(data[:2000])
    refused("cut.tif", "cut.tif: ")
    save(tmp_path / "strip.tif", "grey", "one strip")
    monkeypatch.setattr(tiff_module, "LARGEST_SEGMENT", 1000)
    refused("strip.tif", "its strips hold 0.0 GB each; store it in tiles")


def test_formats_are_told_by_their_first_bytes(tmp_path, files):
    np.save(tmp_path / "a.npy", np.zeros((4, 4)))
    assert format_by_window(tmp_path / "a.npy") == "NPY"
    assert format_by_window(files["grey"]) is None
    assert format_by_window(tmp_path) is None
    assert format_by_window(Path("-")) is None


def test_a_cache_keeps_what_was_used_last_within_its_size():
    made = []
    cache = Cache(100, len)
    for key in "abab":
        cache.get(key, lambda key=key: made.append(key) or b"x" * 40)
    assert made == ["a", "b"]
    cache.get("c", lambda: b"x" * 40)  # a is the oldest
    cache.get("b", lambda: pytest.fail("b was used last"))
    cache.get("a", lambda: made.append("a") or b"x" * 40)
    assert made == ["a", "b", "a"]
    assert cache.get("large", lambda: b"x" * 200) == b"x" * 200


def test_only_the_segments_of_a_window_are_decoded(tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((2048, 2048), np.uint8), tile=(64, 64), compression="zlib")
    decoded = []
    decode = tiff_module._Decoder.__call__
    monkeypatch.setattr(
        tiff_module._Decoder, "__call__", lambda self, i, j: decoded.append((i, j)) or decode(self, i, j)
    )
    image = open_windows(tmp_path / "a.tif")
    image.read(slice(70, 120), slice(130, 200))
    assert decoded == [(1, 2), (1, 3)]
    image.read(slice(70, 120), slice(130, 200))
    assert len(decoded) == 2
    assert samples_module.CACHE < 2**28
