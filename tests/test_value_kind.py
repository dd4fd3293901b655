import math

import pytest

from inrr_cli import InputError, make_settings
from inrr_cli.value_kind import ValueKind, parse_values


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("linear", ValueKind("linear")),
        ("labels", ValueKind("labels")),
        ("angle=360", ValueKind("angle", 360.0)),
        ("angle=.5", ValueKind("angle", 0.5)),
        ("angle=2.4e1", ValueKind("angle", 24.0)),
        ("angle=pi", ValueKind("angle", math.pi)),
        ("angle=2pi", ValueKind("angle", 2 * math.pi)),
        ("angle=0.5 * PI", ValueKind("angle", math.pi / 2)),
    ],
)
def test_kinds_are_parsed(text, kind):
    assert parse_values(text) == kind
    assert make_settings(values=text).values == text


@pytest.mark.parametrize("text", ["", "label", "angle", "angle=", "angle=0", "angle=-360", "angle=inf", "angle=1e999"])
def test_other_texts_are_refused(text):
    with pytest.raises(InputError, match="angle"):
        make_settings(values=text)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"values": "labels", "noise": 2.0}, "noise has no meaning for labels"),
        ({"values": "labels", "denoise": True}, "denoise has no meaning for labels"),
        ({"values": "labels", "task": "superres"}, "values must be linear for superres"),
    ],
)
def test_what_has_no_meaning_for_a_kind_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        make_settings(**options)
