"""The table of records in parts: every shape holds the same, settles the same, and reads what it must."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack

import pytest
import sqlalchemy as sa

from benchmarks import __main__ as command
from benchmarks import shapes
from benchmarks.bench import Bench
from benchmarks.commands import partitions
from benchmarks.shapes import SHAPES

ROWS, DELIVERIES = 200, 6


@pytest.fixture(scope="module")
def engine(tmp_path_factory, postgres_server):
    """A warehouse whose records stand in every shape."""
    with ExitStack() as stack:
        bench = Bench(tmp_path_factory.mktemp("shapes"), stack, repeat=1, postgres=postgres_server.url())
        engine = sa.create_engine(partitions.filled(bench, ROWS, DELIVERIES))
        yield engine
        engine.dispose()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.schema)
def test_a_shape_has_the_indexes_of_the_warehouse_and_every_record_in_a_part(shape, engine):
    with engine.connect() as connection:
        public, own = (
            connection.exec_driver_sql(f"select count(*) from pg_indexes where schemaname = '{name}' and tablename = 'record'").scalar_one()
            for name in ("public", shape.schema)
        )  # fmt: skip
        loaded = connection.exec_driver_sql("select count(*) from public.record").scalar_one()
        held, parts = connection.exec_driver_sql(
            f"select count(*), count(distinct tableoid) from {shape.schema}.record"
        ).one()
    assert own == public > 0
    assert held == loaded * (DELIVERIES - 1) > 0
    assert (parts > 1) == bool(shape.parts)


def test_a_connection_sees_its_shape_and_no_other(engine):
    for shape in SHAPES:
        with shapes.seen(engine, shape) as connection:
            parent = connection.exec_driver_sql("select 'record'::regclass::oid").scalar_one()
            schema = connection.exec_driver_sql(
                f"select relnamespace::regnamespace::text from pg_class where oid = {parent}"
            ).scalar_one()
            assert schema == shape.schema


def test_shapes_that_say_different_states_are_an_error_and_no_figure(engine):
    with engine.connect() as connection:
        shapes.agree(connection)
        connection.exec_driver_sql(
            "update by_key.record set state = 'withdrawn' where record_id = (select min(record_id) from by_key.record)"
        )
        with pytest.raises(RuntimeError, match="do not agree"):
            shapes.agree(connection)


def test_the_command_tells_every_step_of_every_shape(tmp_path, capsys, postgres_server):
    words = ["--rows", "200", "--deliveries", "6", "--repeat", "1", "--json", str(tmp_path / "figures")]
    command.main(["partitions", *words, "--postgres", postgres_server.url()])
    figures = json.loads((tmp_path / "figures").read_text())
    steps = {shape.name: set(figures[shape.name]) for shape in SHAPES}
    assert len(steps[SHAPES[0].name]) == 8
    assert all(own == steps[SHAPES[0].name] for own in steps.values())
    assert len(
        re.findall(r"^\| settle a correction, snapshot \|", capsys.readouterr().out, re.MULTILINE)
    ) == len(SHAPES)
    assert figures["one table"]["which versions stand, append"]["parts"] == 1
    assert figures["hash of record key, 16"]["which versions stand, append"]["parts"] == 16


@pytest.mark.parametrize(
    "words", [["ledger", "--rows", "20", "--deliveries", "3,9"], ["sizes", "--rows", "300"]]
)
def test_what_the_model_stands_on_is_measured_on_both_databases(words, tmp_path, capsys, postgres_server):
    figures = tmp_path / "figures"
    command.main([*words, "--repeat", "1", "--json", str(figures), "--postgres", postgres_server.url()])
    told = json.loads(figures.read_text())
    assert {"SQLite", "PostgreSQL"} <= set(told)
    assert len(re.findall(r"^\|-\|(-:\|)+$", capsys.readouterr().out, re.MULTILINE)) == 2
