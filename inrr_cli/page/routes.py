"""The answers to the page, by method and path."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import quote

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.colour_maps import sequential
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.masking import Mask
from inrr_cli.methods import REGULARIZERS
from inrr_cli.page import bits
from inrr_cli.page.contrast import Contrast
from inrr_cli.page.exchange import PNG, Query, Request, Response
from inrr_cli.page.filling import Wish
from inrr_cli.page.finding import change, find, find_similar, read_upload
from inrr_cli.page.session import Session
from inrr_cli.page.versions import Version
from inrr_cli.page.views import TILE
from inrr_cli.settings import SEED_LIMIT, Fill, Settings, make_settings

SMALL_BODY = 2**16  # bytes; of requests that need none
UPLOAD_PER_PIXEL = 32  # bytes of a mask file: four channels of float64, the largest that anyone writes
GROW_LIMIT = 1000  # pixels
VARIANTS_LIMIT = 16  # as of --variants
NUMBER = float(np.finfo(np.float64).max)
CACHED = {"Cache-Control": "private, max-age=3600"}


@dataclass(frozen=True)
class Route:
    """An answer, and the most bytes that the body of its request may have."""

    answer: Callable[[Session, Request], Response]
    limit: Callable[[Session], int] = lambda session: SMALL_BODY


def describe_image(session: Session, request: Request) -> Response:
    """Answer with what the page must know of the image."""
    image, saver = session.image, session.saver
    low, high = image.extent.proposed
    return Response.json(
        {
            "id": session.id,
            "name": image.path.name,
            "width": image.shape[1],
            "height": image.shape[0],
            "channels": 1 if image.pixels.ndim == 2 else image.pixels.shape[2],
            "dtype": str(image.pixels.dtype),
            "pages": len(image.picture.pages),
            "page": image.number + 1,
            "levels": session.views.levels,
            "tile": TILE,
            "low": low,
            "high": high,
            "least": image.extent.least,
            "most": image.extent.most,
            "is_eight_bit": image.pixels.dtype == np.uint8,
            "has_alpha": image.picture.alpha[image.number] is not None,
            "unit": "",
            "colours": ["#{:02x}{:02x}{:02x}".format(*colour) for colour in sequential()[::15].tolist()],
            "mask_pixels": int(image.mask.sum()),
            "output": saver.output_name,
            "mask_output": saver.mask_name,
            "writable": session.is_writable,
            "sources": image.sources,
            "notes": image.notes,
        }
    )


def send_tile(session: Session, request: Request) -> Response:
    """Answer with a tile of the image, of what was filled or of its error bar."""
    query, views = request.query, session.views
    layer = query.choice("layer", ("image", "filled", "sigma"))
    place = query.integer("level", 0, 64), query.integer("row", 0, 2**31), query.integer("column", 0, 2**31)
    if layer == "image":
        tile = views.image_tile(place, _contrast(session, query))
    elif layer == "filled":
        version, variant = _version(session, query)
        tile = views.filled_tile(version, variant, place, _contrast(session, query))
    else:
        tile = views.sigma_tile(_version(session, query)[0], place)
    session.load_engine()  # only now, so that the page shows the image first
    is_of_session = "id" in query and query.text("id") == session.id
    return Response(200, PNG, tile, CACHED if is_of_session else {})


def describe_pixel(session: Session, request: Request) -> Response:
    """Answer with the values of a pixel, as the file has them, and those that were filled in."""
    pixels, (x, y) = session.image.pixels, _pixel(session, request.query)
    answer: dict[str, Any] = {"values": _numbers(pixels[y, x]), "filled": None, "sigma": None}
    if "version" in request.query or session.versions.newest() is not None:
        version, variant = _version(session, request.query)
        rows, columns = slice(y, y + 1), slice(x, x + 1)
        is_filled = np.zeros((1, 1), bool)
        version.insert(is_filled, rows, columns, np.ones(len(version.values), bool))
        if is_filled.any():
            answer["filled"] = _numbers(version.part_of(pixels, rows, columns, variant)[0, 0])
            if version.sigma is not None:
                sigma = np.zeros((1, 1, *version.sigma.shape[1:]), np.float32)
                version.insert(sigma, rows, columns, version.sigma)
                answer["sigma"] = _numbers(sigma[0, 0])
    return Response.json(answer)


def send_mask(session: Session, request: Request) -> Response:
    """Answer with the mask that was given on the command line."""
    return Response.bits(bits.pack(session.image.mask))


def find_damage(session: Session, request: Request) -> Response:
    """Answer with a mask that is found in the image."""
    mask, note = find(session.image, request.query.text("what"))
    return Response.bits(bits.pack(mask), note=quote(note))


def find_like(session: Session, request: Request) -> Response:
    """Answer with the connected area of similar colour."""
    query, (x, y) = request.query, _pixel(session, request.query)
    low, high = _contrast(session, query)
    tolerance = query.number("tolerance", 0, 100) / 100 * max(0.0, high - low)
    mask, window = find_similar(session.image.pixels, x, y, tolerance)
    return Response.bits(bits.pack(mask), window)


def change_mask(session: Session, request: Request) -> Response:
    """Answer with a mask that is wider, or narrower."""
    return Response.bits(
        bits.pack(change(_mask(session, request), request.query.integer("grow", -GROW_LIMIT, GROW_LIMIT)))
    )


def take_upload(session: Session, request: Request) -> Response:
    """Answer with the mask of a file."""
    mask, warning = read_upload(session.image, request.body, request.query.text("name", "mask"))
    return Response.bits(bits.pack(mask), note=quote(warning))


def start_filling(session: Session, request: Request) -> Response:
    """Begin to fill."""
    settings, variants = _settings(request.query)
    mask = _mask(session, request)
    if not mask.any():
        raise InputError("nothing is painted: mark the pixels to fill first")
    return Response.json({"job": session.filler.start(Wish(mask, settings, variants)).number})


def describe_progress(session: Session, request: Request) -> Response:
    """Answer with how a fill goes, after a wait if nothing is new."""
    query = request.query
    after = query.integer("after", -1, 2**31) if "after" in query else None
    return Response.json(session.filler.job(query.integer("job", 0, 2**31)).describe(after))


def cancel_filling(session: Session, request: Request) -> Response:
    """End a fill."""
    job = session.filler.job(request.query.integer("job", 0, 2**31))
    job.cancel()
    return Response.json(job.describe(None))


def describe_command(session: Session, request: Request) -> Response:
    """Answer with the command that does the same."""
    query = request.query
    settings, variants = _settings(query)
    name = query.text("output", session.saver.output_name)
    variant = query.integer("variant", 0, variants - 1, 0)
    return Response.json({"command": session.saver.command(settings, variant, name)})


def save(session: Session, request: Request) -> Response:
    """Save what was filled, and the mask."""
    version, variant = _version(session, request.query)
    version.check(variant)
    name, force = request.query.text("output", session.saver.output_name), request.query.integer("force", 0, 1, 0)
    saved = session.saver.save(version, variant, name, force=bool(force))
    mask = None if saved.mask is None else str(saved.mask)
    return Response.json({"output": str(saved.output), "mask": mask, "record": saved.record, "notes": saved.notes})


def save_mask(session: Session, request: Request) -> Response:
    """Save a mask alone."""
    name, force = request.query.text("output", session.saver.mask_name), request.query.integer("force", 0, 1, 0)
    path = session.saver.save_mask(_mask(session, request), name, force=bool(force))
    return Response.json({"mask": str(path)})


def close(session: Session, request: Request) -> Response:
    """Stop the server."""
    return Response.json({"saved": [str(path) for path in session.saver.paths]}, is_last=True)


def _mask_limit(session: Session) -> int:
    return bits.limit(session.image.shape)


def _upload_limit(session: Session) -> int:
    return UPLOAD_PER_PIXEL * math.prod(session.image.shape) * len(session.image.picture.pages) + 2**20


ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "/api/image"): Route(describe_image),
    ("GET", "/api/tile"): Route(send_tile),
    ("GET", "/api/values"): Route(describe_pixel),
    ("GET", "/api/mask"): Route(send_mask),
    ("GET", "/api/progress"): Route(describe_progress),
    ("POST", "/api/find"): Route(find_damage),
    ("POST", "/api/similar"): Route(find_like),
    ("POST", "/api/change"): Route(change_mask, _mask_limit),
    ("POST", "/api/upload"): Route(take_upload, _upload_limit),
    ("POST", "/api/fill"): Route(start_filling, _mask_limit),
    ("POST", "/api/cancel"): Route(cancel_filling),
    ("POST", "/api/command"): Route(describe_command),
    ("POST", "/api/save"): Route(save),
    ("POST", "/api/save-mask"): Route(save_mask, _mask_limit),
    ("POST", "/api/close"): Route(close),
}


def _contrast(session: Session, query: Query) -> Contrast:
    low, high = session.image.extent.proposed
    return Contrast(query.number("low", -NUMBER, NUMBER, low), query.number("high", -NUMBER, NUMBER, high))


def _pixel(session: Session, query: Query) -> tuple[int, int]:
    rows, columns = session.image.shape
    return query.integer("x", 0, columns - 1), query.integer("y", 0, rows - 1)


def _version(session: Session, query: Query) -> tuple[Version, int]:
    """Return the version and the variant that are asked for, the newest and the first by default."""
    newest = session.versions.newest()
    number = query.integer("version", 0, 2**31, None if newest is None else newest.number)
    return session.versions[number], query.integer("variant", 0, VARIANTS_LIMIT - 1, 0)


def _mask(session: Session, request: Request) -> Mask:
    """Return the mask in the body of a request."""
    shape = session.image.shape
    if request.window is None:
        return bits.unpack(request.body, shape)
    window, mask = bits.Window.parse(request.window, shape), np.zeros(shape, bool)
    mask[window.slices] = bits.unpack(request.body, (window.height, window.width))
    return mask


def _settings(query: Query) -> tuple[Settings, int]:
    """Return the settings of a fill, and the number of its variants."""
    fill = query.choice("fill", get_args(Fill), "expected")
    variants = query.integer("variants", 1, VARIANTS_LIMIT, 1)
    if variants > 1 and fill != "texture":
        raise InputError("variants are for fill=texture; the expected value has one")
    seed = query.integer("seed", 0, SEED_LIMIT - 1 - variants, 0)
    reg = query.choice("reg", tuple(REGULARIZERS["inpaint"])) if query.text("reg", "") else None
    return make_settings(fill=fill, seed=seed, reg=reg), variants


def _numbers(values: Pixels) -> list[float | int | None]:
    """Return the values of a pixel for JSON, which has no NaN."""
    return [value if math.isfinite(value) else None for value in np.atleast_1d(values).tolist()]
