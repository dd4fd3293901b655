import os

import pytest

from inrr_cli import __main__, cli, interruption


@pytest.mark.parametrize("given", [None, "7"])
def test_threads_spin_only_briefly_unless_the_user_sets_it(monkeypatch, given):
    monkeypatch.setattr(cli, "app", lambda prog_name: None)
    for name in ("heed_signals", "ignore_signals"):
        monkeypatch.setattr(interruption, name, lambda: None)
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    if given:
        monkeypatch.setenv("GOMP_SPINCOUNT", given)
    __main__.main()
    assert os.environ["GOMP_SPINCOUNT"] == (given or "10000")
    monkeypatch.delenv("GOMP_SPINCOUNT")
