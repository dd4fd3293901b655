"""A fit that diverges is noticed, restarted once at a lower rate, and an error if it diverges again."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from inrr_cli import Control, DivergedError, make_mask, make_settings, run_inpainting
from inrr_cli.engine import InpaintingProblem
from inrr_cli.neural import engine
from inrr_cli.patch import engine as patch_engine


def restore(grey, lr, control=Control()):  # noqa: B008
    image = grey[:32, :40]
    settings = make_settings(net="siren", lr=lr, steps=60, device="cpu")
    return run_inpainting(image, make_mask(image.shape, "random"), settings, control)


def test_a_fit_at_the_usual_rate_is_not_restarted(grey):
    assert restore(grey, None).notice == ""


def test_a_fit_that_is_worse_than_the_mean_colour_is_restarted(grey):
    result = restore(grey, 0.1)
    assert result.notice == "the fit diverged and was restarted at --lr 0.025"
    assert " at 0.025 on " in result.summary
    assert result.psnr_known > 20


def test_a_fit_that_diverges_again_is_an_error(grey):
    with pytest.raises(DivergedError, match="diverged"):
        restore(grey, 1e4)


def test_its_checkpoint_belongs_to_the_slower_fit(grey, tmp_path):
    control = Control(checkpoint=tmp_path / "state")
    first = restore(grey, 0.1, control)
    again = restore(grey, 0.1, control)
    assert again.steps == 60
    assert (again.image == first.image).all()
    assert again.notice == first.notice


def test_a_fit_that_diverged_before_it_was_resumed_is_restarted(grey, tmp_path, monkeypatch):
    monkeypatch.setattr("inrr_cli.neural.checkpoint.CHECKPOINT_INTERVAL", 0)

    def stop(done, *_):
        if done == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(grey, 0.1, Control(stop, checkpoint=tmp_path / "state"))
    resumed, whole = restore(grey, 0.1, Control(checkpoint=tmp_path / "state")), restore(grey, 0.1)
    assert resumed.notice == whole.notice != ""
    assert (resumed.image == whole.image).all()


@pytest.mark.parametrize("net", ["siren", "inr-z"])
def test_a_flat_image_does_not_count_as_diverged(net):
    image = np.full((32, 32), 128, np.uint8)
    result = run_inpainting(image, make_mask(image.shape, "random"), make_settings(net=net, device="cpu"))
    assert result.notice == ""
    assert np.abs(result.image.astype(int) - 128).max() <= 1


def test_the_error_is_compared_with_the_variance_within_channels():
    truth = torch.tensor([0.9, 0.5, 0.1]).expand(8, 8, 3) + 0.01 * torch.rand(8, 8, 3)
    problem = InpaintingProblem(truth, torch.ones(8, 8, 3, dtype=torch.bool))
    assert engine._has_diverged(truth + 0.25, problem, loss_rose=True)
    assert not engine._has_diverged(truth + 0.25, problem, loss_rose=False)
    assert not engine._has_diverged(truth + 0.002, problem, loss_rose=True)


def test_the_command_reports_a_restart_and_an_error(run, files):
    ask = ("inpaint", files["grey"], "--mask", files["mask"], "--net", "siren", "--device", "cpu")
    result = run(*ask, "--steps", 60, "--lr", 0.1, "-o", "a.png")
    assert result.exit_code == 0
    assert "warning: the fit diverged and was restarted at --lr 0.025" in result.stderr
    result = run(*ask, "--steps", 20, "--lr", 1e4, "-o", "b.png")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "inrr: error: the fit diverged; give a lower --lr than 2500"
    assert not (files["grey"].with_name("b.png")).exists()


def test_no_engine_gets_or_returns_a_value_that_is_not_finite(grey, monkeypatch):
    received = []
    original = patch_engine.estimate

    def spoil(problem, settings, control):
        received.append(problem.values)
        estimate = original(problem, settings, control)
        return replace(estimate, values=torch.full_like(estimate.values, torch.nan))

    monkeypatch.setattr(patch_engine, "estimate", spoil)
    mask = make_mask(grey.shape, "random")
    image = np.where(mask, np.inf, grey)
    with pytest.raises(DivergedError, match="not finite"):
        run_inpainting(image, mask, make_settings(rounds=2, similar=12, radius=3, device="cpu"))
    assert torch.isfinite(received[0]).all()
