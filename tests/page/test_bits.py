import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inrr_cli.errors import InputError
from inrr_cli.page import bits
from inrr_cli.page.bits import Window


@given(st.integers(1, 20), st.integers(1, 40), st.integers(0, 2**32))
def test_a_mask_comes_back_and_takes_no_more_than_its_limit(rows, columns, seed):
    mask = np.random.default_rng(seed).random((rows, columns)) < 0.3
    packed = bits.pack(mask)
    assert len(packed) <= bits.limit(mask.shape)
    assert np.array_equal(bits.unpack(packed, mask.shape), mask)


def test_the_bits_are_those_that_the_page_makes():
    mask = np.zeros((2, 10), bool)
    mask[0, 0] = mask[0, 9] = mask[1, 7] = True
    assert zlib.decompress(bits.pack(mask)) == bytes([0b10000000, 0b01000000, 0b00000001, 0])


def test_what_is_beyond_the_last_column_does_not_count():
    assert not bits.unpack(zlib.compress(bytes([0, 0b00111111])), (1, 10)).any()


@pytest.mark.parametrize(
    "data", [b"", b"no zlib", zlib.compress(b"\0"), zlib.compress(bytes(9)), zlib.compress(bytes(8))[:-2]]
)
def test_bits_of_another_size_or_damaged_ones_are_refused(data):
    with pytest.raises(InputError, match="bits"):
        bits.unpack(data, (4, 16))


def test_a_bomb_is_not_unpacked():
    bomb = zlib.compress(bytes(10**7))
    with pytest.raises(InputError, match="not those of 8 x 8 pixels"):
        bits.unpack(bomb, (8, 8))


@given(st.integers(0, 2**32), st.floats(0, 0.05))
def test_the_window_of_a_mask_is_the_smallest_that_holds_it(seed, share):
    mask = np.random.default_rng(seed).random((20, 30)) < share
    window = Window.of(mask)
    assert mask[window.slices].sum() == mask.sum()
    if mask.any():
        part = mask[window.slices]
        assert part[0].any() and part[-1].any() and part[:, 0].any() and part[:, -1].any()  # noqa: PT018
    assert Window.parse(str(window), mask.shape) == window


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,x", "0,0,11,1", "0,0,1,6", "-1,0,1,1", "1e1,0,1,1", "٣,0,1,1"])
def test_a_window_beyond_the_image_is_refused(text):
    with pytest.raises(InputError, match="X-Window"):
        Window.parse(text, (5, 10))
