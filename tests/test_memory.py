import dataclasses
import sys

import pytest

from inrr_cli import InputError, make_settings, make_target, memory
from inrr_cli.memory import check_inpainting_memory, check_superres_memory, inpainting_bytes


def test_free_memory_is_that_of_the_container_where_it_is_less(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "CGROUPS", ())
    whole = memory.free_memory()
    if sys.platform == "linux":
        assert whole > 1e8
    limit, used, stat = (tmp_path / name for name in ("memory.max", "memory.current", "memory.stat"))
    monkeypatch.setattr(memory, "CGROUPS", ((limit, used, "inactive_file"),))
    assert memory.free_memory() == pytest.approx(whole, rel=0.2)
    limit.write_text("50000000\n")
    used.write_text("30000000\n")
    stat.write_text("anon 1\ninactive_file 4000000\n")
    assert memory.free_memory() == 24e6
    limit.write_text("max\n")
    assert memory.free_memory() == pytest.approx(whole, rel=0.2)


def test_an_image_that_does_not_fit_is_refused_with_advice(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 2e9)
    patches, network = make_settings(), make_settings(reg="inrr")
    check_inpainting_memory((1000, 1000, 3), 500_000, patches)
    with pytest.raises(InputError, match=r"restoring 4000 x 3000 pixels needs about .* try --tile 512"):
        check_inpainting_memory((3000, 4000, 3), 100_000, patches)
    check_inpainting_memory((3000, 4000, 3), 100_000, make_settings(tile=512))
    check_inpainting_memory((3000, 4000, 3), 100_000, make_settings(per_channel=True))
    with pytest.raises(InputError, match="use the patch engine with --tile 512"):
        check_inpainting_memory((3000, 4000, 3), 100_000, network)
    with pytest.raises(InputError, match="make a part of it with --crop"):
        check_superres_memory((3000, 4000, 3), make_target((3000, 4000), 4))


def test_a_kernel_regression_needs_more_than_a_network(monkeypatch):
    kernel, network = make_settings(net="ntk"), make_settings(reg="none")
    assert inpainting_bytes((2000, 2000), 1, kernel) > inpainting_bytes((2000, 2000), 1, network) + 5e8
    monkeypatch.setattr(memory, "free_memory", lambda: 1e9)
    with pytest.raises(InputError, match="restoring 2000 x 2000 pixels needs about"):
        check_inpainting_memory((2000, 2000), 1, kernel)


@pytest.mark.parametrize(
    ("shape", "missing", "options", "measured_mb"),
    [
        ((2048, 2048), 2_097_152, {}, 1626),
        ((3000, 4000, 3), 121_851, {}, 2220),
        ((256, 256), 8_221, {"net": "gabor", "preset": "paper"}, 2029),
    ],
)
def test_the_estimate_is_near_the_measured_peak(shape, missing, options, measured_mb):
    """The peaks are those of examples/results/scaling.md, and of two steps of the paper's recipe."""
    settings = make_settings(**options)
    assert 0.9 < inpainting_bytes(shape, missing, settings) / 1e6 / measured_mb < 1.3
    if not options:
        small = dataclasses.replace(settings, reg="none")
        assert inpainting_bytes(shape, missing, small) < inpainting_bytes(shape, missing, settings)
