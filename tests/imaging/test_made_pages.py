"""Pages that are made when they are asked for."""

import numpy as np
import pytest

from inrr_cli.imaging.made_pages import MadePages


def test_pages_are_made_once_in_a_row_and_only_the_last_is_kept():
    made = []
    pages = MadePages(3, lambda number: made.append(number) or np.full((2, 2), number))
    assert (len(pages), made) == (3, [])
    assert [int(page[0, 0]) for page in pages] == [0, 1, 2]
    assert pages[2] is pages[-1]
    assert made == [0, 1, 2]
    assert [int(page[0, 0]) for page in pages[1:]] == [1, 2]
    with pytest.raises(IndexError):
        pages[3]
