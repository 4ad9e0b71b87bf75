"""Whether a study's store is sound, and what SQLite complains of, in a sentence."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from errno import ENOSPC
from pathlib import Path

from letterlab.errors import LetterlabError
from letterlab.files import unwritable


@contextmanager
def sound(file: Path) -> Iterator[None]:
    """Looks through a store's file, if it is there, and says plainly what SQLite complains of within the block.

    SQLite keeps no checksums: what is found are tables and indices that do not fit together.

    Args:
        file: the store's SQLite file.

    Raises:
        LetterlabError: it is damaged, or cannot be written.
    """
    try:
        if file.exists():
            with closing(sqlite3.connect(file, timeout=60)) as database:
                found = database.execute("PRAGMA integrity_check(1)").fetchall()
            if found != [("ok",)]:
                raise sqlite3.DatabaseError(found[0][0].splitlines()[-1])  # after a heading
        yield
    except LetterlabError:
        raise
    except Exception as error:
        complaint = _complaint(error)
        if complaint is None:
            raise
        raise _said(file, complaint) from None


def _complaint(error: BaseException | None) -> sqlite3.Error | None:
    """SQLite's own error, of which SQLAlchemy and Optuna have made others."""
    while error is not None and not isinstance(error, sqlite3.Error):
        error = error.__cause__ or error.__context__
    return error


def _said(file: Path, complaint: sqlite3.Error) -> LetterlabError:
    name = getattr(complaint, "sqlite_errorname", "")
    if name == "SQLITE_FULL":
        return unwritable(file, OSError(ENOSPC, ""))
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_BUSY", "SQLITE_PERM")):
        return unwritable(file, OSError(None, str(complaint)))
    return LetterlabError(
        f"{file} is damaged ({complaint}): delete it, and give the same command again; the trainings that were "
        "finished are kept."
    )
