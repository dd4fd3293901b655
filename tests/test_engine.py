"""Progress: parts of a run, and work that is measured in any unit."""

import math

import pytest

from inrr_cli import Control
from inrr_cli.engine import WorkMeter


def recorder():
    calls = []
    return calls, Control(lambda *call: calls.append(call), keep_partial=True)


def test_the_progress_of_parts_adds_up():
    calls, control = recorder()
    for number in range(2):
        part = control.part(number, 2)
        assert part.keep_partial
        for done in (0, 5, 10):
            part.progress(done, 10, 0.5)
    assert [done / total for done, total, _ in calls] == [0, 0.25, 0.5, 0.5, 0.75, 1]
    assert control.part(0, 1) is control
    assert Control().part(1, 3).progress is None


def test_a_meter_turns_work_into_permille():
    calls, control = recorder()
    meter = WorkMeter(control, total=4.0)
    meter.part(1.0)(0.5)
    meter.measure = 0.25
    meter.part(3.0)(1.0)
    assert [call[:2] for call in calls] == [(125, 1000), (1000, 1000)]
    assert math.isnan(calls[0][2])
    assert calls[1][2] == 0.25


def test_a_meter_skips_work_that_is_not_needed_and_stops_at_the_end():
    calls, control = recorder()
    meter = WorkMeter(control, total=2.0)
    meter.part(0.5)
    meter.skip_to(1.0)
    meter.part(1.5)(1.0)  # more than was expected
    assert [done for done, _, _ in calls] == [500, 1000]


@pytest.mark.parametrize("fraction", [0.0, 1.0])
def test_a_meter_without_progress_is_silent(fraction):
    meter = WorkMeter(Control(), total=1.0)
    meter.part(1.0)(fraction)
    assert meter.done == 1.0
