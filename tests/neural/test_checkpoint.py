"""A fit that resumes from a checkpoint gives the bits of an uninterrupted one."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from skimage.data import camera

from inrr_cli import Control, InputError, make_mask, make_settings, run_inpainting
from inrr_cli.engine import InpaintingProblem
from inrr_cli.neural import checkpoint as checkpoint_module
from inrr_cli.neural.checkpoint import Checkpoint
from inrr_cli.neural.coordinates import pixel_centres
from inrr_cli.neural.fit import NetworkFit
from inrr_cli.neural.presets import PRESETS
from inrr_cli.neural.rendering import render

SHAPE = (20, 14, 1)


@pytest.fixture(autouse=True)
def write_each_step(monkeypatch):
    monkeypatch.setattr(checkpoint_module, "CHECKPOINT_INTERVAL", 0)


def interrupt_at(stop):
    def progress(done, *_):
        if done == stop:
            raise KeyboardInterrupt

    return Control(progress)


@pytest.mark.parametrize(("net", "reg"), [("siren", "none"), ("siren", "inrr"), ("siren", "air"), ("dmf", "tv")])
@pytest.mark.parametrize("preset", PRESETS)
def test_a_fit_resumes_exactly(tmp_path, build_representation, build_regularizer, preset, net, reg):
    recipe = replace(PRESETS[preset].suited_to(net, reg), steps=24)
    image = torch.rand(SHAPE, generator=torch.Generator().manual_seed(1))
    known = torch.rand(SHAPE[:2], generator=torch.Generator().manual_seed(2)) > 0.5

    def prior(prediction, number):
        return image / 2 if prediction is None else prediction.clamp(0.2 + number / 100, 0.8)

    def run(control=Control(), checkpoint=None):  # noqa: B008
        generator = torch.Generator().manual_seed(0)
        representation = build_representation(net, SHAPE, width=16, layers=2)
        regularizer = build_regularizer(reg, SHAPE)
        problem = InpaintingProblem(image, known[..., None])
        fit = NetworkFit(representation, regularizer, problem, recipe, generator, prior if reg == "none" else None)
        fit.run(control, checkpoint)
        return render(representation, pixel_centres(20), pixel_centres(14))

    expected = run()
    path = tmp_path / "state"
    for stop in (5, 17):
        with pytest.raises(KeyboardInterrupt):
            run(interrupt_at(stop), Checkpoint(path, "id"))
    assert torch.equal(run(checkpoint=Checkpoint(path, "id")), expected)
    assert torch.equal(run(checkpoint=Checkpoint(path, "id")), expected)  # of a finished fit


@pytest.mark.parametrize("stop", [3, 9])
def test_a_fit_of_two_stages_resumes_in_either(tmp_path, stop):
    rng = np.random.default_rng(0)
    image, mask = rng.random((16, 16), dtype=np.float32), rng.random((16, 16)) > 0.5
    settings = make_settings(net="inr-z", reg="tv", steps=6, width=16, device="cpu")
    reports = []

    def interrupt(done, total, loss):
        reports.append((done, total))
        if done == stop:
            raise KeyboardInterrupt

    expected = run_inpainting(image, mask, settings)
    path = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        run_inpainting(image, mask, settings, Control(interrupt, checkpoint=path))
    assert reports == [(done, 12) for done in range(1, stop + 1)]
    assert (run_inpainting(image, mask, settings, Control(checkpoint=path)).image == expected.image).all()


@pytest.mark.parametrize("stop", [5, 15])
def test_a_fit_to_patches_resumes_exactly(tmp_path, stop):
    image, mask = camera()[100:148, 100:148], make_mask((48, 48), "random")
    settings = make_settings(net="siren", reg="patch", steps=20, width=16, device="cpu")
    path = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        run_inpainting(image, mask, settings, replace(interrupt_at(stop), checkpoint=path))
    resumed = run_inpainting(image, mask, settings, Control(checkpoint=path))
    assert (resumed.raw == run_inpainting(image, mask, settings).raw).all()


def test_a_checkpoint_of_another_fit_is_refused(tmp_path):
    path = tmp_path / "state"
    Checkpoint(path, "one").save(0, {"done": 1})
    assert Checkpoint(path, "one").take() == {"done": 1}
    with pytest.raises(InputError, match="another picture or of other settings"):
        Checkpoint(path, "two")
    for broken in (b"no checkpoint", path.read_bytes()[:-9]):
        path.write_bytes(broken)
        with pytest.raises(InputError, match="is not a checkpoint of this version"):
            Checkpoint(path, "one")
    torch.save({"inrr": "one", "stage": 0, "state": {}}, path)  # of an earlier version
    with pytest.raises(InputError, match="is not a checkpoint of this version"):
        Checkpoint(path, "one")
    with pytest.raises(InputError, match="cannot read this file: Is a directory"):
        Checkpoint(tmp_path, "one")


def test_a_checkpoint_remembers_a_restart(tmp_path):
    path = tmp_path / "state"
    checkpoint = Checkpoint(path, "usual", "slower")
    checkpoint.save(0, {"done": 1})
    assert not Checkpoint(path, "usual", "slower").restarted
    checkpoint.restart()
    checkpoint.save(0, {"done": 2})
    again = Checkpoint(path, "usual", "slower")
    assert (again.restarted, again.take()) == (True, {"done": 2})
