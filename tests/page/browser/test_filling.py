"""Filling on the page, and that what it saves is what the command line writes, byte for byte."""

import shlex
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage.data import camera, gravel

pytestmark = pytest.mark.slow


@pytest.fixture
def photo16(tmp_path):
    """A photograph of 16 bits with a resolution and a description, (200, 260)."""
    path = tmp_path / "photo.tif"
    values = camera()[100:300, 100:360].astype(np.uint16) * 201 + 7
    tifffile.imwrite(path, values, resolution=(300, 300), description="plate 7", software="scanner")
    return path


@pytest.fixture
def field(tmp_path):
    """Heights in float32 with a hole of NaN, (120, 160)."""
    path = tmp_path / "field.tif"
    values = camera()[200:320, 200:360].astype(np.float32) * 0.25 - 30
    values[40:48, 60:90] = np.nan
    tifffile.imwrite(path, values)
    return path


@pytest.fixture
def stones(tmp_path):
    """Gravel, (160, 200), where a hole is worth a texture."""
    path = tmp_path / "stones.png"
    Image.fromarray(gravel()[:160, :200]).save(path)
    return path


def save(desk):
    """Save what is filled; return the file, and the command that the page shows."""
    desk.click("#save")
    desk.page.wait_for_selector("#save-command", state="visible")
    command = desk.text("#save-command")
    desk.click("#save-go")
    desk.wait_for_text("#message", "^Written")
    (path,) = desk.folder.glob("*_restored.*")
    return path, command


def run_command(command, folder):
    """Run the command that the page shows."""
    program, *arguments = shlex.split(command)
    assert program == "inrr"
    subprocess.run([sys.executable, "-m", "inrr_cli", *arguments, "-q"], cwd=folder, check=True)


def assert_same_as_command(desk):
    """Save, run the command that is shown, and compare the bytes."""
    path, command = save(desk)
    written = path.read_bytes()
    path.unlink()
    run_command(command, desk.folder)
    assert path.read_bytes() == written


def test_a_16_bit_tiff_is_what_the_command_line_writes(open_page, photo16):
    desk = open_page(photo16)
    desk.press("1")
    column, row = desk.pixel_at(desk.middle(-60, -30))
    desk.wait_for_text("#values", f"^{tifffile.imread(photo16)[row, column]:,}$")
    desk.drag(desk.middle(-60, -30), desk.middle(20, 10), desk.middle(60, 12))
    first = desk.screen()
    desk.fill()
    desk.frame()
    filled = desk.screen()
    desk.press("Control+z")
    desk.frame()
    np.testing.assert_array_equal(desk.screen(), first)
    assert desk.page.is_disabled("#original")
    desk.press("Control+Shift+z")
    desk.frame()
    np.testing.assert_array_equal(desk.screen(), filled)
    desk.click("#copy")
    desk.wait_for_text("#message", "copied")
    assert_same_as_command(desk)
    values, mask = tifffile.imread(desk.folder / "photo_restored.tif"), desk.folder / "photo_mask.png"
    known = np.asarray(Image.open(mask)) == 0
    np.testing.assert_array_equal(values[known], tifffile.imread(photo16)[known])
    assert values.dtype == np.uint16
    assert desk.troubles == []


def test_what_is_there_is_overwritten_only_when_asked(open_page, photo16):
    desk = open_page(photo16)
    desk.drag(desk.middle(-60, -30), desk.middle(20, 10))
    desk.fill()
    save(desk)
    (desk.folder / "photo_restored.tif").write_bytes(b"precious")
    desk.click("#save")
    desk.click("#save-go")
    desk.wait_for_text("#save-note", "photo_restored.tif")
    assert (desk.folder / "photo_restored.tif").read_bytes() == b"precious"
    assert desk.text("#save-go") == "Overwrite"
    desk.click("#save-go")
    desk.wait_for_file("photo_restored.tif", least=1000)


def test_nan_is_found_filled_and_has_an_error_bar(open_page, field):
    desk = open_page(field)
    desk.click("[data-find=nan]")
    desk.wait_for_text("#count", "240 pixels")
    desk.fill()
    before = desk.screen(200)
    desk.press("d")
    desk.page.wait_for_selector("#legend", state="visible")
    desk.frame()
    assert len(np.unique(desk.screen(200).reshape(-1, 3), axis=0)) > len(np.unique(before.reshape(-1, 3), axis=0))
    assert float(desk.text("#legend-high").split()[0]) > 0
    assert_same_as_command(desk)
    assert np.isfinite(tifffile.imread(desk.folder / "field_restored.tif")).all()


def test_contrast_changes_the_view_and_nothing_else(open_page, field):
    desk = open_page(field)
    desk.frame()
    before = desk.screen(40)
    desk.page.fill("#high-number", "0")
    desk.page.locator("#high-number").blur()
    desk.frame()
    assert desk.screen(40).mean() > before.mean() + 5
    desk.click("[data-find=nan]")
    desk.wait_for_text("#count", "240 pixels")
    desk.fill()
    assert_same_as_command(desk)
    desk.click("#auto")
    desk.frame()
    assert abs(desk.screen(40).mean() - before.mean()) < 1


def test_variants_of_texture_are_chosen_and_said_to_be_made_up(open_page, stones):
    desk = open_page(stones)
    desk.press("m")
    desk.drag(desk.middle(-60, -60), desk.middle(60, 60))
    desk.click("[name=fill][value=texture]")
    desk.page.fill("#variant-count", "2")
    desk.fill()
    desk.wait_for_text("#made-up", "not measured")
    desk.frame()
    buttons = desk.page.locator("#variants [role=radio]")
    assert buttons.count() == 2
    first = desk.screen(60)
    buttons.nth(1).click()
    desk.frame()
    second = desk.screen(60)
    assert (first != second).any()
    desk.press(",")
    desk.frame()
    np.testing.assert_array_equal(desk.screen(60), first)
    desk.press(".")
    desk.frame()
    np.testing.assert_array_equal(desk.screen(60), second)
    assert_same_as_command(desk)


def test_before_and_after_are_compared(open_page, stones):
    desk = open_page(stones)
    desk.set_size(41)
    desk.press("0")
    desk.frame()
    original = desk.screen(8)
    desk.drag(desk.middle(), desk.middle(1, 1))
    desk.fill()
    desk.page.mouse.move(5, 5)
    desk.frame()
    filled = desk.screen(8)
    assert (filled != original).any()
    desk.page.keyboard.down("o")
    desk.frame()
    np.testing.assert_array_equal(desk.screen(8), original)
    desk.page.keyboard.up("o")
    desk.frame()
    np.testing.assert_array_equal(desk.screen(8), filled)
    desk.press("s")
    desk.page.fill("#split-position", "100")
    desk.frame()
    np.testing.assert_array_equal(desk.screen(8), original)
    desk.drag(desk.middle(590), desk.middle(-400))  # the divider is taken hold of at the right border
    desk.page.fill("#split-position", "0")
    desk.frame()
    np.testing.assert_array_equal(desk.screen(8), filled)


def test_a_fill_is_cancelled(open_page, tmp_path):
    path = tmp_path / "large.png"
    Image.fromarray(np.tile(gravel(), (3, 3))).save(path)
    desk = open_page(path)
    desk.press("m")
    desk.drag(desk.middle(-200, -200), desk.middle(200, 200))
    desk.press("f")
    desk.page.wait_for_selector("#cancel", state="visible")
    desk.press("Escape")
    desk.page.wait_for_selector("#cancel", state="hidden")
    assert desk.page.is_disabled("#original")
    assert "pixels" in desk.text("#count")
    assert desk.page.is_hidden("#error")


def test_nothing_is_lost_when_the_server_goes_away(open_page, stones):
    desk = open_page(stones)
    desk.drag(desk.middle(-50), desk.middle(50))
    mask = desk.mask()
    desk.process.kill()
    desk.process.wait()
    desk.click("#fill")
    desk.wait_for_text("#error", "Nothing is lost")
    with desk.page.expect_download() as download:
        desk.click("#download")
    download.value.save_as(desk.folder / "kept.png")
    np.testing.assert_array_equal(np.asarray(Image.open(desk.folder / "kept.png")) > 0, mask)


def test_unsaved_work_is_asked_about_and_done_ends_the_server(open_page, stones):
    desk = open_page(stones)
    desk.drag(desk.middle(-50), desk.middle(50))
    asked = []
    desk.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    desk.page.close(run_before_unload=True)
    desk.page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    desk.click("#done")
    desk.wait_for_text("#ask-title", "without saving")
    desk.click("#ask-go")
    desk.page.wait_for_selector("#closed", state="visible")
    assert desk.process.wait(10) == 0
