"""A command on a preset, stage by stage."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from nn_experiments.flow import estimate
from nn_experiments.flow import plan as compare
from nn_experiments.flow import write as describing
from nn_experiments.flow.progress import Clock, stage
from nn_experiments.flow.workspace import Place
from nn_experiments.specs import Command, Preset
from nn_experiments.training.device import on_threads
from nn_experiments.training.grid import over_already
from theory.common.command import BAD_INPUT
from theory.common.console import print_table
from theory.common.files import replaced_whole
from theory.common.tables import TextTable


class Work:
    """The stages of a command on a preset, with progress on standard error."""

    def __init__(self, command: Command, preset: Preset, place: Place) -> None:
        # Fixed here, as what the cores shared out are depends on torch's present number.
        self.place = replace(place, threads=place.cpu_threads)
        self.command, self.preset = command, preset
        self.clock = Clock(place.out / "seconds.json")

    def run(self) -> int:
        """Go through the stages of the command; return the exit code."""
        with on_threads(self.place.cpu_threads):
            return self._run()

    def _run(self) -> int:
        describing.fixed_before(self.place.out)
        code = 0
        if self.command in ("compare", "train"):
            code = self._train()
        else:
            self._recall()
        if self.command in ("tables", "figures"):
            self._again()
        elif self.command != "train":
            self._measure()
        return code

    def plan(self) -> TextTable:
        """Return what the command would do and about how long it takes; nothing is written.

        Raises:
            UserError: it cannot be done, for what the settings or the folder are.

        """
        compare.require_possible(self.preset, self.place)
        compare.require_room(self.preset, self.place, self.command)
        with on_threads(self.place.cpu_threads):
            return self._estimate()

    def _estimate(self) -> TextTable:
        parts = estimate.estimate(self.preset, self.place, self.command)
        return estimate.table(parts, self.place, self.preset.training_budget)

    def _foretell(self) -> None:
        """Say what will take how long, unless nothing is left to train."""
        todo = [run for run in self.preset.all_runs() if not over_already(run, self.place.runs)]
        if todo and self.place.cluster is None:
            print(
                f"About how long {self.command} takes here ({self.place.jobs} at once; attacks as "
                "if all images stood; --plan prints this and stops):",
                file=sys.stderr,
            )
            print_table(self._estimate(), error=True)

    def _train(self) -> int:
        """Settle the preset and train; return the exit code."""
        compare.require_possible(self.preset, self.place)
        compare.require_room(self.preset, self.place, self.command)
        self._foretell()
        with stage("preparing", self.clock) as advance:
            self.preset = compare.settled(self.preset, self.place, self.command, advance)
        compare.note(self.preset, self.place)
        with stage("training", self.clock) as advance:
            records = compare.train(self.preset, self.place, advance)
        untrained = [record for record in records if not record.finished]
        for record in untrained:
            title = f"{record.spec.optimizer.title} seed {record.spec.seed}"
            print(f"not trained: {title}: {record.status}", file=sys.stderr)
        if self.command == "train":
            trained = len(records) - len(untrained)
            print(f"Trained networks: {trained} of {len(records)}, in {self.place.runs}")
        if not untrained:
            return 0
        return BAD_INPUT if any(record.failed for record in untrained) else 1

    def _recall(self) -> None:
        """Check that what was trained or measured there is the preset's."""
        measures = self.command not in ("tables", "figures")
        if not measures:
            describing.load_measurements(self.preset, self.place)
        self.preset = compare.recalled(self.preset, self.place, self.command)
        if measures:
            compare.require_possible(self.preset, self.place)

    @contextmanager
    def _results(self) -> Iterator[Place]:
        """Give the place with a folder aside, whose files become results at the end, or none."""
        with replaced_whole(self.place.out, last="report.md") as aside:
            yield replace(self.place, aside=aside)

    def _measure(self) -> None:
        parts = {"frequency": ("frequency",), "lipschitz": ("lipschitz",)}
        records = compare.records(self.preset, self.place)
        with self._results() as place:
            with stage("measuring", self.clock) as advance:
                measured = compare.evaluate(
                    self.preset,
                    place,
                    records,
                    advance,
                    *([parts[self.command]] if self.command in parts else []),
                )
            compare.note(self.preset, place)
            with stage("describing", self.clock) as advance:
                describing.draw_images(self.preset, place, records, advance)
                describing.describe(self.preset, place, measured, self.clock.so_far, advance)
        print_table(describing.summary(self.preset, measured, self.place))
        print(f"Report: {self.place.out / 'report.md'}")

    def _again(self) -> None:
        measured = describing.load_measurements(self.preset, self.place)
        with self._results() as place:
            if self.command == "tables":
                names = describing.write_tables(self.preset, measured, place)
            else:
                records = compare.records(self.preset, place)
                with stage("describing", self.clock) as advance:
                    names = describing.draw_again(self.preset, place, records, measured, advance)
            compare.note(self.preset, place)
        print(f"{self.place.out / self.command}: {', '.join(names)}")
        print("The report and all else there are as they were; `evaluate` writes them again.")
