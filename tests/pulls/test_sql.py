from __future__ import annotations

import csv
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from tests import fakes, made_up
from tests.cli.program import configure, etl
from tests.pulls.conftest import Told

ORDER = {"order": ["id"]}


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def database(request, tmp_path):
    """URL of a fresh database of each kind that can be pulled from."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'theirs.sqlite'}"
    elif request.param == "postgres":
        yield request.getfixturevalue("postgres_url")
    else:
        server = request.getfixturevalue("mariadb_server")
        with server.database() as name:
            yield server.url(name)


def told(url: str, *statements: str, values: list[dict] | None = None) -> None:
    """Execute statements, the last one for all values."""
    engine = sa.create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements[: -1 if values else None]:
            connection.exec_driver_sql(statement)
        if values:
            connection.execute(sa.text(statements[-1]), values)


def persons(url: str, count: int) -> None:
    told(
        url,
        "create table person (id integer primary key, name varchar(20), hours decimal(7,2), seen date)",
        "insert into person values (:id, :name, :hours, :seen)",
        values=[
            {"id": at, "name": f"测试{at}" if at % 7 else None, "hours": f"{at}.50", "seen": "2023-09-01"}
            for at in reversed(range(count))
        ],
    )


def records(folder: Path) -> list[dict[str, str | None]]:
    return [each for path in sorted(folder.iterdir()) for each in json.loads(path.read_bytes())]


def test_the_rows_of_a_query_land_in_pages_in_their_order(pulling, database):
    persons(database, 25)
    meter = Told()
    query = "select id, name, seen from person"
    pulled = pulling(meter, sql={"url": database, "query": query, "page_rows": 10, **ORDER})
    assert (pulled.result, pulled.landed) == ("landed", ("pull",))
    assert [each.rows for each in meter.progress] == [10, 20, 25]
    assert [path.name for path in sorted((pulling.landing / "pull").iterdir())] == [
        f"page-000{at}.json" for at in (1, 2, 3)
    ]
    assert records(pulling.landing / "pull") == [
        {"id": str(at), "name": f"测试{at}" if at % 7 else None, "seen": "2023-09-01"} for at in range(25)
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in (pulling.landing / "pull").iterdir()} == {0o600}


def test_a_csv_is_one_file_whatever_the_pages(pulling, database):
    persons(database, 25)
    pulled = pulling(
        sql={"url": database, "query": "select * from person", "page_rows": 10, "format": "csv", **ORDER}
    )
    assert pulled.landed == ("pull.csv",)
    with (pulling.landing / "pull.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["id", "name", "hours", "seen"]
    assert [row[0] for row in rows[1:]] == [str(at) for at in range(25)]
    assert rows[1][1] == ""
    assert pulling.deliveries() == ["pull.csv"]


@pytest.mark.parametrize("database", ["postgres", "mariadb"], indirect=True)
def test_numbers_keep_their_digits(pulling, database):
    told(
        database,
        "create table n (id bigint primary key, exact decimal(30,10), large numeric(38,0), moment timestamp null)",
        "insert into n values (500199198001010017, 12345678901234567890.1234567890, "
        "99999999999999999999999999999999999999, '2023-09-01 08:05:33')",
    )
    pulling(sql={"url": database, "query": "select * from n", **ORDER})
    assert records(pulling.landing / "pull") == [
        {
            "id": "500199198001010017",
            "exact": "12345678901234567890.1234567890",
            "large": "99999999999999999999999999999999999999",
            "moment": "2023-09-01 08:05:33",
        }
    ]


def test_the_same_rows_do_not_land_twice(pulling, database):
    persons(database, 5)
    sql = {"url": database, "query": "select * from person", **ORDER}
    assert pulling(sql=sql).result == "landed"
    assert pulling(sql=sql).result == "unchanged"
    told(database, "update person set name = '测试' where id = 3")
    assert pulling(sql=sql).landed == ("pull-2",)
    sql["format"] = "csv"
    assert pulling(sql=sql, name="day_1").landed == ("day_1.csv",)
    assert pulling(sql=sql, name="day_2").result == "unchanged"


def test_values_are_bound_and_never_a_part_of_the_query(pulling, database):
    persons(database, 5)
    query = "select * from person where name = :name"
    sql = {"url": database, "query": query, **ORDER}
    assert pulling(sql={**sql, "parameters": {"name": "测试3"}}).progress.rows == 1
    hostile = "x' or 1=1; drop table person; --"
    assert pulling(sql={**sql, "parameters": {"name": hostile}}).error == "pull.empty"
    assert pulling(sql=sql).error == "pull.database"
    assert pulling(sql={**sql, "query": "select * from person;"}).progress.rows == 5


@pytest.mark.parametrize(
    "query",
    [
        "delete from person",
        "select * from person; delete from person",
        "select * from nowhere",
        "insert into person values (9, 'x', 1, null) returning *",
    ],
)
def test_a_query_is_one_select_and_changes_nothing(pulling, database, query):
    persons(database, 5)
    assert pulling(sql={"url": database, "query": query, **ORDER}).error == "pull.database"
    assert pulling(sql={"url": database, "query": "select * from person", **ORDER}).progress.rows == 5


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_even_a_select_that_writes_is_refused(pulling, database):
    told(database, "create sequence s")
    pulled = pulling(sql={"url": database, "query": "select nextval('s') as id", **ORDER})
    assert (pulled.error, pulled.detail) == ("pull.database", {"kind": "InternalError 25006"})


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_a_function_that_writes_is_refused_by_mariadb_too(pulling, database):
    persons(database, 1)
    told(
        database,
        "create function f() returns int begin delete from person; return 1; end",
    )
    assert pulling(sql={"url": database, "query": "select f() as id", **ORDER}).error == "pull.database"
    assert pulling(sql={"url": database, "query": "select * from person", **ORDER}).progress.rows == 1


def test_an_order_that_does_not_tell_rows_apart_is_refused(pulling, database):
    persons(database, 25)
    query = "select * from person"
    pulled = pulling(sql={"url": database, "query": query, "order": ["seen"]})
    assert (pulled.error, pulled.detail) == ("pull.order", {"row": 2})
    assert pulling(sql={"url": database, "query": query, "order": ["seen", "id"]}).result == "landed"
    assert pulling.deliveries() == ["pull"]


def test_an_order_that_is_no_column_is_refused(pulling, database):
    persons(database, 2)
    pulled = pulling(
        sql={"url": database, "query": "select * from person", "order": ['id"; drop table person']}
    )
    assert pulled.error in ("pull.database", "pull.order")
    assert pulling(sql={"url": database, "query": "select * from person", **ORDER}).progress.rows == 2


@pytest.mark.parametrize(
    "database", ["postgres", "mariadb"], indirect=True
)  # SQLite calls the second one name:1
def test_two_columns_of_one_name_are_refused(pulling, database):
    persons(database, 2)
    pulled = pulling(sql={"url": database, "query": "select id, name, name from person", **ORDER})
    assert pulled.error in ("pull.columns", "pull.database")


def test_columns_may_have_chinese_names(pulling, database):
    mark = "`" if "pymysql" in database else '"'
    persons(database, 3)
    query = f"select id as {mark}编号{mark}, name as {mark}姓名{mark} from person"
    pulling(sql={"url": database, "query": query, "order": ["编号"]})
    assert list(records(pulling.landing / "pull")[0]) == ["编号", "姓名"]


@pytest.mark.parametrize("database", ["postgres", "mariadb"], indirect=True)
def test_the_rows_are_those_of_one_moment(pulling, database):
    """Rows that others commit while the pull is on its way are not half in it."""
    persons(database, 30)

    class Meddling(Told):
        def advanced(self, pull, progress):
            told(database, f"update person set name = 'later' where id >= {progress.rows}")
            told(database, f"delete from person where id = {29 - progress.pages}")
            super().advanced(pull, progress)

    query = "select id, name from person where id % 7 > 0"
    if "psycopg" not in database:
        query = query.replace("%", "mod")
    pulling(Meddling(), sql={"url": database, "query": query, "page_rows": 5, **ORDER})
    found = records(pulling.landing / "pull")
    assert [each["id"] for each in found] == [str(at) for at in range(30) if at % 7]
    assert {each["name"] for each in found} == {f"测试{at}" for at in range(30) if at % 7}


@pytest.mark.parametrize("database", ["postgres", "mariadb"], indirect=True)
def test_memory_does_not_grow_with_the_rows(pulling, database):
    persons(database, 10)
    told(
        database,
        "create table d (n integer)",
        "insert into d values (:n)",
        values=[{"n": n} for n in range(100)],
    )
    query = (
        "select a.n * 10000 + b.n * 100 + c.n as id, repeat('x', 200) as filler "
        "from d a cross join d b cross join d c where a.n < {rows}"
    )
    peaks = {rows: _peak(pulling.folder, database, query.format(rows=rows)) for rows in (1, 12)}
    assert peaks[12] - peaks[1] < 16 << 10


MEASURED = """
import sys
from pathlib import Path
from tests.pulls.conftest import Pulling
sql = {"url": sys.argv[2], "query": sys.argv[3], "format": "csv", "order": ["id"]}
pulled = Pulling(Path(sys.argv[1]))(sql=sql)
status = Path("/proc/self/status").read_text()
print(pulled.progress.rows, status.partition("VmHWM:")[2].split()[0])
"""


def _peak(folder: Path, database: str, query: str) -> int:
    """Greatest memory in KiB of a process that pulls so many times ten thousand rows."""
    command = [sys.executable, "-c", MEASURED, folder, database, query]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    rows, peak = map(int, done.stdout.split())
    assert rows in (10_000, 120_000)
    return peak


@pytest.mark.parametrize("limits", [{"pages": 2}, {"mb": 1}], ids=str)
def test_a_pull_is_bounded(pulling, database, limits):
    persons(database, 25)
    wide = "name" if "pages" in limits else f"'{'x' * 100_000}' as wide"
    sql = {"url": database, "query": f"select id, {wide} from person", "page_rows": 5, **ORDER}
    assert pulling(sql=sql, limits=limits).error == "pull.bound"
    assert pulling.deliveries() == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://etl:canary-secret@127.0.0.1:1/x",
        "mysql+pymysql://etl:canary-secret@127.0.0.1:1/x",
        "sqlite:///nowhere/canary-secret.sqlite",
    ],
)
def test_a_database_that_is_not_there_is_told_without_its_address(pulling, url):
    pulled = pulling(sql={"url": url, "query": "select 1 as id", **ORDER})
    assert pulled.error == "pull.database"
    assert "canary" not in repr(pulled)
    assert b"canary" not in pulling.everything()


def test_a_missing_driver_names_the_extra(pulling, monkeypatch):
    monkeypatch.setitem(sys.modules, "pymysql", None)
    pulled = pulling(sql={"url": "mysql+pymysql://a@b/c", "query": "select 1 as id", **ORDER})
    assert (pulled.error, pulled.detail["command"]) == ("pull.extra", "pip install 'chuanyu-etl[mysql]'")


def test_a_stopped_pull_begins_anew_as_of_one_moment(pulling, database):
    persons(database, 25)
    sql = {"url": database, "query": "select * from person", "page_rows": 10, **ORDER}
    with pytest.raises(KeyboardInterrupt):
        pulling(Told(stop_after=2), sql=sql)
    assert pulling.deliveries() == []
    assert pulling(sql=sql).progress.pages == 3
    assert len(records(pulling.landing / "pull")) == 25


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_source_plugin_loads_what_a_query_of_mariadb_brought(mariadb_server, tmp_path, kind):
    fakes.install(tmp_path / "site")
    with mariadb_server.database() as name:
        url = mariadb_server.url(name)
        columns = ", ".join(f"`{header}` varchar(40)" for header in made_up.HEADERS)
        places = ", ".join(f":c{at}" for at in range(len(made_up.HEADERS)))
        rows = [
            dict(zip([f"c{at}" for at in range(7)], fakes.person(at), strict=True)) for at in range(1, 31)
        ]
        rows[4]["c5"] = "很多"
        told(url, f"create table t ({columns})", f"insert into t values ({places})", values=rows)
        config = configure(tmp_path, inbox="[]")
        config.write_text(
            config.read_text(encoding="utf-8")
            + f"""
pulls:
  theirs:
    name: made_up_2023
    sql: {{url: "{url}", query: "select * from t", order: [证件号], page_rows: 7, format: {kind}}}
""",
            encoding="utf-8",
        )
        done = etl("run", "--config", config, PYTHONPATH=str(tmp_path / "site"), ETL_LANG="en")
        assert done.stderr == ""
        events = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode == 3
        assert events[1] == {
            **{"event": "pull.finished", "pull": "theirs", "result": "landed", "rows": 30, "total": None},
            **{name: events[1][name] for name in ("landed", "pages", "bytes", "seconds")},
        }
        (last,) = [one for one in events if one["event"] == "run.finished"]
        assert last["pulls"] == {"landed": 1}
        assert last["sources"]["made_up"] == {
            **{"read": 30, "loaded": 29, "quarantined": 1, "skipped": 0, "records": 29},
            **({"read": 31, "skipped": 1} if kind == "csv" else {}),
            **{"inserted": 29, "updated": 0, "withdrawn": 0},
        }
        again = etl("run", "--config", config, PYTHONPATH=str(tmp_path / "site"))
        last = json.loads(again.stdout.splitlines()[-1])
        assert (last["pulls"], last["deliveries"]) == ({"unchanged": 1}, {"unchanged": 1})
