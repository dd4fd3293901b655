"""What a command does with an image, for `inrr_cli.cli.restoring`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from numpy.typing import NDArray

from inrr_cli.cli.files import Files
from inrr_cli.engine import Control
from inrr_cli.forecast import Forecast
from inrr_cli.imaging.metadata import IDENTITY, PixelTransform
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.value_range import Pixels, ValueRange
from inrr_cli.result import Measurement, Result

if TYPE_CHECKING:
    from inrr_cli.cli.reporting import Pages


class Job(ABC):
    """The work of a command on one image.

    Attributes
    ----------
    command : str
        "inpaint" or "superres".
    template : Picture
        A picture like the output, for its format and metadata.
    numbers : list of int
        Pages that are restored, from 0.
    transform : PixelTransform
        Where the pixels of the output lie in the input.
    """

    command: ClassVar[str]
    template: Picture
    numbers: list[int]
    transform: PixelTransform = IDENTITY

    @abstractmethod
    def announce(self) -> None:
        """Tell the user what will be done; raise InputError if nothing is to do."""

    @abstractmethod
    def like(self) -> list[Pixels]:
        """Return arrays of the shape and dtype of each restored page: what a reference must agree with."""

    @abstractmethod
    def measurement(self, truths: list[NDArray[Any]] | None) -> Measurement:
        """Return what the results are measured against."""

    @abstractmethod
    def check_memory(self) -> None:
        """Raise InputError if the work does not fit in memory."""

    @abstractmethod
    def forecast(self) -> Forecast:
        """Return what the work will take."""

    @abstractmethod
    def advice(self) -> str:
        """Return what to do if memory does not suffice; empty if nothing helps."""

    @abstractmethod
    def run(self, control: Control) -> dict[int, Result]:
        """Restore each page, by number; fewer results than pages if the run was interrupted."""

    def is_complete(self, results: Mapping[int, Result]) -> bool:
        """Whether all pages were restored, each to the end."""
        return all(number in results and results[number].completed for number in self.numbers)

    @abstractmethod
    def output(self, results: Mapping[int, Result]) -> Picture:
        """Return the picture to write."""

    def extra_pictures(
        self, files: Files, results: Mapping[int, Result], value_range: ValueRange
    ) -> dict[Path, Picture]:
        """Return the further pictures to write; before the work with no results, for a check."""
        return {}

    @abstractmethod
    def report_pages(self, found: Mapping[int, Result], measurement: Measurement) -> Pages:
        """Return what a report shows of the results, which the ``measurement`` is of."""

    def facts(self) -> dict[str, Any]:
        """Return what the record says of this command alone."""
        return {"pages": len(self.template.pages)}
