import pytest
import torch

from inrr_cli.device import available_devices, choose_device, has_fast_bfloat16
from inrr_cli.errors import InputError


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(True, True, "cuda"), (False, True, "mps"), (True, False, "cuda"), (False, False, "cpu")],
)
def test_auto_takes_the_fastest_device(monkeypatch, cuda, mps, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert choose_device("auto").type == expected
    assert choose_device("cpu").type == "cpu"
    assert ("cuda" in available_devices()) == cuda


def test_an_unavailable_device_is_an_input_error(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="cuda is not available here; use"):
        choose_device("cuda")


@pytest.mark.parametrize(("flag", "fast"), [("avx512_bf16", True), ("amx_bf16", True), ("bf16", True), ("avx2", False)])
def test_bfloat16_follows_the_processor(monkeypatch, flag, fast):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {flag: True}, raising=False)
    assert has_fast_bfloat16(torch.device("cpu")) is fast


def test_bfloat16_is_not_used_on_mps():
    assert has_fast_bfloat16(torch.device("mps")) is False
