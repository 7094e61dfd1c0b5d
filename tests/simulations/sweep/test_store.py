import shutil
from collections import namedtuple
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from simulations.sweep import record
from simulations.sweep.blocks import Column, Computation, Plan, planned, row_bytes
from simulations.sweep.record import begun
from simulations.sweep.store import Store, opened, opened_by_job, read_columns, require_disk
from tests.simulations.sweep.small import DRAWN, filled, sweep
from theory.common.environment import environment
from theory.common.errors import UserError

DTYPES = ("float64", "float32", "int64", "int32", "int8", "uint32", "bool")
PLAN = planned(DRAWN, sweep())


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
    store = filled(tmp_path, PLAN)
    schema = pq.read_schema(store.path(1))
    assert [field.name for field in schema] == ["r", "ratio", "seed", "z"]
    assert not any(field.nullable for field in schema)
    metadata = {k.decode(): v.decode() for k, v in schema.metadata.items()}
    assert metadata["sweep"] == PLAN.digest
    assert metadata["block"] == "1"
    code, *libraries = metadata["versions"].split(", ")
    assert code == f"code {record._code_digest()}"
    found = environment()["packages"]
    assert libraries == [f"{name} {found[name]}" for name in ("jax", "jaxlib", "numpy")]


def test_the_same_numbers_are_the_same_bytes(tmp_path):
    here, there = filled(tmp_path / "here", PLAN), filled(tmp_path / "there", PLAN)
    for block in range(PLAN.blocks):
        assert here.path(block).read_bytes() == there.path(block).read_bytes()


def test_no_damage_passes_for_a_block(tmp_path):
    store = filled(tmp_path, PLAN)
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
    store = filled(tmp_path, PLAN)
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
    store = filled(tmp_path / "a", PLAN)
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
    filled(tmp_path, PLAN)
    with pytest.raises(UserError, match=r"no column y; expected r, ratio, seed, z"):
        read_columns(tmp_path, ["y"])


def test_a_folder_without_its_record_keeps_whole_blocks(tmp_path):
    filled(tmp_path, PLAN)
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
