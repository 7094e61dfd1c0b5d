"""What a study asks for and its data cannot give: told before any work."""

from __future__ import annotations

from collections.abc import Sequence

from nn_experiments.data.images import DataSet
from nn_experiments.frequency.filters import require_removed
from nn_experiments.measures.measure import Measure
from nn_experiments.study import Study
from theory.common.errors import UserError


def require_classes(name: str, data: DataSet) -> None:
    """Refuse images of one class, and fewer training images than classes.

    Raises:
        UserError: there is nothing to tell apart, or a class without an image.

    """
    if data.classes < 2:
        raise UserError(
            f"{name}: expected images of two classes or more, got {data.classes}: there is nothing "
            "to tell apart. Use other images."
        )
    if len(data.train) < data.classes:
        raise UserError(
            f"train_images: expected at least {data.classes}, one of each class, got "
            f"{len(data.train)}. Train on more."
        )


def require_given(study: Study, data: DataSet) -> None:
    """Refuse what cannot be measured as it is asked for, rather than measure something else.

    Raises:
        UserError: more test images are asked for than there are, or the study asks for something
            else that they do not have: a filter, say, would remove no frequency.

    """
    require_images(_all_measures(study), len(data.test))
    study.require(data)
    if study.base.data.filtered_by:
        percents = (study.base.data.filtered_percent,)
        require_removed("data.filtered_percent", percents, data.shape)


def _all_measures(study: Study) -> list[Measure]:
    return [measure for cell in study.cells() for measure in study.measures(cell)]


def require_images(measures: Sequence[Measure], available: int) -> None:
    """Refuse measures of more test images than there are.

    Raises:
        UserError: a measure asks for more; all settings that do are named.

    """
    asked = {name: n for measure in measures for name, n in measure.images.items()}
    beyond = {name: n for name, n in sorted(asked.items()) if n > available}
    if beyond:
        raise UserError(
            f"{', '.join(beyond)}: expected at most {available}, as many as there are test images, "
            f"got {', '.join(map(str, beyond.values()))}. Ask for fewer."
        )
