import numpy as np
import pytest
from scipy import ndimage
from skimage import data, measure

from inrr_cli.inpainting.label_warning import looks_like_labels

PHOTOGRAPHS = ("camera", "coins", "moon", "page", "text", "clock", "brick", "grass", "gravel", "cell", "horse")


def looks(image):
    return looks_like_labels(image, np.random.default_rng(0).random(image.shape) > 0.1)


def field(scale, seed=0):
    values = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((160, 160)), scale)
    return values / values.std()


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_photographs_scans_and_masks_do_not_look_like_labels(name):
    image = getattr(data, name)()
    image = image.astype(np.uint8) * 255 if image.dtype == bool else image
    assert not looks(image)
    assert not looks(image.astype(np.uint16) * 257)


@pytest.mark.parametrize(
    "image",
    [
        np.round(3 * field(15)).astype(np.int16),  # contours
        10 * np.round(3 * field(15)).astype(np.int16),
        np.round(300 * field(15)).astype(np.int16),  # heights
        np.random.default_rng(0).poisson(0.1, (160, 160)),  # counts
        np.random.default_rng(0).integers(0, 2**16, (160, 160)),
        (data.shepp_logan_phantom() * 255).astype(np.uint8),  # a drawing
        (field(8) > 0).astype(np.uint8),
        np.argmax([field(8, seed) for seed in range(5)], 0) + 0.5,
        np.zeros((160, 160), np.uint8),
    ],
)
def test_other_numbers_do_not_look_like_labels(image):
    assert not looks(image)


def test_label_fields_look_like_labels():
    for seed in range(3):
        labels = measure.label(data.binary_blobs(200, blob_size_fraction=0.1, rng=seed))
        ids = np.random.default_rng(seed).integers(1, 2**31, labels.max() + 1)
        assert looks(labels)
        assert looks(ids[labels].astype(np.uint32))
    assert looks(np.argmax([field(8, seed) for seed in range(5)], 0).astype(np.uint8))
