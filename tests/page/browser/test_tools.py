"""What each tool marks, to the pixel: the masks that the page saves against shapes computed here."""

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import binary_dilation, binary_erosion
from skimage.data import camera
from skimage.draw import polygon2mask
from skimage.segmentation import flood

pytestmark = pytest.mark.slow

SHAPE = (300, 400)


def capsule(a, b, size):
    """Return which pixels (M, N) lie within half a size of the line between the centres of two pixels."""
    rows, columns = np.indices(SHAPE)
    dx, dy = b[0] - a[0], b[1] - a[1]
    along = np.clip(((columns - a[0]) * dx + (rows - a[1]) * dy) / max(1, dx * dx + dy * dy), 0, 1)
    return np.hypot(columns - a[0] - along * dx, rows - a[1] - along * dy) <= size / 2 + 1e-9


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(camera()[: SHAPE[0], : SHAPE[1]]).save(path)
    return path


@pytest.fixture
def desk(open_page, image):
    desk = open_page(image)
    desk.press("1")  # 100 %, so that places of the window are pixels
    yield desk
    assert desk.troubles == []


@pytest.mark.parametrize("size", [1, 2, 3, 8, 31])
def test_a_stroke_marks_exactly_the_disc_along_its_way(desk, size):
    desk.set_size(size)
    places = [desk.middle(-90, -40), desk.middle(-20, 70), desk.middle(60, 75)]
    pixels = [desk.pixel_at(place) for place in places]
    desk.drag(*places)
    if size % 2 == 0:  # discs of even sizes lie around corners; at 100 % places of the window are corners of pixels
        pixels = [(column - 0.5, row - 0.5) for column, row in pixels]
    expected = capsule(pixels[0], pixels[1], size) | capsule(pixels[1], pixels[2], size)
    np.testing.assert_array_equal(desk.mask(), expected)


def test_shift_joins_strokes_and_the_eraser_takes_pixels_back(desk):
    desk.set_size(9)
    places = [desk.middle(-50, 0), desk.middle(50, 20)]
    pixels = [desk.pixel_at(place) for place in places]
    desk.drag(places[0], places[0])
    desk.drag(places[1], places[1], keys=["Shift"])
    desk.press("e")
    desk.drag(places[0], places[0])
    expected = capsule(*pixels, 9) & ~capsule(pixels[0], pixels[0], 9)
    np.testing.assert_array_equal(desk.mask(), expected)


def test_line_rectangle_and_lasso(desk):
    expected = np.zeros(SHAPE, bool)
    desk.set_size(5)
    desk.press("u")
    ends = [desk.middle(-100, -50), desk.middle(-60, 20)]
    expected |= capsule(*map(desk.pixel_at, ends), 5)
    desk.drag(*ends)
    desk.press("m")
    corners = [desk.middle(60, 60), desk.middle(20, 30)]
    (right, bottom), (left, top) = map(desk.pixel_at, corners)
    expected[top : bottom + 1, left : right + 1] = True
    desk.drag(*corners)
    desk.press("m")
    hole = [desk.middle(30, 40), desk.middle(40, 50)]
    (left, top), (right, bottom) = map(desk.pixel_at, hole)
    expected[top : bottom + 1, left : right + 1] = False
    desk.drag(*hole, keys=["Alt"])
    np.testing.assert_array_equal(desk.mask(), expected)


def test_the_lasso_marks_what_it_encloses(desk):
    desk.press("l")
    way = [desk.middle(100, -80), desk.middle(140, -20), desk.middle(90, -10), desk.middle(80, -50)]
    inside = polygon2mask(SHAPE, np.array([desk.pixel_at(place) for place in way])[:, ::-1])
    desk.drag(*way)
    marked = desk.mask()
    # the pixels are known, but not where in them the pointer was: those on the way itself may go either way
    assert marked[binary_erosion(inside)].all()
    assert not marked[~binary_dilation(inside)].any()


POLYGON = """async (points) => {
    const { polygon } = await import("/static/shapes.js");
    const spans = [];
    polygon(points.map(([x, y]) => ({ x, y })), (...span) => spans.push(span));
    return spans;
}"""


def winding(points, shape):
    """Return how often a closed line winds around the centres of pixels (M, N), by the angles that it turns through."""
    rows, columns = np.indices(shape) + 0.5
    angles = np.array([np.arctan2(y - rows, x - columns) for x, y in [*points, points[0]]])
    turns = np.diff(angles, axis=0)
    return np.round(((turns + np.pi) % (2 * np.pi) - np.pi).sum(0) / (2 * np.pi))


def test_polygons_that_cross_themselves_are_exact(desk):
    random = np.random.default_rng(4)
    for corners in (3, 4, 7, 12):
        points = random.uniform(2, 58, (corners, 2)).tolist()
        marked = np.zeros((60, 60), bool)
        for row, left, right in desk.page.evaluate(POLYGON, points):
            marked[row, left : right + 1] = True
        np.testing.assert_array_equal(marked, winding(points, marked.shape) != 0)


def test_similar_colours_are_those_that_are_connected_within_the_tolerance(desk, image):
    desk.press("w")
    desk.page.fill("#tolerance", "4")
    place = desk.middle(-20, 20)
    column, row = desk.pixel_at(place)
    desk.page.mouse.click(*place)
    desk.wait_for_text("#message", "added")
    values = np.asarray(Image.open(image)).astype(float)
    np.testing.assert_array_equal(desk.mask(), flood(values, (row, column), connectivity=1, tolerance=0.04 * 255))


def test_grow_shrink_clear_undo_and_redo(desk):
    desk.set_size(9)
    place = desk.middle()
    pixel = desk.pixel_at(place)
    desk.drag(place, place)
    desk.page.fill("#by", "3")
    desk.click("#grow")
    desk.wait_for_text("#count", r"2\d\d pixels")
    grown = desk.mask()
    assert grown[pixel[1], pixel[0] - 7 : pixel[0] + 8].all()
    assert grown.sum() > capsule(pixel, pixel, 9).sum()
    desk.click("#shrink")
    desk.wait_for_text("#count", r"^\d\d pixels")
    desk.click("#clear")
    desk.wait_for_text("#count", "empty")
    desk.press("Control+z", "Control+z", "Control+z")
    np.testing.assert_array_equal(desk.mask(), capsule(pixel, pixel, 9))
    desk.press("Control+y")
    np.testing.assert_array_equal(desk.mask(), grown)


def test_masks_are_found_loaded_and_given(open_page, image, tmp_path):
    mask = np.zeros(SHAPE, np.uint8)
    mask[40:50, 60:90] = 255
    Image.fromarray(mask).save(tmp_path / "given.png")
    photo = np.asarray(Image.open(image)).copy()
    photo[120] = 0
    Image.fromarray(photo).save(image)
    desk = open_page(image, "--mask", "given.png")
    np.testing.assert_array_equal(desk.mask(), mask > 0)
    desk.click("[data-find=lines]")
    desk.wait_for_text("#message", "added")
    expected = mask > 0
    expected[120] = True
    np.testing.assert_array_equal(desk.mask(), expected)
    desk.page.set_input_files("#mask-file", tmp_path / "given.png")
    desk.wait_for_text("#message", "given.png: 300 pixels")
    np.testing.assert_array_equal(desk.mask(), mask > 0)
    Image.fromarray(mask[:-1]).save(tmp_path / "small.png")
    desk.page.set_input_files("#mask-file", tmp_path / "small.png")
    desk.wait_for_text("#error", "small.png")
    np.testing.assert_array_equal(desk.mask(), mask > 0)


def test_the_browser_downloads_the_same_mask(desk, tmp_path):
    desk.drag(desk.middle(-30, 0), desk.middle(30, 10))
    with desk.page.expect_download() as download:
        desk.click("#download")
    download.value.save_as(tmp_path / "downloaded.png")
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "downloaded.png")) > 0, desk.mask())


def test_a_finger_paints_and_two_zoom_and_take_the_stroke_back(open_page, image):
    desk = open_page(image, viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True)
    session = desk.page.context.new_cdp_session(desk.page)

    def touch(kind, *places):
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", desk.middle(-40, 0))
    touch("touchMove", desk.middle(40, 0))
    touch("touchEnd")
    count, zoom = desk.page.text_content("#count"), desk.text("#zoom")
    assert "pixels" in count
    touch("touchStart", desk.middle(-20, 50))
    touch("touchMove", desk.middle(-24, 50))
    touch("touchStart", desk.middle(-24, 50), desk.middle(20, 50))
    for step in range(1, 9):
        touch("touchMove", desk.middle(-24 - 5 * step, 50), desk.middle(20 + 5 * step, 50))
    touch("touchEnd")
    assert desk.page.text_content("#count") == count
    assert int(desk.text("#zoom").split()[0]) > 1.5 * int(zoom.split()[0])
