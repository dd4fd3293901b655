"""How long work tells where it is."""

from collections.abc import Callable

# Called with what is done, what there is to do, and a number that says how it goes: a loss, or a last change.
Progress = Callable[[int, int, float], None]
