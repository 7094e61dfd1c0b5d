"""What a command is to do: settings with what rules choose, checked before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from nn_experiments import models
from nn_experiments.definition import Definition, Origin
from nn_experiments.flow import data_checks, kept, network_checks
from nn_experiments.flow.progress import Advance
from nn_experiments.flow.train import untrained
from nn_experiments.flow.workspace import Workspace
from nn_experiments.specs import Command
from nn_experiments.study import Study
from nn_experiments.updates import optimizers
from theory.common.files import ensure_writable


@dataclass(frozen=True)
class Plan:
    """A command on a study's settings, in a workspace."""

    command: Command
    definition: Definition
    settings: Any
    workspace: Workspace

    @cached_property
    def study(self) -> Study:
        """What is varied, measured and predicted; raises as :meth:`Definition.built`."""
        return self.definition.built(self.settings)

    @property
    def origin(self) -> Origin:
        """What another process builds the study from."""
        return self.definition.origin(self.settings)

    def foreseen(self) -> Plan:
        """Return the plan with what was left to a rule as far as a rule has chosen it."""
        earlier = self.earlier()
        if earlier is None:
            return self
        return replace(self, settings=self.definition.recalled(self.settings, earlier))

    def earlier(self) -> dict[str, Any] | None:
        """Return the settings of the networks or results that are there, if there are any."""
        place = self.workspace
        if not (any(place.runs.glob("*/run.json")) or place.measurements.exists()):
            return None
        return kept.noted(place.out, self.definition.settings)

    def require_kept(self, settings: Any) -> None:
        """Refuse settings with which results that are there would be lost.

        Raises:
            UserError: some would be; what differs is named.

        """
        if (earlier := self.earlier()) is not None:
            losses = self.definition.losses or kept.all_differences
            measured = self.workspace.measurements.exists()
            found = losses(settings, earlier, command=self.command, measured=measured)
            kept.require_kept(found, self.workspace.out)

    def note(self, workspace: Workspace) -> None:
        """Write down which settings the folder's networks are of."""
        earlier: Mapping[str, Any] | None = self.earlier()
        joined = self.definition.joined
        settings = self.settings if earlier is None else joined(self.settings, earlier)
        kept.note(settings, workspace.into)


def require_possible(plan: Plan) -> None:
    """Refuse what cannot be done, for what the settings or the folder are, before any of it is.

    Raises:
        UserError: the folder is of other settings, or as :func:`require_able`.

    """
    require_able(plan.study, plan.workspace)
    plan.require_kept(plan.foreseen().settings)


def require_able(study: Study, workspace: Workspace) -> None:
    """Build once what every run builds, so that a mistake in it is told before anything is done.

    Raises:
        UserError: data are missing, of one class or fewer than classes, there is no such model or
            optimizer, the data cannot give what is asked for
            (:mod:`~nn_experiments.flow.data_checks`), or a model cannot be trained
            (:mod:`~nn_experiments.flow.network_checks`) or measured.

    """
    data = workspace.loader(study.base.data)
    data_checks.require_classes(study.base.data.name, data)
    data_checks.require_given(study, data)
    seen, limited = set(), study.training_budget is not None
    for cell in study.cells_of(study.all_grids()[0]):
        run = study.spec(cell, study.seeds[0])
        model = models.build(run.model, data.shape, data.classes, run.seed)
        key = repr((run.model, run.training))
        if key not in seen:
            seen.add(key)
            for measure in study.measures(cell):
                measure.require(model, data)
            network_checks.require_usable(run.model, run.training, data, model, limited=limited)
        optimizers.build(run.optimizer, model.parameters())


def settled(plan: Plan, advance: Advance) -> Plan:
    """Return the plan with what its settings leave to a rule.

    Raises:
        UserError: data are missing, a rule cannot be followed, or the folder holds networks of
            other settings.

    """
    ensure_writable(plan.workspace.out)
    settings = plan.definition.settled(
        plan.settings,
        workspace=plan.workspace,
        earlier=plan.earlier(),
        require_kept=plan.require_kept,
        advance=advance,
    )
    plan.require_kept(settings)
    return replace(plan, settings=settings)


def recalled(plan: Plan) -> Plan:
    """Return the plan with what was left to a rule, as it was when the networks were trained.

    Raises:
        UserError: nothing was trained, or with other settings.

    """
    if plan.earlier() is None:
        raise untrained(plan.workspace)
    found = plan.foreseen()
    plan.require_kept(found.settings)
    return found
