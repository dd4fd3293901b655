"""What the page saves is, byte for byte, what the command writes that the page shows."""

import json
import shlex

import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from inrr_cli.imaging.reading import read_picture

GEO = [(33550, "d", 3, (0.5, 0.5, 0.0), True), (42113, "s", 6, "-9999", True), (65000, "H", 4, (1, 2, 3, 4), True)]


def write_16_bits(path, grey, colour):
    pixels = np.dstack([grey.astype(np.uint16) * factor for factor in (200, 150, 255)])
    options = {
        "compression": "zlib",
        "predictor": True,
        "tile": (16, 16),
        "resolution": (300, 200),
        "software": "scanner",
    }
    tifffile.imwrite(path, pixels, photometric="rgb", extratags=GEO, description="plate 7", **options)


def write_floats(path, grey, colour):
    pixels = grey.astype(np.float32) * 0.37 - 20
    pixels[2:5, 40:50], pixels[30, 3] = np.nan, -9999
    tifffile.imwrite(path, pixels, extratags=GEO)


def write_alpha(path, grey, colour):
    alpha = np.full(colour.shape[:2], 255, np.uint8)
    alpha[:5], alpha[30:, 10:] = 0, 128
    texts = PngInfo()
    texts.add_text("Title", "a layer")
    Image.fromarray(np.dstack([colour, alpha])).save(path, pnginfo=texts, icc_profile=bytes(200), dpi=(72, 72))


def write_jpeg(path, grey, colour):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "camera"  # turned by 90 degrees
    Image.fromarray(colour).save(path, "JPEG", quality=90, exif=exif)


def write_min_is_white(path, grey, colour):
    tifffile.imwrite(path, grey, photometric="miniswhite")


def write_array(path, grey, colour):
    np.save(path, np.dstack([grey, grey[::-1], grey[:, ::-1], 255 - grey, grey // 2]).astype(np.float64))


CASES = {
    "scan.tif": write_16_bits,
    "map.tif": write_floats,
    "layer.png": write_alpha,
    "photo.jpg": write_jpeg,
    "film.tif": write_min_is_white,
    "cube.npy": write_array,
}


def run_shown(run, page, output, query=""):
    """Set what was saved aside, run the command that the page shows, and return both files' bytes."""
    folder = page.session.image.path.parent
    saved = (folder / output).read_bytes()
    (folder / output).unlink()
    command = shlex.split(page.post(f"/api/command?{query}")["command"])
    assert command[0] == "inrr"
    result = run(*command[1:])
    assert result.exit_code == 0, result.stderr
    return saved, (folder / output).read_bytes()


QUICK = "scan.tif"
EVERY = [name if name == QUICK else pytest.param(name, marks=pytest.mark.slow) for name in CASES]


@pytest.mark.parametrize("name", EVERY)
def test_the_file_is_that_of_the_command(serve, run, tmp_path, grey, colour, stroke, name):
    CASES[name](tmp_path / name, grey, colour)
    before = (tmp_path / name).read_bytes()
    page = serve(tmp_path / name, axes="YXC" if name.endswith(".npy") else None)
    mask = stroke(page.session.image.shape)
    done = page.fill(mask)
    assert (done["state"], done["filled_pixels"], done["made_up_pixels"]) == ("done", mask.sum(), 0)
    saved = page.post(f"/api/save?version={done['version']}")
    assert saved["output"] == str(tmp_path / page.get("/api/image")["output"])
    ours, theirs = run_shown(run, page, page.get("/api/image")["output"])
    assert ours == theirs
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.usefixtures("by_mean")
@pytest.mark.parametrize("name", ["scan.tif", "map.tif", "layer.png"])
def test_known_pixels_and_the_mask_are_as_they_were(serve, tmp_path, grey, colour, stroke, name):
    CASES[name](tmp_path / name, grey, colour)
    page = serve(tmp_path / name)
    before, mask = page.session.image.pixels.copy(), stroke(page.session.image.shape)
    saved = page.post(f"/api/save?version={page.fill(mask)['version']}")
    restored = read_picture(tmp_path / saved["output"]).pixels
    assert np.array_equal(restored[~mask], before[~mask], equal_nan=before.dtype.kind == "f")
    assert (restored[mask] != before[mask]).any()
    assert np.array_equal(np.asarray(Image.open(saved["mask"])), np.where(mask, 255, 0))
    assert np.array_equal(page.session.image.pixels, before, equal_nan=before.dtype.kind == "f")


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 2])
def test_a_page_of_a_stack(serve, run, tmp_path, grey, stroke, number):
    stack = np.stack([np.roll(grey, 5 * page, 1).astype(np.uint16) * 200 + page for page in range(4)])
    tifffile.imwrite(tmp_path / "series.tif", stack, photometric="minisblack", metadata={"axes": "TYX"})
    page = serve(tmp_path / "series.tif", [], number)
    assert {"page": number + 1, "pages": 4}.items() <= page.get("/api/image").items()
    mask = stroke(grey.shape)
    saved = page.post(f"/api/save?version={page.fill(mask)['version']}")
    assert saved["mask"] == str(tmp_path / "series_mask.tif")
    ours, theirs = run_shown(run, page, "series_restored.tif")
    assert ours == theirs
    restored = tifffile.imread(tmp_path / "series_restored.tif")
    others = [each for each in range(4) if each != number]
    assert np.array_equal(restored[others], stack[others])
    assert (restored[number][mask] != stack[number][mask]).any()


@pytest.mark.slow
@pytest.mark.parametrize("variant", [0, 2])
def test_variants_of_texture(serve, run, copies, tmp_path, colour, variant):
    Image.fromarray(colour).save(tmp_path / "photo.png")
    page, mask = serve(tmp_path / "photo.png"), np.zeros(colour.shape[:2], bool)
    mask[10:24, 8:24] = mask[30, 2:9] = True
    query = "fill=texture&variants=3&seed=5"
    done = page.fill(mask, query)
    assert (done["state"], done["variants"]) == ("done", 3)
    assert 0 < done["made_up_pixels"] < mask.sum()
    saved = page.post(f"/api/save?version={done['version']}&variant={variant}")
    assert saved["record"]["seed"] == 5 + variant
    ours, theirs = run_shown(run, page, "photo_restored.png", f"{query}&variant={variant}")
    assert ours == theirs


def test_all_variants_are_different_and_numbered_from_0(serve, copies, tmp_path, colour):
    Image.fromarray(colour).save(tmp_path / "photo.png")
    page, mask = serve(tmp_path / "photo.png"), np.zeros(colour.shape[:2], bool)
    mask[10:24, 8:24] = True
    done = page.fill(mask, "fill=texture&variants=3")
    assert done["sigma_high"] is None  # as of the command without --uncertainty, for it would take longer than the rest
    for variant in range(3):
        page.post(f"/api/save?version={done['version']}&variant={variant}&output=v{variant}.png")
    pictures = [(tmp_path / f"v{variant}.png").read_bytes() for variant in range(3)]
    assert len(set(pictures)) == 3
    assert "no variant 3" in page.refused("POST", f"/api/save?version={done['version']}&variant=3", 404)


@pytest.mark.usefixtures("by_mean")
def test_another_name_and_format_are_in_the_command(serve, run, files, stroke, grey):
    page = serve(files["grey"])
    page.post(f"/api/save?version={page.fill(stroke(grey.shape))['version']}&output=my+photo.tif")
    ours, theirs = run_shown(run, page, "my photo.tif", "output=my+photo.tif")
    assert ours == theirs
    assert (files["grey"].parent / "my photo_mask.png").exists()


@pytest.mark.usefixtures("by_mean")
def test_a_contrast_changes_nothing_in_the_file(serve, tmp_path, grey, colour, stroke):
    write_16_bits(tmp_path / "scan.tif", grey, colour)
    page = serve(tmp_path / "scan.tif")
    version = page.fill(stroke(grey.shape))["version"]
    page.post(f"/api/save?version={version}&output=first.tif")
    for low, high in ((0, 1000), (30000, 30001), (5, 5)):
        for layer in ("image", f"filled&version={version}"):
            page.get(f"/api/tile?layer={layer}&level=0&row=0&column=0&low={low}&high={high}")
    page.post(f"/api/save?version={version}&output=second.tif")
    assert (tmp_path / "first.tif").read_bytes() == (tmp_path / "second.tif").read_bytes()


@pytest.mark.usefixtures("by_mean")
def test_an_older_version_is_saved_as_it_was(serve, files, grey, stroke, tmp_path):
    page = serve(files["grey"])
    first, second = stroke(grey.shape), np.zeros(grey.shape, bool)
    second[40, 30:60] = True
    versions = [page.fill(mask)["version"] for mask in (first, first | second)]
    page.post(f"/api/save?version={versions[0]}&output=first.png")
    restored = np.asarray(Image.open(tmp_path / "first.png"))
    assert np.array_equal(restored[second], grey[second])
    assert np.array_equal(np.asarray(Image.open(tmp_path / "first_mask.png")) > 0, first)


@pytest.mark.usefixtures("by_mean")
def test_the_record_is_that_of_the_command(serve, run, files, grey, stroke):
    page = serve(files["grey"])
    ours = page.post(f"/api/save?version={page.fill(stroke(grey.shape))['version']}")["record"]
    theirs = json.loads(run("inpaint", files["grey"], "--mask", "grey_mask.png", "--json", "--force").stdout)
    for name in ("seconds", "peak_rss_mb"):
        del ours[name], theirs[name]
    assert ours == theirs


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", []),
        ("seed=3", ["--seed", "3"]),
        ("fill=texture&variants=2&variant=1", ["--fill", "texture", "--seed", "1"]),
        ("reg=tv", ["--net", "siren", "--reg", "tv"]),
        ("output=grey_restored.png", []),
        ("output=a+b.png", ["-o"]),
    ],
)
def test_the_command_has_what_differs_from_the_defaults(serve, files, query, words):
    command = shlex.split(serve(files["grey"]).post(f"/api/command?{query}")["command"])
    mask = "a b_mask.png" if "a+b" in query else "grey_mask.png"
    assert command[:5] == ["inrr", "inpaint", str(files["grey"]), "--mask", str(files["grey"].with_name(mask))]
    assert command[5 : 5 + len(words)] == words


@pytest.mark.usefixtures("by_mean")
def test_a_name_that_looks_like_an_option_does_not_become_one(serve, run, tmp_path, grey, stroke):
    Image.fromarray(grey).save("-x.png")
    page = serve(tmp_path / "-x.png")
    object.__setattr__(page.session.image, "path", page.session.image.path.relative_to(tmp_path))
    page.post(f"/api/save?version={page.fill(stroke(grey.shape))['version']}")
    ours, theirs = run_shown(run, page, "-x_restored.png")
    assert ours == theirs


@pytest.mark.usefixtures("by_mean")
def test_a_folder_that_takes_no_files_is_said_at_the_start_and_when_saving(serve, files, grey, stroke, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    page = serve(files["grey"])
    assert not page.get("/api/image")["writable"]
    version = page.fill(stroke(grey.shape))["version"]
    assert "no permission to write in the folder" in page.refused("POST", f"/api/save?version={version}", 400)


@pytest.mark.parametrize("name", ["Bild\u202f1.png", "käse [1].png", "a'b.png", ".hidden.png"])
@pytest.mark.usefixtures("by_mean")
def test_names_that_people_have(serve, run, tmp_path, grey, stroke, name):
    Image.fromarray(grey).save(tmp_path / name)
    page = serve(tmp_path / name)
    page.post(f"/api/save?version={page.fill(stroke(grey.shape))['version']}")
    ours, theirs = run_shown(run, page, page.get("/api/image")["output"])
    assert ours == theirs
