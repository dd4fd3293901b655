"""The page: nothing that a file name holds becomes code, and nothing is fetched."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from inrr_cli.report import Curve, Matrix, Pane, Report, ReportPage, Table, render_report
from inrr_cli.report.plots import Axis, histogram

HOSTILE = "<img src=x onerror=alert(1)>\"'&</script>{{7*7}}.png"


class Tags(HTMLParser):
    """All tags with their attributes, and all text outside scripts and styles."""

    def __init__(self):
        super().__init__()
        self.tags, self.text, self.inside = [], "", ""

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        self.text += "" if self.inside in ("script", "style") else data


def read(data):
    parser = Tags()
    parser.feed(data.decode())
    return parser


@pytest.fixture
def report(grey):
    """A report in which every text is hostile."""
    page = ReportPage(
        HOSTILE,
        [Pane(HOSTILE, grey, note=HOSTILE, is_filled=False), Pane("Restored", grey), Pane(f"2{HOSTILE}", grey)],
        grey > 100,
        facts={HOSTILE: HOSTILE},
        notes=[HOSTILE],
        curves=[Curve(HOSTILE, "dB", [1, 10, 100], [1.0, None, 3.0], HOSTILE)],
        matrices=[Matrix(HOSTILE, np.eye(5))],
    )
    table = Table(HOSTILE, [HOSTILE, "b"], [[HOSTILE, 1.5], ["x", None]], HOSTILE)
    return Report(
        HOSTILE, HOSTILE, [page], [table], table, [HOSTILE], HOSTILE, [(HOSTILE, HOSTILE, "ab")], {HOSTILE: [HOSTILE]}
    )


def test_no_text_becomes_code(report):
    found = read(render_report(report))
    assert all("onerror" not in attributes for _, attributes in found.tags)
    assert [tag for tag, _ in found.tags].count("script") == 2
    assert not [1 for tag, attributes in found.tags if attributes.get("src") == "x"]
    assert found.text.count(HOSTILE) >= 12
    assert "49" not in re.findall(r"\{\{.*?\}\}", found.text)


def test_nothing_is_fetched(report):
    data = render_report(report)
    for tag, attributes in read(data).tags:
        for name in ("src", "href", "srcset", "action", "poster", "data", "xlink:href"):
            value = attributes.get(name, "")
            assert value.startswith(("data:image/", "#")) or not value, (tag, value)
    style = re.search(rb"<style>(.*?)</style>", data, re.DOTALL)[1]
    assert b"url(" not in style
    assert b"@import" not in style


def test_the_policy_allows_this_script_alone(report):
    policy = next(a["content"] for tag, a in read(render_report(report)).tags if a.get("http-equiv"))
    assert "default-src 'none'" in policy
    assert "img-src data:" in policy
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}';", policy)


def test_every_picture_has_a_text(report):
    for tag, attributes in read(render_report(report)).tags:
        if tag == "img":
            assert attributes["alt"]
        if attributes.get("role") == "img":
            assert attributes["aria-label"]
        if tag == "svg":
            assert attributes.get("role") == "img" or attributes.get("aria-hidden") == "true"


def test_keys_are_unique(report):
    keys = [attributes["id"] for _, attributes in read(render_report(report)).tags if "id" in attributes]
    assert len(keys) == len(set(keys))


def test_two_reports_of_the_same_differ_in_their_time_alone(report):
    first, second = (re.sub(rb"<dt>date</dt><dd>[^<]*", b"", render_report(report)) for _ in range(2))
    assert first == second


def test_a_name_that_is_no_unicode_is_written_all_the_same(grey):
    report = Report("a\udcff.png", "", [ReportPage("p", [Pane("Restored", grey)])])
    assert b"a?.png" in render_report(report)


def test_the_colours_of_the_maps_are_numbers(report):
    data = render_report(report)
    tables = json.loads(re.search(rb'id="colours">(.*?)</script>', data)[1])
    assert {name: len(table) for name, table in tables.items()} == {"sequential": 256, "diverging": 256}


@pytest.mark.slow
def test_a_megapixel_in_colour_takes_less_than_five_megabytes():
    rng = np.random.default_rng(0)
    rows, columns = np.indices((1000, 1000))
    waves = np.stack([128 + 90 * np.sin(rows / (30 + 9 * k) + columns / 50) for k in range(3)], 2)
    truth = (waves + rng.normal(0, 3, waves.shape)).clip(0, 255).astype(np.uint8)
    missing = rng.random((1000, 1000)) < 0.5
    restored, before = truth.copy(), truth.copy()
    restored[missing], before[missing] = waves[missing], 0
    panes = [Pane("Before", before), Pane("Restored", restored), Pane("Truth", truth)]
    assert len(render_report(Report("a", "", [ReportPage("a", panes, missing, truth=truth)]))) < 5e6


def test_bins_hold_equally_many_integers():
    """Else the histogram of 8 bits would have a comb of peaks."""
    svg = histogram([("all", np.arange(256))], 0, 255, is_integer=True)
    points = re.search(r'class="series s0 area" points="([^"]*)"', svg)[1].split()
    heights = {point.split(",")[1] for point in points[1:-1]}
    assert len(heights) == 1


def test_ticks_are_round_and_on_the_axis():
    assert Axis(0, 255, 0, 1).ticks() == [0, 100, 200]
    assert Axis(-1.2, 3.9, 0, 1).ticks() == [0, 2] or Axis(-1.2, 3.9, 0, 1).ticks() == [-1, 0, 1, 2, 3]
    assert Axis(1, 1000, 0, 1, True).ticks() == [1, 10, 100, 1000]
    assert Axis(1, 1000, 0, 300, True).place(100) == pytest.approx(200)
