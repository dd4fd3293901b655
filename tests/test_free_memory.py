import sys

import pytest

from inrr_cli import free_memory
from inrr_cli.free_memory import free_resident_memory


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """A folder for cgroups and the file of the own ones, both empty."""
    monkeypatch.setattr(free_memory, "CGROUPS", tmp_path)
    monkeypatch.setattr(free_memory, "OWN_CGROUPS", tmp_path / "own")
    return tmp_path


def limit(folder, most, used, cached, names=free_memory.CGROUP_FILES[0]):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in zip((*names[:2], "memory.stat"), (most, used, f"anon 1\n{names[2]} {cached}\n"), strict=True):
        (folder / name).write_text(f"{text}\n")


def test_free_memory_is_that_of_the_container_where_it_is_less(groups):
    whole = free_resident_memory()
    if sys.platform == "linux":
        assert whole > 1e8
    limit(groups, 50_000_000, 30_000_000, 4_000_000)
    assert free_resident_memory() == 24e6
    limit(groups, "max", 30_000_000, 4_000_000)
    assert free_resident_memory() == pytest.approx(whole, rel=0.2)


@pytest.mark.parametrize(
    ("line", "folder", "names"),
    [
        ("0::/user.slice/job.scope", "", free_memory.CGROUP_FILES[0]),
        ("4:memory:/user.slice/job.scope", "memory", free_memory.CGROUP_FILES[1]),
    ],
)
@pytest.mark.parametrize("limited", ["user.slice", "user.slice/job.scope"])
def test_the_own_group_and_its_parents_count(groups, line, folder, names, limited):
    free_memory.OWN_CGROUPS.write_text(f"5:cpu:/elsewhere\n{line}\n")
    limit(groups / folder / limited, 9_000_000, 2_000_000, 1_000_000, names)
    limit(groups / "elsewhere", 1000, 1, 0)
    assert free_resident_memory() == 8e6


def test_a_group_outside_of_what_is_mounted_is_no_error(groups):
    before = free_resident_memory()
    free_memory.OWN_CGROUPS.write_text("0::/../../other\n1:name=systemd:/\n")
    assert free_resident_memory() == pytest.approx(before, rel=0.2)


@pytest.mark.skipif(sys.platform != "linux", reason="the sizes of the process are Linux's")
def test_the_limits_of_the_process_count(groups, monkeypatch):
    mapped, data = free_memory.mapped_bytes(), free_memory._statm(5)
    assert 0 < free_memory.held_bytes() < mapped
    limits = {"RLIMIT_AS": mapped + 10e6, "RLIMIT_DATA": None}
    monkeypatch.setattr(free_memory, "_limit", limits.get)
    assert free_memory.free_memory() == pytest.approx(10e6, abs=5e6)
    assert free_resident_memory() > 50e6
    limits["RLIMIT_DATA"] = data + 7e6
    assert free_resident_memory() == pytest.approx(7e6, abs=5e6)
    limits["RLIMIT_AS"] = 1.0
    assert free_memory.free_memory() == 0
