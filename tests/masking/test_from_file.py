import numpy as np
import pytest
from PIL import Image

from inrr_cli import InputError
from inrr_cli.masking.from_file import read_mask


@pytest.mark.parametrize("mode", ["L", "1", "RGB", "P"])
def test_a_mask_may_be_of_any_mode(tmp_path, mode):
    missing = np.zeros((6, 8), bool)
    missing[2:4, 1:3] = True
    Image.fromarray(missing).convert(mode).save(tmp_path / "m.png")
    read, warning = read_mask(tmp_path / "m.png", (6, 8))
    assert (read == missing).all()
    assert not warning
    turned, _ = read_mask(tmp_path / "m.png", (6, 8), white_is_missing=False)
    assert (turned == ~missing).all()


def test_masks_of_other_values(tmp_path):
    labels = np.zeros((4, 4), np.uint8)
    labels[0] = 1
    Image.fromarray(labels).save(tmp_path / "labels.png")
    read, warning = read_mask(tmp_path / "labels.png", (4, 4))
    assert (read == (labels == 1)).all()
    assert not warning
    grey = np.arange(16, dtype=np.uint8).reshape(4, 4) * 17
    Image.fromarray(grey).save(tmp_path / "grey.png")
    read, warning = read_mask(tmp_path / "grey.png", (4, 4))
    assert (read == (grey >= 128)).all()
    assert "16 grey values" in warning
    with pytest.raises(InputError, match="the mask is 4 x 4 but the image is 5 x 3"):
        read_mask(tmp_path / "grey.png", (3, 5))
