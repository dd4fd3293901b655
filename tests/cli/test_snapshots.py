"""--snapshots: images of a network's fit, and an animation of them."""

import signal

import numpy as np
import pytest
import tifffile
from checks import ok, refused
from PIL import Image
from test_interruption import start_fit, stop

from inrr_cli.cli.snapshots import DURATION, LAST_DURATION, MOST, Snapshots
from inrr_cli.engine import FitState
from inrr_cli.errors import UnwritableError
from inrr_cli.neural.history import logarithmic_steps

STEPS = 12
SMALL = ("--net", "siren", "--width", 16, "--layers", 2, "--steps", STEPS, "--device", "cpu")


@pytest.fixture
def scene(tmp_path, monkeypatch, grey):
    """A picture and a mask, small.png and hole.png, (24, 20), in the current folder."""
    monkeypatch.chdir(tmp_path)
    image = grey[:24, :20]
    mask = np.zeros(image.shape, np.uint8)
    mask[5:9, 5:15] = 255
    Image.fromarray(image).save("small.png")
    Image.fromarray(mask).save("hole.png")
    return image


def ask(image, *more, mask="hole.png"):
    return ("inpaint", image, "--mask", mask, *SMALL, "--reg", "none", "-o", "out.png", *more)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def frames(path):
    with Image.open(path) as animation:
        for number in range(animation.n_frames):
            animation.seek(number)
            yield np.asarray(animation.convert("L")), animation.info["duration"], animation.info["loop"]


def state(step, image, total=STEPS):
    return FitState(step, total, 1.0, 0.0, lambda: np.asarray(image, float), lambda: None)


def test_each_step_is_a_file_and_a_frame(run, scene, tmp_path):
    ok(run(*ask("small.png", "--snapshots", 6, "course")))
    steps = logarithmic_steps(STEPS, 6)
    assert names(tmp_path / "course") == ["fit.png", *(f"step_{step:06d}.png" for step in steps)]
    animation = list(frames(tmp_path / "course" / "fit.png"))
    for step, (frame, _, loop) in zip(steps, animation, strict=True):
        with Image.open(tmp_path / "course" / f"step_{step:06d}.png") as single:
            assert single.mode == "L"
            np.testing.assert_array_equal(np.asarray(single), frame)
        assert loop == 0  # for ever
    assert [duration for _, duration, _ in animation] == [DURATION] * 5 + [LAST_DURATION]


def test_snapshots_change_no_pixel_of_the_result(run, scene, tmp_path):
    ok(run(*ask("small.png", "--snapshots", 3, "course")))
    ok(run(*ask("small.png", "-o", "alone.png")))
    assert (tmp_path / "out.png").read_bytes()[-200:] == (tmp_path / "alone.png").read_bytes()[-200:]
    with Image.open("out.png") as one, Image.open("alone.png") as other:
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_what_an_8_bit_image_holds_is_kept_and_other_images_are_stretched(scene):
    made = [[-3.0, 0.4, 99.6, 300.0]]
    snapshots = Snapshots(2, "", (0.0, 255.0))
    snapshots.record(state(1, made))
    np.testing.assert_array_equal(snapshots.frames[1], [[0, 0, 100, 255]])
    stretched = Snapshots(2, "", (-100.0, 300.0))
    stretched.record(state(1, made))
    np.testing.assert_array_equal(stretched.frames[1], [[62, 64, 127, 255]])


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_snapshots_of_other_types_are_8_bit_views(run, scene, tmp_path, dtype):
    image = np.dstack([scene] * 3).astype(dtype) * 100
    image[5:9, 5:15] = 60000 if dtype == np.uint16 else np.nan  # missing: it does not count for the contrast
    tifffile.imwrite("image.tif", image, photometric="rgb")
    ok(run(*ask("image.tif", "--snapshots", 2, "course", "-o", "out.tif")))
    with Image.open(tmp_path / "course" / "step_000012.png") as last:
        assert (last.mode, last.size) == ("RGB", (20, 24))


def test_a_fit_that_begins_anew_drops_what_was_before():
    snapshots = Snapshots(STEPS, "", (0.0, 255.0))
    for step in (1, 2, 3, 1, 2):
        snapshots.record(state(step, np.full((2, 2), step)))
    assert list(snapshots.frames) == [1, 2]


def test_an_enlargement_has_snapshots_too(run, scene, tmp_path):
    more = ("--reg", "none", "--snapshots", 3, tmp_path / "new" / "course")
    ok(run("superres", "small.png", "--scale", 2, *SMALL, *more))
    assert len(names(tmp_path / "new" / "course")) == 4


def test_nothing_is_overwritten_without_force(run, scene, tmp_path):
    ok(run(*ask("small.png", "--snapshots", 2, "course")))
    before = (tmp_path / "course" / "fit.png").read_bytes()
    refused(run(*ask("small.png", "--snapshots", 3, "course", "-o", "new.png")), "already exists; use --force")
    assert (tmp_path / "course" / "fit.png").read_bytes() == before
    assert not (tmp_path / "new.png").exists()
    result = ok(run(*ask("small.png", "--snapshots", 2, "course", "--steps", 7, "--force")))
    assert "course: holds 1 images of another fit, which stay there" in result.stderr
    assert names(tmp_path / "course") == ["fit.png", "step_000001.png", "step_000007.png", "step_000012.png"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--snapshots", 1, "course"), f"takes 2 to {MOST} images"),
        (("--snapshots", MOST + 1, "course"), f"takes 2 to {MOST} images"),
        (("--snapshots", 3, "course", "--per-channel"), "--per-channel makes one of each channel"),
        (("--snapshots", 3, "course", "--values", "angle=360"), "no meaning for --values angle=360"),
        (("--snapshots", 3, "hole.png"), "hole.png: is no folder"),
        (("--snapshots", 3, "hole.png/course"), "hole.png is no folder"),
        (("--snapshots", 3, "course", "-o", "course/fit.png"), "course does not exist; create it first"),
        (("--snapshots", 3, ".", "-o", "fit.png"), "fit.png: is an input or another output too"),
        (
            ("--snapshots", 3, "course", "--pages", "1-2", "-o", "out.tif"),
            "--snapshots is for one page, and there are 2",
        ),
        (("second.tif", "--snapshots", 3, "course", "-o", "results"), "--snapshots is for one image"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(run, scene, tmp_path, more, message):
    image = "small.png"
    if "--pages" in more or "second.tif" in more:
        image = "stack.tif"
        tifffile.imwrite(image, np.stack([scene, scene[::-1]]), photometric="minisblack")
        tifffile.imwrite("second.tif", scene)
    refused(run(*ask(image, *more)), message)
    assert not (tmp_path / "course").exists()
    assert not (tmp_path / "out.png").exists()


def test_the_patch_engine_has_no_fit_to_write(run, scene):
    refused(run("inpaint", "small.png", "--mask", "hole.png", "--snapshots", 3, "course"), "for a network's fit")
    refused(run("superres", "small.png", "--scale", 2, "--snapshots", 3, "course"), "for a network's fit")


def test_a_failure_leaves_no_folder(run, scene, tmp_path, monkeypatch):
    def fail(files, *, replace):
        raise UnwritableError("out.png: cannot write: No space left on device")

    monkeypatch.setattr("inrr_cli.cli.snapshots.write_files", fail)
    result = run(*ask("small.png", "--snapshots", 3, "new/course"))
    refused(result, "No space left on device")
    assert not (tmp_path / "new").exists()


def test_a_file_of_options_can_ask_for_them(run, scene, tmp_path):
    (tmp_path / "inrr.toml").write_text('[inpaint]\nsnapshots = [3, "course"]\n')
    ok(run(*ask("small.png")))
    assert len(names(tmp_path / "course")) == 4


@pytest.mark.slow
@pytest.mark.parametrize("keep", [False, True])
def test_an_interruption_leaves_nothing_or_what_there_is(scene, tmp_path, keep):
    more = ("--snapshots", 50, "course", *(["--keep-partial"] if keep else []))
    code, _ = stop(*start_fit(*ask("small.png", "--steps", 10**6, *more)), signal.SIGINT)
    assert code == 130
    assert (tmp_path / "course").exists() is keep
    if keep:
        assert 2 <= len(names(tmp_path / "course")) < 51  # fit.png and an image, at least
        assert (tmp_path / "out.png").exists()
