"""Fills of hidden samples, and how far a single one may count."""

import torch

from inrr_cli.holdout.fit import count_places, largest_errors


def test_a_sample_that_no_fill_can_foretell_does_not_count_by_its_size():
    generator = torch.Generator().manual_seed(0)
    errors = torch.randn(2, 1000, 1, generator=generator)
    classes = torch.arange(1000) % 2
    clean = largest_errors(errors, classes)
    assert (errors.abs() <= clean).all()
    errors[:, 7] = 1e4
    torch.testing.assert_close(largest_errors(errors, classes), clean, rtol=0.05, atol=0)


def test_classes_of_distance_have_bounds_of_their_own():
    errors = torch.ones(2, 100, 1)
    classes = torch.arange(100) % 2
    errors[:, classes == 1] = 100
    bound = largest_errors(errors, classes)
    assert (bound[classes == 1] == 100 * bound[classes == 0]).all()


def test_hidden_samples_are_counted_by_places_that_are_apart():
    rows, columns = torch.tensor([0, 1, 0, 40, 3]), torch.tensor([0, 0, 2, 0, 3])
    classes = torch.tensor([0, 0, 4, 4, 4])
    assert count_places(rows, columns, classes).tolist() == [2, 0, 0, 0, 2]
