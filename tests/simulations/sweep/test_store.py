import json
import shutil
from collections import namedtuple
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from simulations.sweep import store as store_module
from simulations.sweep.blocks import Column, Computation, Plan, planned, row_bytes
from simulations.sweep.store import (
    Record,
    Store,
    begun,
    opened,
    opened_by_job,
    read_columns,
    require_disk,
)
from tests.simulations.sweep.small import DRAWN, sweep
from theory.artefacts import environment
from theory.errors import UserError

DTYPES = ("float64", "float32", "int64", "int32", "int8", "uint32", "bool")
PLAN = planned(DRAWN, sweep())


def filled(folder, plan=PLAN):
    store = opened(folder, plan)
    for block in range(plan.blocks):
        points = plan.points(block)
        store.write(block, {**points.swept, **plan.computation(points)})
    return store


def same(a, b):
    return list(a) == list(b) and all(
        a[k].dtype == b[k].dtype and a[k].shape == b[k].shape and a[k].tobytes() == b[k].tobytes()
        for k in a
    )


def test_every_bit_of_every_type_comes_back(tmp_path):
    rng = np.random.default_rng(0)

    def noise(points):
        return {
            name: rng.integers(0, 256, (2 * n, np.dtype(dtype).itemsize), np.uint8)
            .view(dtype)
            .reshape(n, 2)[:, : 1 if name.endswith("s") else 2]
            .squeeze(axis=1 if name.endswith("s") else ())
            for dtype in DTYPES[:-1]
            for name in (f"{dtype}s", f"{dtype}_pairs_")
            for n in (len(points),)
        } | {
            "bool": points.rows % 3 == 0,
            "floats": np.resize([np.nan, -0.0, np.inf, 5e-324], len(points)),
        }

    columns = [
        Column(name, dtype, length)
        for dtype in DTYPES[:-1]
        for name, length in ((f"{dtype}s", None), (f"{dtype}_pairs_", 2))
    ] + [Column("bool", bool), Column("floats", float)]
    plan = planned(
        Computation("noise", noise, tuple(columns)), sweep("rule=GD,signGD", "steps=3,1")
    )
    store = opened(tmp_path, plan)
    points = plan.points(0)
    written = {**points.swept, **plan.computation(points)}
    store.write(0, written)
    assert same(store.read(0), written)
    assert same(read_columns(tmp_path), written)
    assert same(read_columns(tmp_path, ["bool", "rule"]), {k: written[k] for k in ("bool", "rule")})


def test_a_block_is_a_parquet_file_that_says_what_it_is(tmp_path):
    store = filled(tmp_path)
    schema = pq.read_schema(store.path(1))
    assert [field.name for field in schema] == ["r", "ratio", "seed", "z"]
    assert not any(field.nullable for field in schema)
    metadata = {k.decode(): v.decode() for k, v in schema.metadata.items()}
    assert metadata["sweep"] == PLAN.digest
    assert metadata["block"] == "1"
    code, *libraries = metadata["versions"].split(", ")
    assert code == f"code {store_module._code_digest()}"
    found = environment()["packages"]
    assert libraries == [f"{name} {found[name]}" for name in ("jax", "jaxlib", "numpy")]


def test_the_same_numbers_are_the_same_bytes(tmp_path):
    here, there = filled(tmp_path / "here"), filled(tmp_path / "there")
    for block in range(PLAN.blocks):
        assert here.path(block).read_bytes() == there.path(block).read_bytes()


def test_no_damage_passes_for_a_block(tmp_path):
    store = filled(tmp_path)
    good, path = store.read(1), store.path(1)
    data = path.read_bytes()
    rng = np.random.default_rng(0)

    def found(damaged):
        path.write_bytes(damaged)
        return store.read(1)

    assert not any(found(data[:length]) for length in range(0, len(data), 23))
    assert found(data[:-1]) is None
    assert found(data + b"\0") is None
    detected = 0
    for place in rng.choice(len(data), 300, replace=False):
        flipped = bytearray(data)
        flipped[place] ^= 1 << int(rng.integers(8))
        after = found(bytes(flipped))
        assert after is None or same(after, good)
        detected += after is None
    # What may change unseen is a second copy of the schema, and what says who wrote the file.
    assert detected > 150
    assert same(found(data), good)


def test_numbers_changed_with_the_format_s_own_checksums_in_order_are_found(tmp_path):
    store = filled(tmp_path)
    table = pq.read_table(store.path(0))
    z = table["z"].combine_chunks()
    numbers = z.flatten().to_numpy()
    nudged = np.where(np.arange(len(numbers)) == 5, np.nextafter(numbers, 9), numbers)
    for changed in (nudged, numbers.view(np.int64)):
        other = type(z).from_arrays(changed, 3)
        field = table.schema.field("z").with_type(other.type)
        pq.write_table(table.set_column(3, field, other), store.path(0))
        assert store.read(0) is None
        # Another column than the one that was changed is whole.
        assert store.read(0, ["r"]) is not None
    pq.write_table(table, store.path(0))
    assert store.read(0) is not None


def test_blocks_from_elsewhere_are_missing(tmp_path, monkeypatch):
    store = filled(tmp_path / "a")
    other = filled(tmp_path / "b", planned(DRAWN, sweep("steps=51")))
    assert store.missing(range(PLAN.blocks)) == []
    shutil.copy(other.path(1), store.path(1))
    shutil.copy(store.path(2), store.path(3))
    store.path(4).unlink()
    assert store.missing(range(PLAN.blocks)) == [1, 3, 4]
    # Those of versions that the record does not name.
    elsewhere = replace(store.record, versions=("other code",))
    assert Store(store.folder, elsewhere).missing(range(PLAN.blocks)) == list(range(PLAN.blocks))
    with pytest.raises(UserError, match=r"expected 6 blocks .* block-00001.parquet missing or"):
        read_columns(tmp_path / "a")


def test_reading_what_is_not_there(tmp_path):
    with pytest.raises(UserError, match=r"no sweep.json. Run it first"):
        read_columns(tmp_path)
    filled(tmp_path)
    with pytest.raises(UserError, match=r"no column y; expected r, ratio, seed, z"):
        read_columns(tmp_path, ["y"])


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
    first = filled(tmp_path)
    monkeypatch.setattr(store_module, "_code_digest", lambda: "0123abcd")
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


def test_other_code_has_another_digest(tmp_path, monkeypatch):
    for package in ("theory", "simulations"):
        (tmp_path / package / "deep").mkdir(parents=True)
    (tmp_path / "theory" / "__init__.py").write_text("")
    file, elsewhere = tmp_path / "simulations" / "deep" / "a.py", tmp_path / "README.md"
    monkeypatch.setattr("theory.__file__", str(tmp_path / "theory" / "__init__.py"))
    seen = []
    for changed, text in [(file, "x = 1"), (file, "x = 2"), (elsewhere, "x"), (file, "x = 1")]:
        changed.write_text(text)
        seen.append(store_module._code_digest())
    assert seen[0] != seen[1] == seen[2]
    assert seen[3] == seen[0]


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


def test_a_folder_without_its_record_keeps_whole_blocks(tmp_path):
    filled(tmp_path)
    (tmp_path / "sweep.json").unlink()
    assert begun(tmp_path) is None
    assert opened(tmp_path, PLAN).missing(range(PLAN.blocks)) == []
    with pytest.raises(UserError, match=r"expected a sweep in"):
        opened_by_job(tmp_path / "elsewhere", PLAN)


def test_what_a_killed_process_was_writing_is_deleted(tmp_path):
    (tmp_path / ".part-x").mkdir()
    (tmp_path / ".part-x" / "block-00000.parquet").write_text("PAR1")
    opened(tmp_path, PLAN)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["sweep.json"]


def test_the_disk_is_not_promised_less_than_files_take(tmp_path):
    def noise(points):
        rng = np.random.default_rng(points.rows[0])
        return {"x": rng.normal(size=len(points)), "z": rng.normal(size=(len(points), 20))}

    columns = (Column("x", float), Column("z", float, 20))
    for count in (2, 1000):
        plan = planned(
            Computation("noise", noise, columns, most_rows=6000),
            sweep(f"ratio=1:2:{count}", "rule=GD,signGD"),
        )
        filled(tmp_path / str(count), plan)
        taken = sum(file.stat().st_size for file in (tmp_path / str(count)).glob("*.parquet"))
        assert taken <= plan.bytes_on_disk
    # Random numbers cannot be packed, but axes can: a promise without a twentieth of the numbers
    # would be too low, if axes were not counted as they are.
    axes = row_bytes(replace(plan.computation, columns=()), plan.sweep) * plan.sweep.rows
    fewer = replace(plan.computation, columns=(Column("z", float, 20),))
    assert replace(plan, computation=fewer).bytes_on_disk - axes < taken


def test_what_does_not_fit_on_the_disk(tmp_path, monkeypatch):
    far = tmp_path / "not" / "there"
    plan = Plan(DRAWN, sweep("steps=1:1000000000000"), 2**30)
    with pytest.raises(UserError, match=r"free at .*, got 40000000000000 points, which take about"):
        require_disk(far, plan)
    assert not far.parent.exists()
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(PLAN.bytes_on_disk // 2))
    require_disk(tmp_path, PLAN, share=0.5)
    with pytest.raises(UserError, match=r"which take about"):
        require_disk(tmp_path, PLAN, share=0.51)


def test_a_record_knows_its_blocks():
    record = Record.of(PLAN, "v")
    assert record.blocks == PLAN.blocks
    rows = [record.rows_of(block) for block in range(record.blocks)]
    assert rows == [stop - first for first, stop in map(PLAN.span, range(PLAN.blocks))]
