"""A command on a study: plan, train, measure, judge, write, each once and in this order."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from nn_experiments.definition import Definition
from nn_experiments.evidence import store
from nn_experiments.evidence.changes import Rules
from nn_experiments.evidence.findings import Findings
from nn_experiments.evidence.judge import judge
from nn_experiments.evidence.store import MeasuredRun
from nn_experiments.evidence.tables import summary_table
from nn_experiments.flow import estimate, measure, plan, train, write
from nn_experiments.flow.plan import Plan
from nn_experiments.flow.progress import Clock, stage
from nn_experiments.flow.workspace import Workspace
from nn_experiments.measures.measure import PARTS
from nn_experiments.specs import Command
from nn_experiments.study import Study
from nn_experiments.training import RunRecord
from nn_experiments.training.device import on_threads
from nn_experiments.training.grid import over_already
from theory.common.command import BAD_INPUT
from theory.common.console import print_table
from theory.common.errors import UserError
from theory.common.files import replaced_whole
from theory.common.tables import TextTable


def run(command: Command, definition: Definition, settings: object, workspace: Workspace) -> int:
    """Carry out a command, with progress on standard error; return the exit code."""
    # Fixed here, as what the cores shared out are depends on torch's present number.
    workspace = replace(workspace, threads=workspace.cpu_threads)
    with on_threads(workspace.cpu_threads):
        return _run(Plan(command, definition, settings, workspace))


def _run(planned: Plan) -> int:
    command, workspace = planned.command, planned.workspace
    clock = Clock(workspace.out / "seconds.json")
    fixed, code = _fixed(planned), 0
    if command in ("compare", "train"):
        planned = _settled(planned, clock)
        records = _trained(planned, clock)
        code = _code(planned, records)
        if command == "train":
            return code
    elif command in ("tables", "figures"):
        runs = _kept(planned)
        planned = plan.recalled(planned)
        findings = _judged(planned.study, runs, fixed)
        return _again(planned, runs, findings, clock)
    else:
        planned = plan.recalled(planned)
        plan.require_able(planned.study, workspace)
    records = train.trained(planned.study, workspace)
    with _results(workspace) as place:
        runs = _measured(planned, records, place, clock)
        planned.note(place)
        findings = _judged(planned.study, runs, fixed)
        _written(planned.study, runs, findings, records, place, clock)
    print_table(summary_table(findings.summaries))
    print(f"Report: {workspace.out / 'report.md'}")
    return code


def foretold(
    command: Command, definition: Definition, settings: object, workspace: Workspace
) -> TextTable:
    """Return what a command would do and about how long it takes; nothing is written.

    Raises:
        UserError: it cannot be done, for what the settings or the folder are.

    """
    planned = Plan(command, definition, settings, workspace)
    plan.require_possible(planned)
    with on_threads(workspace.cpu_threads):
        return estimate.table_of(planned)


def _fixed(planned: Plan) -> Rules | None:
    return write.fixed_before(planned.workspace.out, list(planned.study.judged_by))


def _settled(planned: Plan, clock: Clock) -> Plan:
    """Check the plan, say what it will take, and follow its rules."""
    plan.require_possible(planned)
    _foretell(planned)
    with stage("preparing", clock) as advance:
        planned = plan.settled(planned, advance)
    planned.note(planned.workspace)
    return planned


def _foretell(planned: Plan) -> None:
    """Say what will take how long, unless nothing is left to train."""
    place = planned.workspace
    todo = [run for run in planned.study.specs() if not over_already(run, place.runs)]
    if todo and place.cluster is None:
        print(
            f"About how long {planned.command} takes here ({place.jobs} at once; attacks as if "
            "all images stood; --plan prints this and stops):",
            file=sys.stderr,
        )
        print_table(estimate.table_of(planned), error=True)


def _trained(planned: Plan, clock: Clock) -> list[RunRecord]:
    with stage("training", clock) as advance:
        return train.train(planned.study, planned.workspace, advance)


def _code(planned: Plan, records: Sequence[RunRecord]) -> int:
    """Say what became of the trainings, and return the exit code."""
    untrained = train.told(planned.study, records)
    if planned.command == "train":
        n = len(records)
        print(f"Trained networks: {n - len(untrained)} of {n}, in {planned.workspace.runs}")
    if not untrained:
        return 0
    return BAD_INPUT if any(record.failed for record in untrained) else 1


def _measured(
    planned: Plan, records: Sequence[RunRecord], place: Workspace, clock: Clock
) -> tuple[MeasuredRun, ...]:
    """Measure the networks, and write down what was measured."""
    parts = (planned.command,) if planned.command in PARTS else PARTS
    threads = place.cpu_threads
    task = measure.Task(planned.origin, place.runs, place.loader, place.device, threads, parts)
    total = measure.missing(task, records)
    with stage("measuring", clock) as advance:
        runs = measure.measure_all(
            task, records, place.jobs, lambda what, weight: advance(what, weight / total)
        )
        if parts != PARTS:
            runs = measure.collect(replace(task, parts=PARTS), records)
        store.save(runs, place.into / place.measurements.name)
    for warning in planned.study.shown.warnings(runs):
        print(warning, file=sys.stderr)
    return runs


def _judged(study: Study, runs: Sequence[MeasuredRun], fixed: Rules | None) -> Findings:
    return judge(study, study.view(runs, study.cells()), fixed)


def _written(
    study: Study,
    runs: Sequence[MeasuredRun],
    findings: Findings,
    records: Sequence[RunRecord],
    place: Workspace,
    clock: Clock,
) -> None:
    with stage("describing", clock) as advance:
        write.tables(study, runs, findings, place)
        drawn, _ = write.figures(study, runs, findings, records, place, advance)
        write.report(study, runs, findings, drawn, clock.so_far, place)


def _kept(planned: Plan) -> tuple[MeasuredRun, ...]:
    """Read what was measured.

    Raises:
        UserError: nothing was, or not all that the study reads: its numbers, in the tables and
            figures that are there, would be lost for dashes.

    """
    path = planned.workspace.measurements
    if not path.exists():
        raise UserError(
            f"expected measurements in {path}, found none. "
            "Run `python -m nn_experiments evaluate` with the same options first."
        )
    runs = store.load(path)
    planned.study.require_measured(runs)
    return runs


def _again(planned: Plan, runs: Sequence[MeasuredRun], findings: Findings, clock: Clock) -> int:
    """Write the tables or the figures again, from what was measured."""
    study, out = planned.study, planned.workspace.out
    with _results(planned.workspace) as place:
        if planned.command == "tables":
            names = write.tables(study, runs, findings, place)
        else:
            records = train.trained(study, place)
            with stage("describing", clock) as advance:
                drawn, pictures = write.figures(study, runs, findings, records, place, advance)
            names = [*drawn, *pictures]
        planned.note(place)
    print(f"{out / planned.command}: {', '.join(names)}")
    print("The report and all else there are as they were; `evaluate` writes them again.")
    return 0


@contextmanager
def _results(workspace: Workspace) -> Iterator[Workspace]:
    """Give the workspace with a folder aside, whose files become results at the end, or none."""
    with replaced_whole(workspace.out, last="report.md") as aside:
        yield replace(workspace, aside=aside)
