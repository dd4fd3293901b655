import io

import numpy as np
import pytest
from PIL import Image
from skimage.data import camera

from inrr_cli.imaging.coding_error import coding_error
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.reading import read_picture


def write_jpeg(path, pixels, quality):
    Image.fromarray(pixels).save(path, quality=quality)
    return path


@pytest.mark.parametrize("quality", [30, 60, 90])
def test_the_estimate_is_below_the_coding_error_of_a_photograph_but_not_far(tmp_path, quality):
    pixels = camera()[::2, ::2]
    picture = read_picture(write_jpeg(tmp_path / "a.jpg", pixels, quality))
    error = np.sqrt(np.mean((picture.pixels.astype(float) - pixels) ** 2))
    assert 0.4 * error < coding_error(picture) < error


def test_a_lower_quality_has_a_larger_error(tmp_path):
    errors = [coding_error(read_picture(write_jpeg(tmp_path / "a.jpg", camera()[:64, :64], q))) for q in (90, 60, 30)]
    assert errors == sorted(errors)


def test_other_formats_have_none(tmp_path):
    buffer = io.BytesIO()
    Image.fromarray(camera()[:32, :32]).save(buffer, "PNG")
    (tmp_path / "a.png").write_bytes(buffer.getvalue())
    assert coding_error(read_picture(tmp_path / "a.png")) == 0
    assert coding_error(Picture.of(camera()[:32, :32], "JPEG")) == 0
