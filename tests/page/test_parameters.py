"""What is asked for is checked, and no name leads to a file elsewhere."""

import os

import numpy as np
import pytest
from PIL import Image

from inrr_cli.page import bits, routes
from inrr_cli.page.routes import ROUTES


class TestParameters:
    @pytest.mark.parametrize(
        "query",
        [
            "",
            "layer=image",
            "layer=nothing&level=0&row=0&column=0",
            "layer=image&level=-1&row=0&column=0",
            "layer=image&level=1e9&row=0&column=0",
            "layer=image&level=99999999999999999999999999&row=0&column=0",
            "layer=image&level=0&row=x&column=0",
            "layer=image&level=0&row=0&column=٣",
            "layer=image&level=0&row=0&column=0&low=nan",
            "layer=image&level=0&row=0&column=0&high=inf",
            "layer=image&level=0&row=0&column=0&low=1e999",
            "layer=image&level=0&level=0&row=0&column=0",
            "layer=image&level=%ff&row=0&column=0",
            "layer=filled&level=0&row=0&column=0",
            "&".join(f"a{number}=1" for number in range(1000)),
        ],
    )
    def test_absurd_ones_of_a_tile(self, page, query):
        assert page.refused("GET", f"/api/tile?{query.replace('٣', '%D9%A3')}", 400)

    @pytest.mark.parametrize(
        "path",
        [
            "/api/similar?x=-1&y=0&tolerance=1",
            "/api/similar?x=0&y=48&tolerance=1",
            "/api/similar?x=0&y=0&tolerance=101",
            "/api/similar?x=0&y=0",
            "/api/find?what=everything",
            "/api/find?what=nan",
            "/api/find",
            "/api/change?grow=1001",
            "/api/fill?fill=other",
            "/api/fill?fill=expected&variants=2",
            "/api/fill?fill=texture&variants=17",
            "/api/fill?seed=-1",
            "/api/fill?seed=99999999999999999999",
            "/api/fill?reg=nothing",
            "/api/fill?fill=texture&reg=inrr",
            "/api/save?version=x",
            "/api/save",
            "/api/command?variant=1",
            "/api/cancel",
            "/api/upload",
        ],
    )
    def test_absurd_ones_of_what_is_to_do(self, page, path):
        body = bits.pack(np.ones((2, 2), bool)) if "upload" in path else bits.pack(np.eye(48, 64, dtype=bool))
        assert len(page.refused("POST", path, 400, body).splitlines()) == 1

    @pytest.mark.parametrize("path", ["/api/progress?job=1", "/api/tile?layer=filled&version=1&level=0&row=0&column=0"])
    def test_what_is_not_there(self, page, path):
        assert page.refused("GET", path, 404)

    @pytest.mark.parametrize("window", ["0,0,65,1", "x", "0,0,1"])
    def test_a_window_beyond_the_image(self, page, window):
        assert "X-Window" in page.refused("POST", "/api/fill", 400, bits.pack(np.ones((1, 1), bool)), x_window=window)

    def test_bits_that_are_none(self, page):
        assert "bits" in page.refused("POST", "/api/change?grow=1", 400, b"nothing of the kind")

    def test_nothing_to_fill(self, page):
        assert "nothing is painted" in page.refused("POST", "/api/fill", 400, bits.pack(np.zeros((48, 64), bool)))

    def test_an_error_that_nobody_expects_is_one_line_too(self, page, monkeypatch):
        def fail(session, request):
            raise RuntimeError("no\nidea")

        monkeypatch.setitem(ROUTES, ("GET", "/api/image"), routes.Route(fail))
        assert page.refused("GET", "/api/image", 500) == "RuntimeError: no idea"


class TestNames:
    NAMES = (
        "",
        ".",
        "..",
        "../x.png",
        "a/b.png",
        "/etc/x.png",
        "a\\b.png",
        "C:x.png",
        "x\0.png",
        "x\n.png",
        "é" * 120 + ".png",
    )

    @pytest.mark.parametrize("name", NAMES)
    def test_a_mask_is_saved_beside_the_image_alone(self, page, name, tmp_path):
        before = sorted(tmp_path.parent.rglob("*"))
        mask = bits.pack(np.eye(48, 64, dtype=bool))
        quoted = "".join(f"%{byte:02x}" for byte in name.encode())
        assert "name" in page.refused("POST", f"/api/save-mask?force=1&output={quoted}", 400, mask)
        assert sorted(tmp_path.parent.rglob("*")) == before

    @pytest.mark.parametrize("name", ["grey.png", "x.txt", "x", "x.exe", "passwd"])
    def test_neither_the_image_nor_anything_that_is_no_image_is_written(self, page, name, files):
        before = files["grey"].read_bytes()
        mask = bits.pack(np.eye(48, 64, dtype=bool))
        assert name in page.refused("POST", f"/api/save-mask?force=1&output={name}", 400, mask)
        assert files["grey"].read_bytes() == before

    def test_a_link_is_not_followed(self, page, tmp_path):
        target = tmp_path.parent / "target.png"
        target.write_bytes(b"precious")
        os.symlink(target, tmp_path / "link.png")
        mask = bits.pack(np.eye(48, 64, dtype=bool))
        assert "symbolic link" in page.refused("POST", "/api/save-mask?force=1&output=link.png", 400, mask)
        assert target.read_bytes() == b"precious"

    def test_a_hard_link_to_the_image_is_the_image(self, page, files, tmp_path):
        os.link(files["grey"], tmp_path / "same.png")
        mask = bits.pack(np.eye(48, 64, dtype=bool))
        assert "image itself" in page.refused("POST", "/api/save-mask?force=1&output=same.png", 400, mask)

    def test_a_file_that_exists_is_a_conflict_until_it_may_be_overwritten(self, page, tmp_path):
        (tmp_path / "m.png").write_bytes(b"another file")
        mask = np.eye(48, 64, dtype=bool)
        assert "already exists" in page.refused("POST", "/api/save-mask?output=m.png", 409, bits.pack(mask))
        assert (tmp_path / "m.png").read_bytes() == b"another file"
        page.post("/api/save-mask?output=m.png&force=1", bits.pack(mask))
        assert np.array_equal(np.asarray(Image.open(tmp_path / "m.png")) == 255, mask)
