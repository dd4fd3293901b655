"""Axes of arrays in Python, in the manner of scikit-image: which one is channels and which one numbers the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError


@dataclass(frozen=True)
class ArrayAxes:
    """Which axes of an array are channels and pages; the other two are rows and columns, in this order.

    Attributes
    ----------
    shape : tuple of int
        Of the array.
    channel, stack : int or None
        Numbers of the axes, from 0.
    """

    shape: tuple[int, ...]
    channel: int | None
    stack: int | None

    @classmethod
    def of(cls, shape: tuple[int, ...], channel_axis: int | None, stack_axis: int | None) -> ArrayAxes:
        """Return the axes of an array; without ``channel_axis`` the last axis is channels if there is one too many.

        Raises
        ------
        InputError
            If an axis is not one of the array, is both, or the others are not two.
        """
        count, stack = len(shape), _from_zero("stack_axis", stack_axis, shape)
        if channel_axis is None and count == 3 + (stack is not None):
            left = [axis for axis in range(count) if axis != stack]
            channel: int | None = left[-1]
        else:
            channel = _from_zero("channel_axis", channel_axis, shape)
        if channel is not None and channel == stack:
            raise InputError(f"channel_axis and stack_axis are both axis {stack} of an image of shape {shape}")
        if count - (channel is not None) - (stack is not None) != 2:
            raise InputError(
                f"image of shape {shape}: without channel_axis and stack_axis two axes must be left, rows and columns"
            )
        return cls(shape, channel, stack)

    def pages(self, array: NDArray[Any]) -> list[NDArray[Any]]:
        """Return the pages (M, N[, C]) of an array of the shape, or of its enlargement."""
        if self.channel is not None:
            last = len(self.shape) - 1
            array = np.moveaxis(array, self.channel, last)
        stack = self._stack_without_channels()
        pages = [array] if stack is None else list(np.moveaxis(array, stack, 0))
        return [np.ascontiguousarray(page) for page in pages]

    def masks(self, mask: NDArray[Any]) -> list[NDArray[Any]]:
        """Return the mask of each page: of samples, or of pixels for a mask without the channel axis.

        A mask (M, N) is that of every page.

        Raises
        ------
        InputError
            If the mask has neither of these shapes.
        """
        mask = np.asarray(mask)
        without_channels = tuple(size for axis, size in enumerate(self.shape) if axis != self.channel)
        stack = self._stack_without_channels()
        of_page = tuple(size for axis, size in enumerate(without_channels) if axis != stack)
        if mask.shape == self.shape:
            return self.pages(mask)
        if mask.shape == without_channels:
            return [mask] if stack is None else list(np.moveaxis(mask, stack, 0))
        if mask.shape == of_page:
            return [mask] * (1 if self.stack is None else self.shape[self.stack])
        raise InputError(f"mask of shape {mask.shape} does not fit an image of shape {self.shape}")

    def join(self, pages: list[NDArray[Any]]) -> NDArray[Any]:
        """Undo `pages`; rows and columns may be others."""
        stack = self._stack_without_channels()
        array = pages[0] if stack is None else np.moveaxis(np.stack(pages), 0, stack)
        return np.ascontiguousarray(array if self.channel is None else np.moveaxis(array, -1, self.channel))

    def _stack_without_channels(self) -> int | None:
        """Return the number of the axis of pages once the channels are the last axis."""
        if self.stack is None or self.channel is None:
            return self.stack
        return self.stack - (self.channel < self.stack)


def _from_zero(name: str, axis: int | None, shape: tuple[int, ...]) -> int | None:
    """Return the number of an axis from 0, which may be given from the end as -1."""
    if axis is None:
        return None
    if not -len(shape) <= axis < len(shape):
        raise InputError(f"{name}={axis} is no axis of an image of shape {shape}")
    return axis % len(shape)
