"""The images of a run: a data set's, filtered before training where its spec says so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from nn_experiments import data
from nn_experiments.data.images import DataSet
from nn_experiments.frequency import filters
from nn_experiments.specs import DataSpec


@dataclass(frozen=True)
class Loader:
    """Reads the images of a spec; sent to each process that trains.

    Attributes:
        data_dir: where to look for data sets, and to download them to.
        download: whether a data set that is not found is downloaded.

    """

    data_dir: Path | None = None
    download: bool = True

    def __call__(self, spec: DataSpec) -> DataSet:
        """Return the images on the CPU; only those to train on are filtered (Observation I).

        Raises:
            UserError: there is no such data set, or its files are missing or damaged.

        """
        whole = replace(spec, filtered_by="", filtered_percent=0)
        found = data.load(whole, data_dir=self.data_dir, download=self.download)
        if not spec.filtered_by:
            return found
        return replace(
            found, train=filters.filtered(found.train, spec.filtered_by, spec.filtered_percent)
        )
