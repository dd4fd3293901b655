"""The index of a batch: failures first, then the doubtful."""

import re
from pathlib import Path

from inrr_cli.report import Pane, Report, ReportPage, render_report
from inrr_cli.report.index import IndexRow, is_foreign, render_index


def line(name, sigma=None, missing=0.1, **more):
    record = {"sigma_mean": sigma, "data_range": [0, 200], "missing_fraction": missing, "values": "linear"}
    return {"name": name, "image": f"in/{name}", "record": record | more}


def images(data):
    return re.findall(r'<th scope="row" data-value="([^"]*)"', data.decode())


def test_failures_come_first_and_then_the_doubtful(tmp_path):
    lines = [line("calm", 1), line("sure", 0.1), line("odd", 9), {"name": "lost", "error": "no such file"}]
    lines += [line("much", None, 0.9), line("little", None, 0.1)]
    rows = [IndexRow.of(one, None) for one in lines]
    data = render_index(rows, tmp_path, "")
    assert images(data) == ["lost", "in/odd", "in/calm", "in/sure", "in/much", "in/little"]
    assert b"5 images restored, 1 failed" in data
    assert b"Failed: no such file" in data


def test_error_bars_count_beside_the_range_of_the_values():
    narrow, wide = IndexRow.of(line("a", 2, data_range=[0, 10]), None), IndexRow.of(line("b", 3), None)
    assert narrow.rank < wide.rank
    assert narrow.doubt == 0.2


def test_of_labels_the_probability_is_no_doubt():
    assert IndexRow.of(line("a", 0.9, values="labels"), None).doubt is None


def test_names_of_files_become_no_code_and_links_lead_to_them(tmp_path, grey):
    name = '<img src=x onerror=alert(1)> #?"%.html'
    (tmp_path / "sub").mkdir()
    report = tmp_path / "sub" / name
    report.write_bytes(render_report(Report("x", "", [ReportPage("x", [Pane("Restored", grey)])])))
    data = render_index([IndexRow.of(line(name), report)], tmp_path, f"inrr {name}")
    assert b"<img src=x" not in data
    link = re.search(r'<a href="([^"]*)"', data.decode())[1]
    assert Path.from_uri((tmp_path / "x").as_uri()[:-1] + link) == report if hasattr(Path, "from_uri") else True
    assert re.fullmatch(r"sub/[\w%.()=]+", link)
    assert b'<img class="thumbnail" src="data:image/webp;base64,' in data


def test_a_report_that_is_gone_has_no_thumbnail(tmp_path):
    assert b'class="thumbnail"' not in render_index([IndexRow.of(line("a"), tmp_path / "a.html")], tmp_path, "")


def test_only_measures_that_there_are_have_a_column(tmp_path):
    data = render_index([IndexRow.of(line("a", 1), None)], tmp_path, "")
    assert b"Mean error bar" in data
    assert b"PSNR" not in data
    assert b"Made up" not in data


def test_pages_of_others_are_told_from_ours(tmp_path):
    path = tmp_path / "index.html"
    assert not is_foreign(path)
    path.write_bytes(render_index([IndexRow.of(line("a"), None)], tmp_path, ""))
    assert not is_foreign(path)
    path.write_text("<html>my site</html>")
    assert is_foreign(path)
