"""What lies in the folder of a batch: files of killed workers go, and those of others stay."""

import os
from pathlib import Path

import pytest
import survival

from inrr_cli.batch.calls import InProcess, Outcome
from inrr_cli.batch.journal import Journal
from inrr_cli.errors import InputError
from inrr_cli.imaging.atomic import temporaries_of, write_atomically

QUICK = ("--mask", "mask.png", "-o", "out", *survival.QUICK)


@pytest.fixture
def restore(run, tmp_path):
    """Run a batch on two images."""
    survival.make_images(tmp_path)
    return lambda *more: run("inpaint", "in/00.png", "in/01.png", *QUICK, *more)


def owner(folder, shard=None):
    journal = Journal(Path(folder), shard)
    journal.close()
    return journal.owner


def test_temporary_files_say_whose_they_are(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(os, "fsync", lambda handle: seen.extend(os.listdir(tmp_path)))
    with temporaries_of("mine"):
        write_atomically(tmp_path / "a", b"1")
    assert seen[0].startswith(".inrr-")
    assert seen[0].endswith("-mine")
    assert os.listdir(tmp_path) == ["a"]


def test_what_killed_workers_left_is_removed_and_nothing_of_others(restore):
    assert restore().exit_code == 0
    mine, other = owner("out"), owner("out", (1, 2))
    Path("out/inrr-journal-1-of-2.jsonl").unlink()
    for name in (f".inrr-a-{mine}", f".inrr-b-{other}", ".inrr-c", f"photo-{mine}"):
        Path("out", name).touch()
    assert "0 restored, 2 done before" in restore().stderr
    assert {path.name for path in Path("out").iterdir() if path.suffix == "" or path.name.startswith(".")} == {
        f".inrr-b-{other}", ".inrr-c", f"photo-{mine}"
    }  # fmt: skip


def test_a_worker_that_is_lost_after_it_wrote_does_not_stop_the_next(restore, monkeypatch):
    class Twice(InProcess):
        def run(self, calls):
            for call in calls:
                call.function(*call.arguments)
                yield Outcome(call, call.function(*call.arguments))

    monkeypatch.setattr("inrr_cli.cli.executors.WorkerPool", lambda *arguments, **options: Twice())
    result = restore()
    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize("kind", ["restored", "preview"])
def test_a_file_of_somebody_else_stays(restore, kind):
    Path("out").mkdir()
    theirs = Path(f"out/00_{kind}.png")
    theirs.write_bytes(b"theirs")
    result = restore(*(["--preview", "out"] if kind == "preview" else []))
    assert result.exit_code == 3
    assert f"{theirs}: already exists" in result.stderr
    assert theirs.read_bytes() == b"theirs"


def test_a_journal_that_cannot_end_a_torn_line_is_one_error(tmp_path, monkeypatch):
    (tmp_path / "inrr-journal.jsonl").write_bytes(b'{"event": "beg')

    def full(handle, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(InputError, match=r"inrr-journal\.jsonl: cannot write the journal \(No space left on device\)"):
        Journal(tmp_path)
