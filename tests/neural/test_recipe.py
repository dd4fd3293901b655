import pytest

from inrr_cli.methods import NETWORKS
from inrr_cli.neural.presets import PRESETS
from inrr_cli.neural.recipe import BLOCK_POINTS, KEPT_POINTS
from inrr_cli.neural.regularizers.options import InrrOptions, TvOptions


def test_the_paper_preset_is_the_released_recipe():
    paper = PRESETS["paper"]
    assert (paper.steps, paper.lr, paper.lr_regularizer, paper.optimizer) == (10_001, 1e-3, 1e-4, "adam")
    assert (paper.spacing, paper.decay, paper.average, paper.bfloat16) == (None, False, 0, False)
    assert paper.warm_start == "none"
    assert paper.options == {
        "inrr": {"weight": 0.065536},
        "air": {"weight": 0.65536},
        "l2": {"weight": 1e-3},
    }
    assert (InrrOptions().reg_omega, TvOptions().weight) == (5, 1e-3)
    assert (paper.suited_to("siren", "air").lr_regularizer, paper.suited_to("siren", "tv")) == (1e-3, paper)


@pytest.mark.parametrize("net", NETWORKS)
def test_a_preset_starts_every_regulariser_alike(net):
    for name, warm_start in (("fast", "smooth"), ("paper", "none")):
        recipes = [PRESETS[name].suited_to(net, reg) for reg in ("none", "tv", "l2", "air", "inrr")]
        assert {recipe.warm_start for recipe in recipes} == {warm_start}
        assert len({recipe.warm_part for recipe in recipes}) == 1


def test_the_points_of_a_step_grow_with_the_side():
    fast = PRESETS["fast"]
    assert fast.spacing_for(256, 256) == pytest.approx(4)
    assert fast.spacing_for(1024, 1024) == pytest.approx(8)
    assert fast.spacing_for(64, 64) == pytest.approx(2)
    assert fast.spacing_for(128, 512) == fast.spacing_for(256, 256)
    assert fast.spacing_for(8, 8) == 1
    assert PRESETS["paper"].spacing_for(256, 256) is None


def test_rates_decay_to_a_tenth():
    fast, paper = PRESETS["fast"], PRESETS["paper"]
    assert [fast.rate_factor(step) for step in (0, fast.steps // 2, fast.steps)] == pytest.approx([1, 0.55, 0.1])
    assert paper.rate_factor(paper.steps) == 1


def test_activations_of_a_large_step_are_kept_for_one_block_only():
    paper = PRESETS["paper"]
    assert paper.points_kept(256, 256) == KEPT_POINTS
    assert paper.points_kept(256, 257) == BLOCK_POINTS
