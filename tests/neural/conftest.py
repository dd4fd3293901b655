import pytest
import torch

from inrr_cli.methods import NETWORK_REGULARIZERS, NETWORKS, load_regularizer, load_representation
from inrr_cli.options import make_options


def _build_representation(name="siren", shape=(256, 256, 1), seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    return load_representation(name)(make_options(name, NETWORKS[name].options, options), shape, generator=generator)


def _build_regularizer(name, shape, seed=0, **options):
    kind = load_regularizer(name)
    generator = torch.Generator().manual_seed(seed)
    chosen = make_options(name, NETWORK_REGULARIZERS[name].options, options)
    return None if kind is None else kind(chosen, shape, generator=generator)


@pytest.fixture(scope="session")
def build_representation():
    """A function from the name, the image's shape, the seed and the options to a representation."""
    return _build_representation


@pytest.fixture(scope="session")
def build_regularizer():
    """A function from the name, the image's shape, the seed and the options to a regulariser, or None."""
    return _build_regularizer
