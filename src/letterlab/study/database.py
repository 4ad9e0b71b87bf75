"""A PostgreSQL database by its URL: reached, waited for while it is away, and never named with its password."""

import importlib.util
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, PendingRollbackError
from sqlalchemy.pool import NullPool

from letterlab.errors import LetterlabError

T = TypeVar("T")
EXAMPLE: Final = "postgresql://user@host:5432/database"
OLDEST: Final = 12
"""The first PostgreSQL whose sessions may say how soon a machine that has gone is noticed."""
AGAIN: Final = 1.0
"""Seconds until a database that is away is asked again."""
_SCHEMES: Final = ("postgresql", "postgres", "postgresql+psycopg")
# A machine that has gone without a word is noticed within a minute, by the other side too.
_CLIENT: Final = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
_SERVER: Final = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
_LOCK: Final = "hashtext('letterlab ' || current_schema())"


def without_password(url: str) -> str:
    """The URL as it may be shown and kept.

    Raises:
        LetterlabError: it is not one of a PostgreSQL database.
    """
    it = _parsed(url)
    query = {name: value for name, value in it.query.items() if "password" not in name}
    shown = URL.create("postgresql", it.username, None, it.host, it.port, it.database, query)
    return shown.render_as_string(hide_password=False)


def _parsed(url: str) -> URL:
    # A URL that is not understood is not repeated: a password may stand anywhere in it.
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise LetterlabError(f"--store holds no URL that can be read: give {EXAMPLE}.") from None
    if parsed.drivername not in _SCHEMES:
        raise LetterlabError(f"--store {parsed.drivername}://... is no PostgreSQL database: give {EXAMPLE}.")
    if "@" in (parsed.host or ""):
        raise LetterlabError("--store has more than one @: in a user's name or password write it as %40.")
    return parsed.set(drivername="postgresql+psycopg")


class _NotAloneError(Exception):
    """Something is to be done that only one command may do at a time."""


class Database:
    """A connection to a database, with Optuna's tables in it.

    It is one connection and never two: a lock that it holds is held as long as it lives, and what is done through it
    under the lock cannot be done without.
    """

    def __init__(self, url: str, tables: str, say: Callable[[str], None]) -> None:
        """Connects, and makes what tables are missing.

        Args:
            url: of the database.
            tables: statements that make tables beside Optuna's where they are missing.
            say: told in a sentence when the database is waited for.

        Raises:
            LetterlabError: it cannot be reached, is too old, or lets us make no tables; or psycopg is missing.
        """
        self.name = without_password(url)
        parsed = _parsed(url)
        host = parsed.host or parsed.query.get("host", "localhost")
        self._where = f"PostgreSQL at {host}:{parsed.port or parsed.query.get('port', 5432)}"
        self._say = say
        self._patient = False
        self._alone = False
        if not importlib.util.find_spec("psycopg"):
            raise LetterlabError("--store needs psycopg: pip install 'letterlab[postgres]'.")
        self.storage = self._opened(parsed, tables)
        event.listen(self.storage.engine, "do_connect", self._connects)

    def _opened(self, url: URL, tables: str) -> RDBStorage:
        settings = {name: value for name, value in _CLIENT.items() if name not in url.query}
        engine = create_engine(url, connect_args=settings)
        try:
            with engine.connect() as first:
                version = int(first.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000
                if version < OLDEST:
                    raise LetterlabError(f"{self._where} is {version}: letterlab needs PostgreSQL {OLDEST} or newer.")
                # Two that make the same table at a time would fail.
                first.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
                first.exec_driver_sql(tables)
                first.commit()
                where = url.render_as_string(hide_password=False)
                RDBStorage(where, {"connect_args": settings, "poolclass": NullPool})  # that needs two connections
                one = {"connect_args": settings, "pool_size": 1, "max_overflow": 0}
                storage = RDBStorage(where, one, skip_compatibility_check=True, skip_table_creation=True)
                storage.engine.dispose()
                event.listen(storage.engine, "connect", _set_up)
        except OperationalError as error:
            raise LetterlabError(
                f"{self._where} cannot be worked with ({_reason(error)}): start it, or mend --store {self.name}."
            ) from None
        except (DBAPIError, StorageInternalError) as error:
            self._refused(error)
            raise
        finally:
            engine.dispose()
        return storage

    def close(self) -> None:
        """Lets go of the connection."""
        self.storage.remove_session()
        self.storage.engine.dispose()

    def patiently(self, do: Callable[[], T]) -> T:
        """Does something that may be done twice: again, when the database went away meanwhile, until it answers.

        Raises:
            LetterlabError: a right is missing.
        """
        if self._patient:  # what is done may be a part of what has to be done whole
            return do()
        told = False
        self._patient = True
        try:
            while True:
                try:
                    done = do()
                    break
                except (DBAPIError, StorageInternalError) as error:
                    self._refused(error)
                    cause = _cause(error)
                    # The third: Optuna went on asking by the connection that it had lost.
                    if not isinstance(cause, OperationalError | InterfaceError | PendingRollbackError):
                        raise
                    if not told:
                        self._say(f"{self._where} does not answer ({_reason(cause)}): waiting until it does.")
                    told = True
                time.sleep(AGAIN)
        finally:
            self._patient = False
        if told:
            self._say(f"{self._where} answers again.")
        return done

    def alone(self, do: Callable[[], T]) -> T:
        """Does something that reads, and perhaps writes what follows from it, which only one command may at a time.

        What writes calls `must_be_alone` before. Most times there is nothing to write, so it is begun without the lock
        and done again from the start with it, where it comes to that.
        """

        def once() -> T:
            while True:
                try:
                    return do()
                except _NotAloneError:
                    pass
                [(locked,)] = self.ask(f"SELECT pg_try_advisory_lock({_LOCK})")
                if locked:
                    break
                time.sleep(AGAIN / 10)  # then it may have been done
            self._alone = True
            try:
                return do()
            finally:
                self._alone = False
                self.ask(f"SELECT pg_advisory_unlock({_LOCK})")

        return self.patiently(once)

    def must_be_alone(self) -> None:
        """Says that what is done by `alone` writes from here on."""
        if not self._alone:
            raise _NotAloneError

    def ask(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Executes a statement, whole or not at all, and gives its rows."""
        with self.storage.engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    def _connects(self, *_: object) -> None:
        """Optuna would add a trial anew through a new connection, which does not hold the lock."""
        if self._alone:
            import psycopg

            raise psycopg.OperationalError("the connection was lost")

    def _refused(self, error: Exception) -> None:
        from psycopg.errors import InsufficientPrivilege

        cause = _cause(error)
        if isinstance(cause, DBAPIError) and isinstance(cause.orig, InsufficientPrivilege):
            raise LetterlabError(
                f"{self._where} refuses a right ({_reason(cause)}): as the owner of the database, "
                f"GRANT CREATE ON SCHEMA public TO the user of {self.name}, or give one who owns its tables."
            ) from None


def _set_up(connection: Any, _: object) -> None:
    """Says to the server how soon it should notice that this machine has gone: a lock would be held until then."""
    connection.execute(_SERVER)
    connection.commit()


def _cause(error: Exception) -> BaseException | None:
    """What SQLAlchemy said, where Optuna has hidden it."""
    return error.__cause__ if isinstance(error, StorageInternalError) else error


def _reason(error: BaseException | None) -> str:
    """The first line of what the server or its library said."""
    said = error.orig if isinstance(error, DBAPIError) else error
    return str(said).strip().partition("\n")[0]
