"""Whatever is wrong is said in one line, and nothing is written."""

import pytest
from PIL import Image


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["inpaint", "none.png", "--mask", "mask.png"], "none.png: no such file"),
        (["inpaint", "grey.png"], "Missing option '--mask'"),
        (["inpaint", "grey.png", "--mask", "none.png"], "none.png: no such file"),
        (["inpaint", "grey.png", "--mask", "colour_mask.png"], "the mask is 32 x 40 but the image is 64 x 48"),
        (["inpaint", "grey.png", "--mask", "black.png"], "the mask is empty"),
        (["inpaint", "grey.png", "--mask", "white.png"], "the mask covers everything"),
        (["inpaint", "grey.png", "--mask", "text.png"], "text.png: not an image"),
        (["inpaint", "text.png", "--mask", "mask.png"], "text.png: not an image"),
        (["inpaint", "grey.png", "--mask", "mask.png", "-o", "mask.png"], "already exists; use --force"),
        (["inpaint", "grey.png", "--mask", "mask.png", "-o", "no/a.png"], "the folder no does not exist"),
        (["inpaint", "grey.png", "--mask", "mask.png", "-o", "a.gif"], "cannot write '.gif'"),
        (["inpaint", "grey.png", "--mask", "mask.png", "--sidecar", "a.txt"], "cannot write '.txt'"),
        (["inpaint", "grey.png", "--mask", "mask.png", "--reference", "colour.png"], "the reference is 32 x 40 RGB"),
        (["inpaint", "grey.png", "--mask", "mask.png", "--reg", "ivrr"], "did you mean 'inrr'?"),
        (["inpaint", "grey.png", "--mask", "mask.png", "--steps", "many"], "--steps"),
        (["inpaint", "grey.png", "--mask", "mask.png", "--mask-mode", "white"], "'--mask-mode': 'white' is not"),
        (
            ["inpaint", "grey.png", "--mask", "mask.png", "--net", "siren", "--omega", "-3"],
            "omega of siren must be > 0",
        ),
        (["inpaint", "grey.png", "--mask", "mask.png", "--frobnicate"], "No such option"),
        (["inpaint", "grey.png", "--mask", "mask.png", "--uncertainty", "s.jpg"], "cannot write '.jpg'"),
        (["inpaint", "grey.png", "--mask", "mask.png", "--uncertainty", "mask.png"], "already exists"),
        (["inpaint", "grey.png", "--mask", "mask.png", "--uncertainty", "s.png", "-o", "s.png"], "give another"),
        (["inpaint", "grey.png", "--mask", "mask.png", "--uncertainty", "s.tif", "--reg", "inrr"], "patch engine"),
        (["inpaint", "grey.png", "--mask", "mask.png", "--noise", "loud"], "noise must be auto or"),
        (["inpaint", "grey.png", "--mask", "mask.png", "--lr", "0.1"], "lr has no meaning for net grid"),
        (["superres", "grey.png", "--scale", "1"], "scale must be above 1"),
        (["superres", "grey.png"], "give either --scale or --size"),
        (["superres", "grey.png", "--scale", "2", "--size", "99x99"], "give --scale or --size, not both"),
        (["superres", "grey.png", "--size", "99"], "--size must be WIDTHxHEIGHT"),
        (["superres", "grey.png", "--size", "40x40"], "does not enlarge 64 x 48 pixels"),
        (["superres", "grey.png", "--size", "4000x50"], "more than 4 times as much as the other"),
        (["superres", "grey.png", "--scale", "2", "--crop", "1,2,3"], "--crop must be X,Y,WIDTH,HEIGHT"),
        (["superres", "grey.png", "--scale", "2", "--crop", "100,0,40,9"], "is not inside the enlarged 128 x 96"),
        (["superres", "grey.png", "--scale", "2", "--kernel", "bicubical"], "did you mean 'bicubic'"),
        (["superres", "grey.png", "--scale", "2", "--kernel", "gaussian:9"], "give a deviation of 0.1 to 4"),
        (["superres", "grey.png", "--scale", "2", "--kernel", "gaussian"], "give a deviation of 0.1 to 4"),
        (["superres", "grey.png", "--scale", "2", "--tile", "9"], "--tile must be at least 64"),
        (
            ["superres", "grey.png", "--scale", "2", "--net", "siren", "--tile", "99"],
            "--tile has no meaning for net siren, which is fitted to the whole image; leave out one of them",
        ),
        (["superres", "grey.png", "--scale", "2", "--noise", "much"], "noise must be auto or a number"),
        (["superres", "grey.png", "--scale", "2", "--net", "ntk"], "'--net': 'ntk' is not one of"),
        (
            ["inpaint", "grey.png", "--mask", "mask.png", "--warm-start", "none"],
            "--warm-start has no meaning for net grid",
        ),
        (["superres", "grey.png", "--scale", "2", "--steps", "9"], "steps has no meaning for net grid"),
        (["superres", "grey.png", "--scale", "2", "--reference", "grey.png"], "the result is 128 x 96 grey"),
        (["mask", "--pattern", "stripes"], "'--pattern': 'stripes' is not one of"),
        (["mask", "--size", "12by9"], "--size must be rows x columns"),
        (["mask", "--size", "9x9", "--like", "grey.png"], "not both"),
        (["mask", "--rate", "1.5"], "rate must lie between 0 and 1"),
        (["mask", "--size", "9x9", "--preview", "grey.png"], "is 64 x 48 but the mask is 9 x 9"),
        (["demo", "grey.png"], "is a file; give a folder"),
        (["inpaint", "grey.png", "--mask", ""], "an argument is empty"),
        (["inpaint", "grey.png", "--mask="], "an argument is empty"),
        (["inpaint", "", "--mask", "mask.png"], "an argument is empty"),
        (["inpaint", "grey.png", "--mask", "."], "the file named grey there is the image itself"),
        (["inpaint", "grey.png", "--mask", "mask.png", "-o", "mask.png", "--force"], "mask.png: is an input too"),
        (["inpaint", "negative.pgm", "--mask", "mask.png"], "negative.pgm: damaged"),
        (["inpaint", "x" * 300, "--mask", "mask.png"], "File name too long"),
        (["inpaint", "grey.png", "--mask", "x" * 300], "File name too long"),
        (["inpaint", "grey.png", "--mask", "mask.png", "-o", "x" * 300 + ".png"], "File name too long"),
        (["restore"], "No such command"),
    ],
)
def test_bad_input_is_one_line_exit_2_and_nothing_written(run, files, arguments, message, tmp_path):
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "negative.pgm").write_text(f"P2 64 48 255 {'-5 ' * 3072}")
    Image.new("L", (64, 48), 0).save(tmp_path / "black.png")
    Image.new("L", (64, 48), 255).save(tmp_path / "white.png")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    errors = [line for line in result.stderr.splitlines() if not line.startswith("filling")]
    assert len(errors) == 1
    assert errors[0].startswith("inrr: error: ")
    assert message in errors[0]
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
