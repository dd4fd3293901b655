"""Every representation with every regulariser, through the API and the command line."""

import importlib
import json
from itertools import product

import numpy as np
import pytest
from PIL import Image

from inrr_cli import InputError, inpaint, make_mask, make_settings, psnr, run_inpainting, run_superres
from inrr_cli.methods import NETWORK_REGULARIZERS, NETWORKS, REGULARIZERS, Method

SMALL = {name: {} if name == "dmf" else {"width": 16} for name in NETWORKS}


@pytest.mark.parametrize(("net", "reg"), [*product(NETWORKS, [*NETWORK_REGULARIZERS, "patch"])])
def test_any_regulariser_goes_with_any_network(colour, grey, net, reg):
    for image in (colour[:24, :20], grey[:17, :30]):
        mask = make_mask(image.shape[:2], "random")
        patches = {"rounds": 2, "similar": 12, "radius": 3} if reg == "patch" else {}
        settings = make_settings(net=net, reg=reg, steps=4, device="cpu", **SMALL[net], **patches)
        result = run_inpainting(image, mask, settings)
        assert (result.image[~mask] == image[~mask]).all()
        assert (result.image[mask] != image[mask]).any()
        assert result.raw.shape == image.shape
        assert f"{net} " in result.summary


@pytest.mark.parametrize("net", NETWORKS)
def test_any_network_learns_an_image_and_enlarges_it(grey, net):
    image, mask = grey[:32, :32], make_mask((32, 32), "random", rate=0.2)
    mean = psnr(np.full((32, 32), image.mean() / 255), image / 255)
    steps = {"relu": 400, "dmf": 2000}.get(net, 100)
    small = {} if net == "dmf" else {"width": 64}
    result = run_inpainting(image, mask, make_settings(net=net, reg="none", steps=steps, device="cpu", **small))
    assert result.psnr_known > mean + 4
    enlarged = run_superres(image, 1.5, make_settings(net=net, reg="none", steps=3, device="cpu", **SMALL[net]))
    assert enlarged.image.shape == (48, 48)


NEW_REGULARIZER = '''
from dataclasses import dataclass

from inrr_cli.neural.regularizers.base import Regularizer
from inrr_cli.options import option


@dataclass(frozen=True)
class BrightnessOptions:
    """Mean square of the image."""

    strength: float = option(0.0, "Weight of the mean square.", ">= 0")


class Brightness(Regularizer):
    """``strength`` times the mean square of the image."""

    def __init__(self, options, shape, *, generator):
        super().__init__(options, shape, generator=generator)
        self.strength = options.strength

    def forward(self, image, y, x, weights):
        return self.strength * image.square().mean()
'''


def test_a_new_regulariser_is_one_file_and_one_line_in_the_table(grey, tmp_path, monkeypatch):
    (tmp_path / "brightness.py").write_text(NEW_REGULARIZER)
    monkeypatch.syspath_prepend(tmp_path)
    options = importlib.import_module("brightness").BrightnessOptions
    monkeypatch.setitem(REGULARIZERS["inpaint"], "mine", Method(options, "brightness:Brightness"))
    mask = make_mask(grey.shape, "random")
    common = {"reg": "mine", "steps": 30, "width": 16, "device": "cpu"}
    without, strong = (inpaint(grey, mask, strength=strength, **common) for strength in (0.0, 100.0))
    assert strong[mask].mean() < 0.7 * without[mask].mean()
    with pytest.raises(InputError, match="strength of mine must be >= 0"):
        inpaint(grey, mask, strength=-1.0, **common)


def test_the_kernel_regression(grey):
    mask = make_mask(grey.shape, "random")
    result = run_inpainting(grey, mask, make_settings(net="ntk", delta=20.0))
    assert (result.image[~mask] == grey[~mask]).all()
    mean = np.full(grey.shape, grey[~mask].mean() / 255)
    assert psnr(result.image / 255, grey / 255, mask) > psnr(mean, grey / 255, mask) + 3


def test_combinations_that_do_not_exist_are_refused(grey):
    with pytest.raises(InputError, match="superres does not take --net ntk"):
        run_superres(grey, 2, make_settings(net="ntk", task="superres"))
    with pytest.raises(InputError, match="a kernel regression has no regulariser inrr"):
        make_settings(net="ntk", reg="inrr")
    with pytest.raises(InputError, match="steps has no meaning for net ntk"):
        make_settings(net="ntk", steps=3)


def test_inrr_is_better_than_no_regulariser_on_text(grey):
    masks = [make_mask(grey.shape, "textural", seed=seed) for seed in (1, 2, 3)]
    common = {"net": "siren", "steps": 150, "width": 64, "warm_start": "none", "device": "cpu"}
    none, inrr = (
        np.mean([psnr(inpaint(grey, mask, reg=reg, **common) / 255, grey / 255, mask) for mask in masks])
        for reg in ("none", "inrr")
    )
    assert inrr > none + 0.2


@pytest.mark.parametrize(("reg", "weight"), [("tv", 30.0), ("l2", 1e-2), ("air", 50.0), ("inrr", 50.0)])
def test_a_heavy_regulariser_flattens_the_image_of_the_network(grey, reg, weight):
    mask = make_mask(grey.shape, "random")
    common = {"net": "siren", "reg": reg, "steps": 60, "width": 32, "device": "cpu"}
    light, heavy = (run_inpainting(grey, mask, make_settings(weight=w, **common)).raw for w in (0.0, weight))
    assert np.abs(np.diff(heavy)).mean() < 0.95 * np.abs(np.diff(light)).mean()


def test_a_checkpoint_resumes_through_the_command_line(run, files):
    ask = ("inpaint", files["grey"], "--mask", files["mask"], "--net", "siren", "--width", 16, "--device", "cpu")
    assert run(*ask, "--steps", 9, "-o", "a.png").exit_code == 0
    for output in ("b.png", "c.png"):
        result = run(*ask, "--steps", 9, "-o", output, "--checkpoint", "state", "--json")
        assert result.exit_code == 0, result.stderr
        assert json.loads(result.stdout)["steps"] == 9
        assert (np.asarray(Image.open("a.png")) == np.asarray(Image.open(output))).all()
    result = run(*ask, "--steps", 8, "-o", "d.png", "--checkpoint", "state")
    assert (result.exit_code, result.stderr.count("other settings")) == (2, 1)
    result = run("inpaint", files["grey"], "--mask", files["mask"], "-o", "d.png", "--checkpoint", "state")
    assert (result.exit_code, result.stderr.count("--checkpoint is for a network's fit")) == (2, 1)
