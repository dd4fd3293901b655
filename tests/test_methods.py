"""Every representation with every regulariser, through the API and the command line."""

import json
from itertools import product

import numpy as np
import pytest
from PIL import Image

from inrr_cli import InputError, inpaint, make_mask, make_settings, psnr, run_inpainting, run_superres
from inrr_cli.methods import NETWORK_REGULARIZERS, NETWORKS


@pytest.mark.parametrize(("net", "reg"), [*product(NETWORKS, [*NETWORK_REGULARIZERS, "patch"])])
def test_any_regulariser_goes_with_any_network(colour, grey, net, reg):
    for image in (colour[:24, :20], grey[:17, :30]):
        mask = make_mask(image.shape[:2], "random")
        patches = {"rounds": 2, "similar": 12, "radius": 3} if reg == "patch" else {}
        result = run_inpainting(image, mask, make_settings(net=net, reg=reg, steps=4, device="cpu", **patches))
        assert (result.image[~mask] == image[~mask]).all()
        assert (result.image[mask] != image[mask]).any()
        assert result.raw.shape == image.shape
        assert f"{net} " in result.account


@pytest.mark.parametrize("net", NETWORKS)
def test_any_network_learns_a_picture_and_enlarges_it(grey, net):
    image, mask = grey[:32, :32], make_mask((32, 32), "random", rate=0.2)
    mean = psnr(np.full((32, 32), image.mean() / 255), image / 255)
    steps = {"relu": 400, "dmf": 2000}.get(net, 100)
    result = run_inpainting(image, mask, make_settings(net=net, reg="none", steps=steps, device="cpu"))
    assert result.psnr_known > mean + 4
    assert run_superres(image, 1.5, make_settings(net=net, reg="none", steps=3, device="cpu")).image.shape == (48, 48)


def test_the_kernel_regression(grey):
    mask = make_mask(grey.shape, "random")
    result = run_inpainting(grey, mask, make_settings(net="ntk", delta=20.0))
    assert (result.image[~mask] == grey[~mask]).all()
    mean = np.full(grey.shape, grey[~mask].mean() / 255)
    assert psnr(result.image / 255, grey / 255, mask) > psnr(mean, grey / 255, mask) + 3
    assert (inpaint(grey, mask, net="ntk", delta=5.0)[mask] != result.image[mask]).any()
    with pytest.raises(InputError, match="superres does not take --net ntk"):
        run_superres(grey, 2, make_settings(net="ntk", task="superres"))
    with pytest.raises(InputError, match="a kernel regression has no regulariser inrr"):
        make_settings(net="ntk", reg="inrr")
    with pytest.raises(InputError, match="steps has no meaning for net ntk"):
        make_settings(net="ntk", steps=3)


@pytest.mark.parametrize(
    ("net", "option", "values"),
    [("relu", "layers", (2, 5)), ("fourier", "filters", (1, 4)), ("gabor", "omega", (5.0, 90.0)),
     ("dmf", "factors", (1, 3)), ("inr-z", "neighbours", (1, 5)), ("ntk", "depth", (1, 4))],
)  # fmt: skip
def test_options_of_representations_change_the_result(grey, net, option, values):
    mask = make_mask(grey.shape, "random")
    common = {} if net == "ntk" else {"steps": 20, "reg": "none"}
    first, second = (inpaint(grey, mask, net=net, device="cpu", **common, **{option: value}) for value in values)
    assert (first != second).any()


@pytest.mark.parametrize(("reg", "weight"), [("tv", 30.0), ("l2", 1e-2), ("air", 50.0)])
def test_a_heavy_regulariser_flattens_the_networks_picture(grey, reg, weight):
    mask = make_mask(grey.shape, "random")
    common = {"net": "siren", "reg": reg, "steps": 60, "width": 32, "device": "cpu"}
    light, heavy = (run_inpainting(grey, mask, make_settings(weight=w, **common)).raw for w in (0.0, weight))
    assert np.abs(np.diff(heavy)).mean() < 0.95 * np.abs(np.diff(light)).mean()


def test_a_checkpoint_goes_on_through_the_command_line(run, files):
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
