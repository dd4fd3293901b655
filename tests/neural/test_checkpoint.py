"""Going on from a checkpoint gives what an uninterrupted fit gives, bit by bit."""

from dataclasses import replace

import pytest
import torch

from inrr_cli import InputError
from inrr_cli.inpainting.image import run_inpainting
from inrr_cli.methods import NETWORK_REGULARIZERS, NETWORKS, load_regularizer, load_representation, make_options
from inrr_cli.neural import checkpoint as checkpoint_module
from inrr_cli.neural.checkpoint import Checkpoint
from inrr_cli.neural.presets import PRESETS
from inrr_cli.neural.training import fit, pixel_centres, render
from inrr_cli.settings import make_settings

SHAPE = (20, 14, 1)


def run(recipe, net="siren", reg="none", checkpoint=None, stop=None):
    generator = torch.Generator().manual_seed(0)
    options = {"width": 16, "layers": 2} if net == "siren" else {}
    representation = load_representation(net)(make_options(net, NETWORKS[net], options), SHAPE, generator=generator)
    kind = load_regularizer(reg)
    regularizer = kind and kind(make_options(reg, NETWORK_REGULARIZERS[reg], {}), SHAPE, generator=generator)
    image = torch.rand(SHAPE, generator=torch.Generator().manual_seed(1))
    known = torch.rand(SHAPE[:2], generator=torch.Generator().manual_seed(2)) > 0.5

    def interrupt(done, *_):
        if done == stop:
            raise KeyboardInterrupt

    fit(
        representation, regularizer, image, known, recipe, generator=generator, checkpoint=checkpoint,
        progress=interrupt, prior=(lambda picture: image / 2 if picture is None else picture.clamp(0.2, 0.8))
        if reg == "none" else None,
    )  # fmt: skip
    return render(representation, pixel_centres(20), pixel_centres(14))


@pytest.mark.parametrize(("net", "reg"), [("siren", "none"), ("siren", "inrr"), ("siren", "air"), ("dmf", "tv")])
@pytest.mark.parametrize("preset", PRESETS)
def test_a_fit_goes_on_exactly_where_it_was(tmp_path, monkeypatch, preset, net, reg):
    monkeypatch.setattr(checkpoint_module, "EVERY", 0)
    recipe = replace(PRESETS[preset].suited_to(net, reg), steps=24)
    expected = run(recipe, net, reg)
    path = tmp_path / "state"
    for stop in (5, 17):
        with pytest.raises(KeyboardInterrupt):
            run(recipe, net, reg, Checkpoint(path, "id"), stop)
    assert torch.equal(run(recipe, net, reg, Checkpoint(path, "id")), expected)
    assert torch.equal(run(recipe, net, reg, Checkpoint(path, "id")), expected)  # of a finished fit


@pytest.mark.parametrize("stop", [3, 9])
def test_a_restoration_in_two_stages_goes_on_in_either(tmp_path, monkeypatch, stop):
    monkeypatch.setattr(checkpoint_module, "EVERY", 0)
    image = torch.rand(16, 16, generator=torch.Generator().manual_seed(1)).numpy()
    mask = torch.rand(16, 16, generator=torch.Generator().manual_seed(2)).numpy() > 0.5
    settings = make_settings(net="inr-z", reg="tv", steps=6, width=16, device="cpu")
    seen = []

    def interrupt(done, total, loss):
        seen.append((done, total))
        if done == stop:
            raise KeyboardInterrupt

    expected = run_inpainting(image, mask, settings)
    path = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        run_inpainting(image, mask, settings, progress=interrupt, checkpoint=path)
    assert seen == [(done, 12) for done in range(1, stop + 1)]
    assert (run_inpainting(image, mask, settings, checkpoint=path).image == expected.image).all()


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    path = tmp_path / "state"
    Checkpoint(path, "one").save(0, {"done": 1})
    assert Checkpoint(path, "one").take() == {"done": 1}
    with pytest.raises(InputError, match="another picture or of other settings"):
        Checkpoint(path, "two")
    path.write_bytes(b"no checkpoint")
    with pytest.raises(InputError, match="is not a checkpoint"):
        Checkpoint(path, "one")
