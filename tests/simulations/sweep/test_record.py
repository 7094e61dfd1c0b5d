import json
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from simulations.sweep import record
from simulations.sweep.blocks import Plan, planned
from simulations.sweep.record import Record, begun
from simulations.sweep.store import opened, opened_by_job
from tests.simulations.sweep.small import DRAWN, filled, sweep
from theory.common.code import code_digest
from theory.common.errors import UserError

PLAN = planned(DRAWN, sweep())
ROOT = Path(__file__).parents[3]
NO_CODE = shutil.ignore_patterns("__pycache__")


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (
            "r=0.2:1.1:5",
            "axis r: 4 values there, 5 asked for; value 2: 0.5 there, 0.42.* asked",
        ),
        ("ratio=0.5,20", "axis ratio: 5 values there, 2 asked for; value 2: 5.375 there, 20.0 ask"),
        ("seeds=3", "axis seed: 2 values there, 3 asked for; value 3: no more there, 2 asked for"),
        ("steps=51", "steps: 50 there, 51 asked for"),
        ("rule=GD", "rule: signGD there, GD asked for"),
        ("r=1", "axis r: .* there, nothing asked for; r: nothing there, 1.0 asked for"),
    ],
)
def test_other_settings_are_named(tmp_path, option, told):
    opened(tmp_path, PLAN)
    before = (tmp_path / "sweep.json").read_bytes()
    with pytest.raises(UserError, match=f"holds another sweep. .*{told}.*Choose another folder"):
        opened(tmp_path, Plan(DRAWN, sweep(option), PLAN.rows_per_block))
    assert (tmp_path / "sweep.json").read_bytes() == before


def test_what_only_bits_or_order_tell_apart_is_another_sweep(tmp_path):
    here = replace(PLAN.sweep, fixed=(("x", 0.0), ("y", 1)))
    for other, told in (
        (replace(here, fixed=(("x", -0.0), ("y", 1))), "x: 0.0 there, -0.0 asked for"),
        (replace(here, fixed=(("x", 0.0), ("y", 1.0))), "y: 1 there, 1.0 asked for"),
        (replace(here, fixed=here.fixed[::-1]), "are in another order"),
        (replace(here, axes=here.axes[::-1]), "are in another order"),
    ):
        opened(tmp_path, replace(PLAN, sweep=here))
        with pytest.raises(UserError, match=told):
            opened(tmp_path, replace(PLAN, sweep=other))


def test_other_versions_are_refused_or_accepted_by_name(tmp_path, monkeypatch):
    first = filled(tmp_path, PLAN)
    monkeypatch.setattr(record, "_code_digest", lambda _: "0123abcd")
    for refusing in (opened, opened_by_job):
        with pytest.raises(
            UserError, match=r"computed by other versions.* there, code 0123abcd, j"
        ):
            refusing(tmp_path, PLAN)
    both = opened(tmp_path, PLAN, accept_versions=True)
    assert both.missing(range(PLAN.blocks)) == []
    assert [v.startswith("code 0123abcd,") for v in begun(tmp_path).versions] == [False, True]
    both.write(0, first.read(0))
    assert b"0123abcd" in pq.read_schema(both.path(0)).metadata[b"versions"]
    assert opened_by_job(tmp_path, PLAN).record == both.record
    # Once accepted, each goes on, and signs its own blocks.
    monkeypatch.undo()
    again = opened(tmp_path, PLAN)
    assert again.missing(range(PLAN.blocks)) == []
    assert again.record.versions == both.record.versions[::-1]


@pytest.mark.parametrize("which", ["training", "memory", "scaling"])
def test_sweeps_depend_on_what_computes_and_on_no_page_picture_or_command(which, tmp_path):
    """In a copy of the code: words, pages, pictures and commands leave the digest."""
    for package in ("theory", "simulations"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=NO_CODE)
    starts = {
        "training": "simulations/sweep/training.py",
        "memory": "simulations/studies/memory/runs.py",
        "scaling": "simulations/studies/scaling/experiment.py",
    }

    def digest():
        return code_digest.__wrapped__(tmp_path / starts[which], tmp_path)

    first = digest()
    assert first == code_digest(ROOT / starts[which])
    for path in (
        *(p for p in (tmp_path / "theory/report").rglob("*") if p.is_file()),
        *(tmp_path / "simulations").rglob("draw.py"),
        *(tmp_path / "simulations").rglob("report.py"),
        *tmp_path.glob("*/__main__.py"),
        tmp_path / "theory/common/figure.py",
        tmp_path / "simulations/sweep/command.py",
    ):
        path.write_text(f"{path.read_text()}\nx = 1\n")
    assert digest() == first
    settings = tmp_path / "simulations/studies/memory/settings.py"
    settings.write_text(settings.read_text().replace("Vary what Adam", "# said\n    Vary what"))
    assert digest() == first
    for name in ("simulations/engine/program.py", "theory/model/minibatch.py"):
        path = tmp_path / name
        before = path.read_text()
        path.write_text(f"{before}\nx = 1\n")
        assert digest() != first, name
        path.write_text(before)
    assert digest() == first


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data | {"digest": "0"},
        lambda data: data | {"versions": []},
        lambda data: data | {"settings": data["settings"] | {"rows": 41}},
        lambda data: {"digest": data["digest"]},
        lambda data: [],
    ],
    ids=["digest", "versions", "settings", "part", "list"],
)
def test_a_record_that_was_changed(tmp_path, damage):
    opened(tmp_path, PLAN)
    path = tmp_path / "sweep.json"
    assert begun(tmp_path).digest == PLAN.digest
    path.write_text(json.dumps(damage(json.loads(path.read_text()))))
    with pytest.raises(
        UserError, match=r"sweep.json: expected the record of a sweep, got somethin"
    ):
        begun(tmp_path)


def test_a_record_knows_its_blocks():
    first = Record.of(PLAN, "v")
    assert first.blocks == PLAN.blocks
    rows = [first.rows_of(block) for block in range(first.blocks)]
    assert rows == [stop - first for first, stop in map(PLAN.span, range(PLAN.blocks))]
