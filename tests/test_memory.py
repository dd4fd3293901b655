import sys

import pytest

from inrr_cli import InputError, machine, make_settings
from inrr_cli.memory import check_memory, estimate


def test_the_free_memory_is_that_of_the_container_where_it_is_less(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "CGROUPS", ())
    whole = machine.free_memory()
    if sys.platform == "linux":
        assert whole > 1e8
    limit, used, stat = (tmp_path / name for name in ("memory.max", "memory.current", "memory.stat"))
    monkeypatch.setattr(machine, "CGROUPS", ((limit, used, "inactive_file"),))
    assert machine.free_memory() == pytest.approx(whole, rel=0.2)
    limit.write_text("50000000\n")
    used.write_text("30000000\n")
    stat.write_text("anon 1\ninactive_file 4000000\n")
    assert machine.free_memory() == 24e6
    limit.write_text("max\n")
    assert machine.free_memory() == pytest.approx(whole, rel=0.2)


def test_what_does_not_fit_is_refused_with_a_way_out(monkeypatch):
    monkeypatch.setattr("inrr_cli.memory.free_memory", lambda: 2e9)
    patches, network = make_settings(), make_settings(reg="inrr")
    check_memory((1000, 1000, 3), 500_000, patches, None)
    with pytest.raises(InputError, match=r"restoring 4000 x 3000 pixels needs about .* try --tile 512"):
        check_memory((3000, 4000, 3), 100_000, patches, None)
    check_memory((3000, 4000, 3), 100_000, patches, 512)
    check_memory((3000, 4000, 3), 100_000, patches, None, per_channel=True)
    with pytest.raises(InputError, match="use the patch engine with --tile 512"):
        check_memory((3000, 4000, 3), 100_000, network, None)


def test_the_estimate_is_near_what_was_measured():
    """By examples/results/scaling.md, and of two steps of the paper's recipe, in MB."""
    patches, network = make_settings(), make_settings(net="gabor", preset="paper")
    for shape, missing, settings, measured in [
        ((2048, 2048), 2_097_152, patches, 1626),
        ((3000, 4000, 3), 121_851, patches, 2220),
        ((256, 256), 8_221, network, 2029),
    ]:
        assert 0.9 < estimate(shape, missing, settings) / 1e6 / measured < 1.3
