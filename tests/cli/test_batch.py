"""Several images by one call."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

QUICK = ("--rounds", 2, "--device", "cpu")


@pytest.fixture
def images(files, grey):
    """Three pictures in a folder, and in another one mask for each; the folder of results is empty."""
    for folder in ("in", "masks", "out"):
        Path(folder).mkdir()
    for number in range(3):
        Image.fromarray(np.roll(grey, 9 * number, 1)).save(f"in/{number}.png")
        mask = np.zeros(grey.shape, np.uint8)
        mask[5 + 10 * number : 8 + 10 * number, 20:40] = 255
        Image.fromarray(mask).save(f"masks/{number}.bmp")
    return [f"in/{number}.png" for number in range(3)]


@pytest.fixture
def restore(run, images):
    """Run inpaint on the three pictures."""
    return lambda *more: run("inpaint", *images, *QUICK, *more)


def read(path):
    with Image.open(path) as file:
        return np.asarray(file)


def names(folder):
    """Names of the files in a folder, but for the batch's own."""
    return sorted(path.name for path in Path(folder).iterdir() if not path.name.startswith("inrr-"))


def test_each_image_takes_its_own_mask_and_is_written_to_the_folder(run, restore, images):
    result = restore("--mask", "masks", "-o", "out", "--uncertainty", "out", "--save-mask", "out", "--sidecar", "out")
    assert result.exit_code == 0, result.stderr
    ends = ("_restored.png", "_sigma.tif", "_mask.png", ".json")
    assert names("out") == sorted(f"{number}{end}" for number in range(3) for end in ends)
    for number, image in enumerate(images):
        alone = run("inpaint", image, "--mask", f"masks/{number}.bmp", "-o", f"alone{number}.png", *QUICK)
        assert alone.exit_code == 0
        restored, single = (read(f"{name}.png") for name in (f"out/{number}_restored", f"alone{number}"))
        assert (restored == single).all()
        assert (read(f"out/{number}_mask.png") == read(f"masks/{number}.bmp")).all()
        assert json.loads(Path(f"out/{number}.json").read_text())["input"] == image


def test_one_mask_for_all_images_gives_a_json_line_for_each(restore, images):
    result = restore("--mask", "masks/1.bmp", "--reference", "in", "--json")
    assert result.exit_code == 0, result.stderr
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["input"] for record in records] == images
    assert all(record["psnr_missing"] > 10 for record in records)
    assert names("in") == [f"{n}{end}" for n in range(3) for end in (".png", "_restored.png")]


def test_an_image_that_fails_is_reported_and_the_others_are_restored(restore, images):
    Path("masks/1.bmp").unlink()
    result = restore("--mask", "masks", "-o", "out")
    assert result.exit_code == 3
    assert names("out") == ["0_restored.png", "2_restored.png"]
    errors = [line for line in result.stderr.splitlines() if "error" in line]
    assert errors == ["inrr: error: in/1.png: masks: no file is named 1"]
    assert result.stderr.splitlines()[-2:] == [
        "inrr: 1 of 3 images failed:",
        "  in/1.png  masks: no file is named 1",
    ]


def test_results_of_others_are_kept_and_the_error_says_what_to_do(restore):
    Image.new("L", (64, 48)).save("out/1_restored.tif")
    before = Path("out/1_restored.tif").read_bytes()
    result = restore("--mask", "masks/1.bmp", "-o", "out")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1] == (
        "  in/1.png  out/1_restored.tif: already exists; --force overwrites it, --skip-existing leaves it"
    )
    assert names("out") == ["0_restored.png", "1_restored.tif", "2_restored.png"]
    assert Path("out/1_restored.tif").read_bytes() == before
    assert restore("--mask", "masks/1.bmp", "-o", "out", "--skip-existing").exit_code == 0
    assert names("out") == ["0_restored.png", "1_restored.tif", "2_restored.png"]
    assert restore("--mask", "masks/1.bmp", "-o", "out", "--force").exit_code == 0
    assert names("out") == ["0_restored.png", "1_restored.png", "1_restored.tif", "2_restored.png"]


def test_an_unexpected_error_does_not_stop_the_other_images(restore, monkeypatch):
    module = sys.modules["inrr_cli.cli.restoring"]
    make_record = module.make_record

    def broken(command, source, *rest, **more):
        if source.name != "0.png":
            raise OSError(28, "No space left on device")
        return make_record(command, source, *rest, **more)

    monkeypatch.setattr(module, "make_record", broken)
    result = restore("--mask", "masks/1.bmp", "-o", "out")
    assert result.exit_code == 3
    assert result.stderr.count("inrr: error: in/1.png: OSError: [Errno 28] No space left on device") == 1
    assert "2 of 3 images failed:" in result.stderr
    assert names("out") == ["0_restored.png"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--reg", "ivrr"), "did you mean 'inrr'?"),
        (("--data-range", "9,1"), "--data-range must be"),
        (("-o", "a.png"), "--output a.png: for several images it must be a folder"),
        (("--save-mask", "m.png"), "--save-mask m.png: for several images it must be a folder"),
        (("--net", "siren", "--reg", "patch", "--checkpoint", "c.pt"), "--checkpoint is for one image"),
        (("masks/0.bmp", "--output", "out"), "masks/0.bmp: has the name of in/0.png"),
        (("-",), "standard input is one image"),
        (("--keep-partial",), "--keep-partial is for one image"),
        (("--name", "same.png"), "--name must hold {stem} or {name}"),
        (("--name", "{suffix}{stem}"), "{suffix} must be last"),
        (("--name", "a/{stem}"), "without folders"),
        (("--name", "{stem}{suffix}"), "in/0.png: is an input, and would be the output of in/0.png too"),
        (("--jobs", "0"), "--jobs must be auto or a number above 0"),
        (("--shard", "3/2"), "--shard must be I/N"),
        (("--ship",), "--ship is for --cluster"),
        (("--timeout", "-1"), "--timeout must be above 0"),
        (("--list", "none.txt"), "--list none.txt: cannot be read"),
        (("no*.png",), "no*.png: no file matches"),
    ],
)
def test_a_wrong_option_is_reported_once_for_all_images(restore, more, message):
    result = restore("--mask", "masks", *more)
    assert result.exit_code == 2
    errors = [line for line in result.stderr.splitlines() if "inrr: error" in line]
    assert len(errors) == 1
    assert message in errors[0]
    assert names("in") == ["0.png", "1.png", "2.png"]


def test_several_masks_with_the_name_of_an_image_are_an_error(restore):
    Image.fromarray(read("masks/1.bmp")).save("masks/1.tif")
    result = restore("--mask", "masks", "-o", "out")
    assert result.exit_code == 3
    assert "in/1.png: masks: several files are named 1" in result.stderr


def test_ctrl_c_ends_the_whole_batch(restore, monkeypatch):
    def interrupted(*rest, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["inrr_cli.cli.inpainting_job"], "inpaint_pages", interrupted)
    result = restore("--mask", "masks", "-o", "out")
    assert result.exit_code == 130
    assert "(2 of 3)" not in result.stderr
    assert names("out") == []


def test_folders_are_accepted_for_a_single_image(run, images):
    result = run("inpaint", images[0], "--mask", "masks", "-o", "out", "--preview", "out", *QUICK)
    assert result.exit_code == 0, result.stderr
    assert names("out") == ["0_preview.png"]
    assert run("inpaint", images[0], "--mask", "masks", "-o", "out", *QUICK).exit_code == 0
    assert names("out") == ["0_preview.png", "0_restored.png"]


def test_a_folder_does_not_take_the_place_of_a_keyword(run, images):
    Path("value=0").mkdir()
    result = run("inpaint", images[0], "--mask", "value=0", "--preview", "seen.png")
    assert "no file is named" not in result.stderr
    assert result.exit_code == 0, result.stderr


def test_a_folder_of_images_needs_a_folder_for_the_results(run, images):
    result = run("inpaint", "in", "--mask", "masks")
    assert result.exit_code == 2
    assert "inrr: error: a folder of images needs --output FOLDER" in result.stderr


@pytest.mark.slow
def test_superres_of_several(run, images):
    result = run("superres", *images[:2], "--scale", 2, "-o", "out", "--sidecar", "out", "--device", "cpu")
    assert result.exit_code == 0, result.stderr
    assert names("out") == ["0.json", "0_x2.png", "1.json", "1_x2.png"]
    with Image.open("out/1_x2.png") as large:
        assert large.size == (128, 96)
    result = run("superres", *images[:2], "--scale", 0.5)
    assert result.exit_code == 2
    assert result.stderr.count("scale must be above 1") == 1
