"""The journal: what it says of files, and after crashes."""

import json
import os
from pathlib import Path

import pytest

from inrr_cli.batch.journal import History, Journal, Stamp
from inrr_cli.batch.summary import write_summary
from inrr_cli.errors import InputError


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "in.png"
    path.write_bytes(b"image")
    return path


def finish(journal, name, image):
    output = journal.folder / f"{name}.png"
    output.write_bytes(b"result")
    journal.begin(name)
    journal.finish(name, [Stamp.of(image)], {output: Stamp.of(output)}, "options", {"image": str(image), "record": {}})
    return output


def test_a_stamp_holds_for_the_same_content_only(image):
    stamp = Stamp.of(image)
    assert stamp.holds_for(image)
    os.utime(image, (1, 1))
    assert stamp.holds_for(image)
    image.write_bytes(b"IMAGE")
    assert not stamp.holds_for(image)
    image.unlink()
    assert not stamp.holds_for(image)


def test_a_folder_has_the_stamp_of_its_files(tmp_path):
    array = tmp_path / "a.zarr"
    (array / "c").mkdir(parents=True)
    (array / "c" / "0").write_bytes(b"chunk")
    stamp = Stamp.of(array)
    assert stamp.holds_for(array)
    (array / "c" / "0").write_bytes(b"CHUNK")
    assert not stamp.holds_for(array)


def test_what_is_done_is_known_to_the_next_run(tmp_path, image):
    journal = Journal(tmp_path)
    output = finish(journal, "a", image)
    journal.begin("b")
    journal.fail("c", "no mask", {})
    journal.close()
    for known in (History(tmp_path), Journal(tmp_path)):
        assert known.is_done("a", [image], "options")
        assert not known.is_done("a", [image], "others")
        assert not known.is_done("a", [image, image], "options")
        assert not known.is_done("b", [image], "options")
        assert known.may_replace("a", output)
        assert known.may_replace("b", tmp_path / "b.png")
        assert not known.may_replace("c", tmp_path / "c.png")
    output.write_bytes(b"by hand")
    assert not known.is_done("a", [image], "options")
    assert not known.may_replace("a", output)


def test_a_failure_after_a_beginning_keeps_the_claim(tmp_path):
    journal = Journal(tmp_path)
    journal.begin("a")
    journal.fail("a", "too large", {})
    assert journal.may_replace("a", tmp_path / "a.png")


@pytest.mark.parametrize("rest", [b'{"event": "done", "name": "b", "inp', b"\0\0\0", b"[1]\n", b'{"event": 1}\n'])
def test_a_line_that_a_crash_spoilt_says_nothing_and_spoils_nothing(tmp_path, image, rest):
    journal = Journal(tmp_path)
    finish(journal, "a", image)
    journal.close()
    with journal.path.open("ab") as file:
        file.write(rest)
    journal = Journal(tmp_path)
    finish(journal, "c", image)
    journal.close()
    assert [name for name in "abc" if History(tmp_path).is_done(name, [image], "options")] == ["a", "c"]
    write_summary(journal.path)
    assert len((tmp_path / "inrr-summary.csv").read_text().splitlines()) == 3


def test_one_run_at_a_time_writes_a_journal(tmp_path):
    pytest.importorskip("fcntl")
    journal = Journal(tmp_path)
    with pytest.raises(InputError, match="another run is writing"):
        Journal(tmp_path)
    Journal(tmp_path, (1, 2)).close()
    journal.close()
    Journal(tmp_path).close()


def test_every_line_is_json_and_nothing_is_ever_taken_back(tmp_path, image):
    journal = Journal(tmp_path)
    before = b""
    for name in ("a", "b", "a"):
        finish(journal, name, image)
        now = journal.path.read_bytes()
        assert now.startswith(before)
        before = now
    assert [json.loads(line)["event"] for line in before.splitlines()] == ["begun", "done"] * 3
    assert Path(journal.path).name == "inrr-journal.jsonl"
