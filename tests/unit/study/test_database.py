"""Databases by their URL: what is said of those that cannot be worked with, and what is waited for."""

import socket
import threading

import psycopg
import pytest
from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import OperationalError, PendingRollbackError

from letterlab.errors import LetterlabError
from letterlab.study import database as module
from letterlab.study.database import Database, without_password

TABLE = "CREATE TABLE IF NOT EXISTS mine (number integer)"


@pytest.fixture
def said():
    return []


@pytest.fixture
def opened(database, said, monkeypatch):
    monkeypatch.setattr(module, "AGAIN", 0.05)
    one = Database(database, TABLE, said.append)
    yield one
    one.close()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:se%2Fcret@host:5433/db", "postgresql://me@host:5433/db"),
        ("postgres://me:secret@host/db", "postgresql://me@host/db"),
        ("postgresql+psycopg://host/db?user=me&password=secret", "postgresql://host/db?user=me"),
        ("postgresql:///db?host=/run/postgresql&sslpassword=secret", "postgresql:///db?host=%2Frun%2Fpostgresql"),
    ],
)
def test_a_url_is_shown_without_its_password(url, shown):
    assert without_password(url) == shown


@pytest.mark.parametrize(
    "url",
    ["secret", "mysql://me:secret@host/db", "postgresql://me:s@secret@host/db", "postgresql://me:secret@host:port/db"],
)
def test_a_url_that_is_none_of_postgresqls_is_not_repeated(url):
    with pytest.raises(LetterlabError, match="--store") as refused:
        without_password(url)
    assert "secret" not in str(refused.value)


def refusal(url, tables=TABLE):
    with pytest.raises(LetterlabError) as refused:
        Database(url, tables, lambda sentence: None)
    return str(refused.value)


def test_who_does_not_answer_is_named_by_host_and_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    sentence = refusal(f"postgresql://me:secret@127.0.0.1:{port}/db")
    assert f"PostgreSQL at 127.0.0.1:{port}" in sentence
    assert "refused" in sentence
    assert "secret" not in sentence


def test_a_wrong_password_and_a_database_that_is_not_there(postgres):
    sentence = refusal(postgres.url("postgres", password="wr0ng"))
    assert "password authentication failed" in sentence
    assert "wr0ng" not in sentence
    assert '"nowhere" does not exist' in refusal(postgres.url("nowhere"))


def test_an_older_postgresql(database, monkeypatch):
    monkeypatch.setattr(module, "OLDEST", 99)
    assert "needs PostgreSQL 99 or newer" in refusal(database)


def test_psycopg_missing(monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    assert "pip install 'letterlab[postgres]'" in refusal("postgresql://host/db")


def test_rights_that_are_missing(postgres, database):
    name = database.rpartition("/")[2]
    postgres.query("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    postgres.query("REVOKE CREATE ON SCHEMA public FROM PUBLIC", name)
    sentence = refusal(postgres.url(name, "guest", "guest"))
    assert "permission denied for schema public" in sentence
    assert "GRANT" in sentence
    Database(database, TABLE, print).close()
    assert "permission denied for table" in refusal(postgres.url(name, "guest", "guest"), "SELECT 1")


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_that_is_restarted_is_waited_for(postgres, opened, said, mode):
    opened.ask("INSERT INTO mine VALUES (1)")
    postgres.stop(mode)
    # Started again when it has been missed.
    opened._say = lambda sentence: (said.append(sentence), None if len(said) > 1 else postgres.start())
    assert opened.patiently(lambda: opened.ask("SELECT number FROM mine")) == [(1,)]
    assert [f"PostgreSQL at 127.0.0.1:{postgres.port}" in sentence for sentence in said] == [True, True]
    assert "does not answer" in said[0]
    assert "answers again" in said[1]


def test_a_connection_by_which_optuna_goes_on_asking_after_it_was_lost_is_made_again(opened, said):
    """As Optuna does where it reads many trials: it raises what SQLAlchemy says of the second question."""
    left = [StorageInternalError("during the commit")]
    left[0].__cause__ = PendingRollbackError("Can't reconnect until invalid transaction is rolled back.")

    def do():
        if left:
            raise left.pop()
        return "done"

    assert opened.patiently(do) == "done"
    assert "does not answer" in said[0]
    assert "answers again" in said[1]


def test_what_reads_and_then_writes_is_done_once_by_many(database):
    done = []

    def work():
        mine = Database(database, TABLE, print)

        def once():
            if mine.ask("SELECT * FROM mine"):
                return
            mine.must_be_alone()
            done.append(1)
            mine.ask("INSERT INTO mine VALUES (1)")

        mine.alone(once)
        mine.close()

    both = [threading.Thread(target=work) for _ in range(4)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert done == [1]


def test_a_lock_that_was_lost_with_its_connection_is_not_written_without(postgres, opened):
    seen = []

    def once():
        there = opened.ask("SELECT * FROM mine")
        opened.must_be_alone()
        seen.append(there)
        if len(seen) == 1:
            [(process,)] = opened.ask("SELECT pg_backend_pid()")
            postgres.query(f"SELECT pg_terminate_backend({process})")
            for _ in range(2):  # as Optuna tries again by itself
                with pytest.raises(OperationalError):
                    opened.ask("INSERT INTO mine VALUES (1)")
            raise psycopg_error(opened)
        opened.ask("INSERT INTO mine VALUES (2)")

    def psycopg_error(opened):
        return OperationalError("", None, psycopg.OperationalError("lost"))

    opened.alone(once)
    assert opened.ask("SELECT * FROM mine") == [(2,)]
    assert len(seen) == 2
