"""What can be said of the files of the page without a browser."""

import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest

STATIC = {file.name: file.read_text("utf-8") for file in (files("inrr_cli.page") / "static").iterdir()}
SCRIPTS = sorted(name for name in STATIC if name.endswith(".js"))
SVG = "http://www.w3.org/2000/svg"  # a name, not an address that is asked


class Elements(HTMLParser):
    """Collects the elements of a page as (tag, attributes)."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


@pytest.fixture(scope="module")
def elements():
    return Elements(STATIC["index.html"]).found


def test_nothing_runs_in_line(elements):
    assert all(attributes.get("src", "").startswith("/static/") for tag, attributes in elements if tag == "script")
    assert not [tag for tag, attributes in elements if tag == "style" or "style" in attributes]
    assert not [name for _, attributes in elements for name in attributes if name.startswith("on")]


@pytest.mark.parametrize("name", STATIC)
def test_no_file_names_another_host(name):
    assert not re.search(r"(https?:)?//[a-z]", STATIC[name].replace(SVG, ""))
    assert len(STATIC[name].splitlines()) < 300


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_name_what_is_there(elements, name):
    ids = {attributes["id"] for _, attributes in elements if "id" in attributes}
    text = STATIC[name]
    assert set(re.findall(r'from "\./([^"]+)"', text)) <= STATIC.keys()
    assert set(re.findall(r'(?:element|onClick|press)\("([^"]+)"', text)) <= ids


def test_icons_and_labels_name_what_is_there(elements):
    ids = {attributes["id"] for _, attributes in elements if "id" in attributes}
    icons = {attributes["id"] for tag, attributes in Elements(STATIC["icons.svg"]).found if tag == "symbol"}
    used = {attributes["data-icon"] for _, attributes in elements if "data-icon" in attributes}
    used |= set(re.findall(r'\{ name: "([a-z]+)", label', STATIC["tools.js"]))
    assert used == icons
    for name in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
        assert {attributes[name] for _, attributes in elements if name in attributes} <= ids


def test_every_script_is_used():
    imported = {name for text in STATIC.values() for name in re.findall(r'from "\./([^"]+)"', text)}
    assert imported == set(SCRIPTS) - {"main.js"}
