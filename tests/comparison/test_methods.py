import pytest

from inrr_cli.comparison import peers
from inrr_cli.comparison.methods import DEFAULT, OURS, parse_methods
from inrr_cli.errors import InputError
from inrr_cli.settings import make_settings


@pytest.fixture
def without_opencv(monkeypatch):
    monkeypatch.setattr(peers, "find_spec", lambda package: None if package == "cv2" else object())


def test_every_method_of_ours_has_settings():
    chosen = {(settings.net, settings.reg, settings.fill) for settings in (make_settings(**o) for o in OURS.values())}
    assert ("grid", "patch", "expected") in chosen
    assert ("grid", "patch", "texture") in chosen
    assert ("siren", "inrr", "expected") in chosen


def test_by_default_ours_and_all_that_is_installed_are_compared(without_opencv):
    present, absent = parse_methods(None)
    assert present == [name for name in DEFAULT if name not in absent]
    assert absent == ["telea", "navier-stokes", "fsr"]
    assert "fsr-best" not in present  # slow


def test_names_are_separated_by_commas_in_their_order():
    assert parse_methods(" cubic, patch,siren-patch ") == (["cubic", "patch", "siren-patch"], [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("biharmonics", "did you mean 'biharmonic'?"),
        ("siren-pach", "did you mean 'siren-patch'?"),
        ("photoshop", "inrr compare --help lists them"),
        ("patch,patch", "twice"),
        (",", "no method"),
    ],
)
def test_names_are_checked(text, message):
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        parse_methods(text)


def test_if_nothing_can_run_the_error_says_what_to_install(without_opencv):
    with pytest.raises(InputError, match="pip install opencv-contrib-python-headless"):
        parse_methods("telea")
