"""A fit that diverges is noticed, restarted once at a lower rate, and else an error."""

import numpy as np
import pytest

from inrr_cli import DivergedError, make_mask, make_settings, run_inpainting

QUICK = {"net": "siren", "steps": 60, "device": "cpu"}


def fill(grey, lr, **options):
    grey = grey[:32, :40]
    mask = make_mask(grey.shape, "random")
    return run_inpainting(grey, mask, make_settings(lr=lr, **QUICK), **options)


def test_one_at_a_usual_rate_is_left_alone(grey):
    assert fill(grey, None).notice == ""


def test_one_that_is_worse_than_the_mean_colour_is_restarted(grey):
    result = fill(grey, 0.1)
    assert result.notice == "the fit diverged and was restarted at --lr 0.025"
    assert " at 0.025 on " in result.account
    assert result.psnr_known > 20


def test_one_that_diverges_again_is_an_error(grey):
    with pytest.raises(DivergedError, match="diverged"):
        fill(grey, 1e4)


def test_its_checkpoint_is_one_of_the_slower_fit(grey, tmp_path):
    file = tmp_path / "state"
    first = fill(grey, 0.1, checkpoint=file)
    again = fill(grey, 0.1, checkpoint=file)
    assert again.steps == 60
    assert (again.image == first.image).all()
    assert again.notice == first.notice


def test_the_command_says_so(run, files):
    ask = ("inpaint", files["grey"], "--mask", files["mask"], "--net", "siren", "--steps", 60)
    result = run(*ask, "--lr", 0.1, "-o", "a.png")
    assert result.exit_code == 0
    assert "warning: the fit diverged and was restarted at --lr 0.025" in result.stderr
    result = run(*ask, "--lr", 1e4, "--steps", 20, "-o", "b.png")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "inrr: error: the fit diverged; give a lower --lr than 2500"
    assert not (files["grey"].with_name("b.png")).exists()


def test_no_value_that_is_not_finite_reaches_an_engine_or_comes_out(grey, monkeypatch):
    from inrr_cli import engines

    seen = []

    def spoil(values, known, *rest):
        seen.append(values)
        return engines.Output(np.full_like(values, np.nan), "cpu", "", True)

    monkeypatch.setattr(engines, "fill_patches", spoil)
    mask = make_mask(grey.shape, "random")
    image = np.where(mask, np.inf, grey)
    with pytest.raises(DivergedError, match="not finite"):
        run_inpainting(image, mask, make_settings())
    assert np.isfinite(seen[0]).all()
