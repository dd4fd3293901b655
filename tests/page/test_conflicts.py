"""Nothing is overwritten unasked, and what cannot be saved is said in one line."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from inrr_cli.page import bits


@pytest.mark.usefixtures("by_mean")
class TestConflicts:
    def test_nothing_is_overwritten_unasked(self, serve, files, grey, stroke, tmp_path):
        page, output = serve(files["grey"]), tmp_path / "grey_restored.png"
        output.write_bytes(b"work of an hour")
        version = page.fill(stroke(grey.shape))["version"]
        assert "grey_restored.png: already exists" in page.refused("POST", f"/api/save?version={version}", 409)
        assert output.read_bytes() == b"work of an hour"
        assert not (tmp_path / "grey_mask.png").exists()
        page.post(f"/api/save?version={version}&force=1")
        assert output.read_bytes() != b"work of an hour"

    def test_another_mask_is_not_overwritten_either(self, serve, files, grey, stroke, tmp_path):
        page, mask = serve(files["grey"]), tmp_path / "grey_mask.png"
        mask.write_bytes(b"another mask")
        version = page.fill(stroke(grey.shape))["version"]
        assert "grey_mask.png: already exists" in page.refused("POST", f"/api/save?version={version}", 409)
        assert not (tmp_path / "grey_restored.png").exists()
        assert mask.read_bytes() == b"another mask"

    def test_the_same_mask_is_no_conflict(self, serve, files, grey, stroke):
        page, mask = serve(files["grey"]), stroke(grey.shape)
        page.post("/api/save-mask", bits.pack(mask))
        saved = page.post(f"/api/save?version={page.fill(mask)['version']}")
        assert saved["mask"].endswith("grey_mask.png")
        assert page.post("/api/close")["saved"] == [saved["mask"], saved["output"]]

    def test_a_format_that_cannot_hold_the_image_is_refused(self, serve, tmp_path, grey, stroke):
        tifffile.imwrite(tmp_path / "map.tif", grey.astype(np.float32))
        page = serve(tmp_path / "map.tif")
        version = page.fill(stroke(grey.shape))["version"]
        text = page.refused("POST", f"/api/save?version={version}&output=map.png", 400)
        assert "PNG cannot hold float32 samples" in text
        assert sorted(path.name for path in tmp_path.iterdir()) == ["map.tif"]

    def test_what_a_jpeg_loses_is_said(self, serve, files, grey, stroke):
        page = serve(files["grey"])
        saved = page.post(f"/api/save?version={page.fill(stroke(grey.shape))['version']}&output=small.jpg")
        assert any("re-encodes every pixel" in note for note in saved["notes"])

    def test_the_mask_of_a_stack_needs_a_format_with_pages(self, serve, tmp_path, grey):
        tifffile.imwrite(tmp_path / "s.tif", np.stack([grey] * 3), photometric="minisblack")
        page = serve(tmp_path / "s.tif", [], 1)
        mask = bits.pack(np.eye(*grey.shape, dtype=bool))
        assert "PNG cannot hold 3 pages" in page.refused("POST", "/api/save-mask?output=m.png", 400, mask)
        page.post("/api/save-mask?output=m.tif", mask)
        assert [int(part.sum()) for part in tifffile.imread(tmp_path / "m.tif")] == [0, 48 * 255, 0]

    def test_a_folder_that_is_gone_is_said_in_one_line(self, serve, tmp_path, grey):
        folder = tmp_path / "usb"
        folder.mkdir()
        Image.fromarray(grey).save(folder / "a.png")
        page = serve(folder / "a.png")
        (folder / "a.png").unlink()
        folder.rmdir()
        mask = bits.pack(np.eye(*grey.shape, dtype=bool))
        assert "usb does not exist" in page.refused("POST", "/api/save-mask", 400, mask)
