"""A report as one HTML file that needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
import json
import platform
from datetime import datetime
from importlib.resources import files
from typing import Any

from inrr_cli.report.model import Report
from inrr_cli.report.numbers import in_digits


def render_report(report: Report) -> bytes:
    """Return a report as the bytes of an HTML file.

    The file holds its pictures, style and script, and its content policy forbids any request. All texts are escaped.

    Parameters
    ----------
    report : Report
        With one page at least, and in each page one pane at least; the panes of a page have one shape. Slider, lens,
        outline, bars and histogram follow from the pages.

    Examples
    --------
    >>> import numpy as np
    >>> from inrr_cli.report import Pane, Report, ReportPage, render_report
    >>> image = np.zeros((8, 8), np.uint8)
    >>> page = ReportPage("grey.png", [Pane("Before", image), Pane("Restored", image)], missing=image > 0)
    >>> render_report(Report("grey.png", "One image.", [page]))[:15]
    b'<!doctype html>'
    """
    from inrr_cli.report.citation import citation_bibtex, citation_text
    from inrr_cli.report.encoding import encode_thumbnail
    from inrr_cli.report.figures import page_contrast
    from inrr_cli.report.reduction import choose_step
    from inrr_cli.report.sections import make_section

    pages = report.pages
    steps = [choose_step(page.restored.pixels.shape, len(pages)) for page in pages]
    sections = [make_section(page, number, step) for number, (page, step) in enumerate(zip(pages, steps, strict=True))]
    first = pages[0].restored
    every = max(1, max(first.pixels.shape[:2]) // 256)
    small = page_contrast(pages[0]).view(first.pixels[::every, ::every])
    return render_template(
        "report.html",
        "report.js",
        report=report,
        thumbnail=encode_thumbnail(small),
        sections=sections,
        colours=_colour_tables(),
        environment=environment(),
        record={name: value for name, value in report.record.items() if value is not None},
        citation=citation_text(),
        bibtex=citation_bibtex(),
    )


def render_template(name: str, script: str, **values: Any) -> bytes:
    """Return a page of the templates with the style, a script, and the policy that allows this script alone."""
    import jinja2
    from markupsafe import Markup

    static = files("inrr_cli.report").joinpath("static")
    style, theme, own = (static.joinpath(file).read_text("utf-8") for file in ("style.css", "theme.js", script))
    code = theme + own
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    pages = jinja2.Environment(
        autoescape=True,
        loader=jinja2.PackageLoader("inrr_cli.report"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    pages.filters["show"] = show
    text = pages.get_template(name).render(
        style=Markup(style),
        script=Markup(code),
        policy=policy,
        **values,
    )
    return text.encode("utf-8", "replace")


def environment() -> dict[str, str]:
    """Return the versions, the platform and the time, for a lab book."""
    import numpy as np
    import torch

    from inrr_cli import __version__

    return {
        "inrr": __version__,
        "Python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": str(np.__version__),
        "platform": platform.platform(),
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
    }


def show(value: object) -> str:
    """Return a value of a record or a table as people write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return in_digits(value, 5)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(map(show, value))
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _colour_tables() -> dict[str, list[int]]:
    """Return the colours of the maps as numbers, by which the lens reads values."""
    from inrr_cli.imaging import colour_maps

    maps = {"sequential": colour_maps.sequential(), "diverging": colour_maps.diverging()}
    return {name: (table.astype(int) @ [65536, 256, 1]).tolist() for name, table in maps.items()}
