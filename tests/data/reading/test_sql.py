"""Databases, over real connections: SQLite, DuckDB, and a PostgreSQL that the test run starts."""

from __future__ import annotations

import datetime
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest

import postgres

pytest.importorskip("polars")

from alsatian.data.reading import Options, plan, without_password

ROWS = [("ann", 1, 4.5), ("bob", 1, 2.0), ("ann", 2, 3.5), ("Zoë", 3, 5.0), ("bob", 3, None)]


@pytest.fixture
def lite(tmp_path):
    path = tmp_path / "shop.sqlite"
    connection = sqlite3.connect(path)
    connection.execute('CREATE TABLE ratings ("user" TEXT, item INTEGER, rating REAL)')
    connection.executemany("INSERT INTO ratings VALUES (?, ?, ?)", ROWS)
    connection.commit()
    connection.close()
    return path


@pytest.fixture
def duck(tmp_path):
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed: the extra duckdb")
    path = tmp_path / "shop.duckdb"
    connection = duckdb.connect(str(path))
    connection.execute('CREATE TABLE ratings ("user" TEXT, item INTEGER, rating DECIMAL(3, 1))')
    connection.executemany("INSERT INTO ratings VALUES (?, ?, ?)", ROWS)
    connection.close()
    return path


@pytest.fixture(scope="module")
def pg():
    with postgres.server() as (host, port):
        import psycopg

        url = f"postgresql://ann:{quote(postgres.PASSWORD, safe='')}@{host}:{port}/postgres"
        with psycopg.connect(url) as connection:
            connection.execute('CREATE TABLE ratings ("user" TEXT, item INTEGER, rating NUMERIC, "when" TIMESTAMPTZ)')
            when = datetime.datetime(2013, 5, 1, tzinfo=datetime.UTC)
            with connection.cursor() as cursor:
                cursor.executemany("INSERT INTO ratings VALUES (%s, %s, %s, %s)", [(*row, when) for row in ROWS])
            connection.execute("CREATE SCHEMA other")
            connection.execute('CREATE TABLE other."odd ""name" (customer UUID, product TEXT)')
            connection.execute(
                'INSERT INTO other."odd ""name" SELECT gen_random_uuid(), \'x\' FROM generate_series(1, 3)'
            )
        yield url


def check(reading):
    assert sorted(reading.table.select("user", "item", "value").rows()) == sorted(ROWS[:4])
    assert [str(bad) for bad in reading.bad.first] == ["row 5: there is no value"]
    known = reading.interactions()
    assert known.to_dict() == {"Zoë": {3: 5.0}, "ann": {1: 4.5, 2: 3.5}, "bob": {1: 2.0}}


@pytest.mark.parametrize("scheme", [False, True])
def test_sqlite(lite, scheme):
    planned = plan(f"sqlite:///{lite}" if scheme else lite)
    assert planned.how == "table 'ratings' of SQLite, read-only"
    assert planned.names == {"user": "user", "item": "item", "value": "rating"}
    check(planned.read())


def test_duckdb(duck):
    planned = plan(duck)
    assert planned.how == "table 'ratings' of DuckDB, read-only"
    check(planned.read())


def test_postgresql(pg):
    planned = plan(pg, options=Options(table="ratings"), columns={"timestamp": "when"})
    assert planned.how == "table 'ratings' of PostgreSQL, read-only"
    reading = planned.read()
    check(reading)
    assert reading.interactions().timestamps[0] == np.datetime64("2013-05-01")


def test_tables_of_other_schemas_and_odd_names(pg):
    reading = plan(pg, options=Options(table='other.odd "name')).read()
    assert reading.interactions().shape == (3, 1)


@pytest.mark.parametrize("kind", ["lite", "duck", "pg"])
def test_a_query(kind, request):
    source = request.getfixturevalue(kind)
    query = 'WITH r AS (SELECT * FROM ratings) SELECT "user", item, count(*) AS n FROM r GROUP BY 1, 2 ORDER BY 1, 2;'
    planned = plan(source, options=Options(query=query), columns={"value": "n"})
    assert sorted(planned.read().table.rows()) == sorted((user, item, 1.0) for user, item, _ in ROWS)


@pytest.mark.parametrize("kind", ["lite", "duck", "pg"])
@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE ratings",
        "DELETE FROM ratings RETURNING *",
        "SELECT 1) AS q; DROP TABLE ratings; --",
        "nonsense",
        "SELECT * FROM elsewhere",
    ],
)
def test_nothing_is_written(kind, query, request):
    source = request.getfixturevalue(kind)
    with pytest.raises(ValueError, match="refuses the query"):
        plan(source, options=Options(query=query))
    assert plan(source, options=Options(table="ratings")).read().rows == 4


@pytest.mark.parametrize("kind", ["lite", "duck", "pg"])
def test_a_table_that_is_not_there(kind, request):
    with pytest.raises(ValueError, match=r"has no table 'rating'\. It has .*'ratings'"):
        plan(request.getfixturevalue(kind), options=Options(table="rating"))


def test_of_several_tables_one_has_to_be_named(pg):
    with pytest.raises(ValueError, match=r"has 2 tables, .*'ratings'.*: say which"):
        plan(pg)


def test_many_rows_come_in_batches(lite):
    connection = sqlite3.connect(lite)
    connection.execute("DELETE FROM ratings")
    connection.executemany("INSERT INTO ratings VALUES (?, ?, ?)", ((str(n), n % 7, n % 5) for n in range(120_000)))
    connection.commit()
    connection.close()
    assert plan(lite).read().interactions().shape == (120_000, 7)


def test_many_rows_of_postgresql(pg):
    query = "SELECT n AS user_id, n % 7 AS item, 1.5::float8 AS value FROM generate_series(1, 120000) AS n"
    assert plan(pg, options=Options(query=query)).read().interactions().shape == (120_000, 7)


def test_no_message_holds_the_password(pg):
    secret = quote(postgres.PASSWORD, safe="")
    wrong = pg.replace(secret, "wr%20ng%2F")
    for url, ours in (
        (wrong, "wr ng/"),
        (pg + "_none", postgres.PASSWORD),
        (pg.replace("127.0.0.1", "127.0.0.1x"), secret),
    ):
        with pytest.raises(ValueError, match="cannot be opened") as caught:
            plan(url)
        told = str(caught.value)
        assert ours not in told
        assert quote(ours, safe="") not in told
        assert "ann:•••@" in told
        assert caught.value.__cause__ is None
    planned = plan(pg, options=Options(table="ratings"))
    assert secret not in planned.source.name + planned.how


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:s3cr@t@host/db", "postgresql://ann:•••@host/db"),
        ("postgresql://ann@host/db", "postgresql://ann@host/db"),
        ("postgresql:///db?user=ann&password=s3cret", "postgresql:///db?user=ann&password=•••"),
        ("postgresql://host/db?sslpassword=x&a=b", "postgresql://host/db?sslpassword=•••&a=b"),
        ("some/file.csv", "some/file.csv"),
    ],
)  # fmt: skip
def test_passwords_are_not_shown(url, shown):
    assert without_password(url) == shown


@pytest.mark.parametrize(
    ("url", "library", "extra"),
    [("postgresql://ann@host/db", "psycopg", "sql"), ("x.duckdb", "duckdb", "duckdb")],
)  # fmt: skip
def test_without_the_library_it_says_what_to_install(url, library, extra, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.chdir(tmp_path)
    Path("x.duckdb").touch()
    with pytest.raises(ImportError, match=rf"pip install .*{library}.*'\.\[{extra}\]'"):
        plan(url)


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "x.sqlite").write_text("nothing of the kind" * 100)
    with pytest.raises(ValueError, match="file is not a database"):
        plan(tmp_path / "x.sqlite")


def test_table_and_query_are_for_databases(tmp_path):
    (tmp_path / "x.csv").write_text("user,item\n1,2\n")
    with pytest.raises(ValueError, match="is no database"):
        plan(tmp_path / "x.csv", options=Options(table="x"))


def test_a_query_may_end_in_a_comment_and_errors_are_those_of_the_query(tmp_path):
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        connection.execute("CREATE TABLE t (user, item)")
        connection.execute("INSERT INTO t VALUES (1, 2)")
        connection.commit()
    assert plan(tmp_path / "x.db", options=Options(query="SELECT * FROM t -- newest")).read().rows == 1
    with pytest.raises(ValueError, match='near "selec": syntax error'):
        plan(tmp_path / "x.db", options=Options(query="selec"))
