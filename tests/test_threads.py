"""Threads: how many there are changes no byte of a result, and how torch is set stays as it was."""

import threading

import numpy as np
import pytest
import torch

from inrr_cli import InputError, inpaint, make_mask, superres
from inrr_cli.device import map_in_threads, one_thread_per_operation

CPU = torch.device("cpu")


@pytest.fixture
def two_threads():
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


@pytest.mark.parametrize(
    "restore",
    [
        lambda image, mask: inpaint(image, mask),
        lambda image, mask: inpaint(image, mask, reg="inrr", steps=8),
        lambda image, mask: inpaint(image, mask, net="gabor", steps=4, preset="paper"),
        lambda image, mask: superres(image, 2, train_steps=5, rounds=1),
    ],
    ids=["patches", "inrr", "gabor", "superres"],
)
def test_the_number_of_threads_changes_no_byte(grey, restore):
    image = np.tile(grey, (2, 2))
    mask, results = make_mask(image.shape, "random"), []
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        try:
            results.append(restore(image, mask))
        finally:
            torch.set_num_threads(1)
    assert results[0].tobytes() == results[1].tobytes() == results[2].tobytes()


def test_operations_run_in_one_thread_and_pieces_in_several(two_threads):
    with one_thread_per_operation():
        with one_thread_per_operation():
            assert torch.get_num_threads() == 1
        found = list(map_in_threads(lambda _: (threading.get_ident(), torch.get_num_threads()), range(40), CPU))
        assert torch.get_num_threads() == 1
    assert {count for _, count in found} == {1}
    assert threading.get_ident() not in {ident for ident, _ in found}
    assert torch.get_num_threads() == 2
    with pytest.raises(InputError), one_thread_per_operation():
        raise InputError("no")
    assert torch.get_num_threads() == 2


def test_runs_in_several_threads_leave_the_setting_as_it_was(two_threads):
    first, second = one_thread_per_operation(), one_thread_per_operation()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert torch.get_num_threads() == 1
    second.__exit__(None, None, None)
    assert torch.get_num_threads() == 2


def test_pieces_come_in_order_and_an_error_ends_the_rest(two_threads):
    assert list(map_in_threads(lambda number: number**2, range(50), CPU)) == [number**2 for number in range(50)]
    done = []

    def work(number):
        if number == 3:
            raise InputError("three")
        done.append(number)

    with pytest.raises(InputError, match="three"):
        list(map_in_threads(work, range(1000), CPU))
    assert len(done) < 20
    assert list(map_in_threads(str, range(3), CPU)) == ["0", "1", "2"]
