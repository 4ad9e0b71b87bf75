"""The store of a study that several commands work on together, each in a folder of its own: a PostgreSQL database.

Beside Optuna's tables it holds the study as it was begun, who works on which trial, and the files of every trial that
is done. A trial belongs to the command that claimed it for as long as that command is heard of; then to whoever claims
it next. What a trial comes to does not depend on who runs it, so that two who both run one, because a network was cut
in between, do no harm: the first to end it is the one that is kept.
"""

import secrets
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from letterlab.files import replace_whole, write_text
from letterlab.study.database import Database
from letterlab.study.folder import TEST_FILE, TRIALS, Study
from letterlab.study.store import STORE_FILE, Planned, Store, Stored, sqlite

T = TypeVar("T")
PAUSE: Final = 3.0
"""Seconds between two signs of life, and between two looks at what others have done."""
SILENCE: Final = 120.0
"""Seconds without a sign of life after which a command's trials are free."""
_SHARE: Final = 20  # of a command's time at most so small a part goes into following others
CLAIMANT: Final = ".claimant"
"""Names the folder, so that a command which is started there again knows its trials for its own."""
_TABLES: Final = """
DO $$ BEGIN IF to_regclass('letterlab_study') IS NULL THEN
    CREATE TABLE letterlab_study (one boolean PRIMARY KEY DEFAULT true CHECK (one), said text NOT NULL);
    CREATE TABLE letterlab_claims (trial_id integer PRIMARY KEY, claimant text NOT NULL, heard timestamptz NOT NULL);
    CREATE TABLE letterlab_files (trial_id integer, name text, content bytea NOT NULL, PRIMARY KEY (trial_id, name));
    ALTER TABLE letterlab_files ALTER content SET STORAGE EXTERNAL;  -- weights and probabilities do not shrink
END IF; END $$
"""
# The server's clock is the only one. After it was away nobody could be heard: all get their time anew.
_HEARD: Final = "greatest(heard, pg_postmaster_start_time()) > now() - :silence * interval '1 second'"
_TAKEN: Final = f"SELECT trial_id FROM letterlab_claims WHERE claimant <> :me AND {_HEARD}"
_OPEN: Final = "trials WHERE state IN ('WAITING', 'RUNNING')"


class SharedStore(Store):
    """The trials of a study, by experiment, of which others work on some."""

    pause = PAUSE

    def __init__(self, url: str, folder: Path, say: Callable[[str], None] = lambda sentence: None) -> None:
        """Opens the store in this database; its tables are made where they are missing.

        Args:
            url: of the database: postgresql://user@host:5432/database.
            folder: of this command; it must exist, and be worked on by no other.
            say: told in a sentence when the database is waited for.

        Raises:
            LetterlabError: the database cannot be reached, is too old, or lets us make no tables.
        """
        self.folder = folder
        self._database = Database(url, _TABLES, say)
        self._storage: RDBStorage = self._database.storage
        self._studies = {}
        if not (folder / CLAIMANT).exists():
            write_text(folder / CLAIMANT, secrets.token_hex(8))
        self._me = f"{socket.gethostname()} {(folder / CLAIMANT).read_text(encoding='utf-8')}"
        self._seen: object = None
        self._running: list[int] = []
        self._lived = -PAUSE
        self._rests = 0.0

    @property
    def name(self) -> str:
        """The URL, without a password."""
        return self._database.name

    def close(self) -> None:
        """Lets go of the database, and of the trials that have not ended."""
        with suppress(DBAPIError):  # if it is away, they are free when we have been silent for long enough
            self._database.ask(
                f"DELETE FROM letterlab_claims WHERE claimant = :me AND trial_id IN (SELECT trial_id FROM {_OPEN})",
                me=self._me,
            )
        self._database.close()

    def is_begun(self) -> bool:
        """Whether a study is stored."""
        return bool(self._ask("SELECT 1 FROM letterlab_study"))

    def begun(self) -> Study:
        """The study as it was begun."""
        [(said,)] = self._ask("SELECT said FROM letterlab_study")
        return Study.read(said, self.name, "another --store")

    def holds_trials(self) -> bool:
        """Whether a trial is stored, and the study cannot be another any more."""
        return bool(self._ask("SELECT 1 FROM trials LIMIT 1"))

    def agree(self, study: Study, anew: bool) -> Study:
        """The study that all work on: this one if none is there.

        Args:
            study: as this command would begin it.
            anew: it takes the place of one by another plan of which no trial is stored.
        """

        def agreed() -> Study:
            there = self.begun() if self.is_begun() else None
            if there and (there.whole_plan == study.whole_plan or not anew or self.holds_trials()):
                return there
            self._database.must_be_alone()
            self._ask(
                "INSERT INTO letterlab_study (said) VALUES (:said) ON CONFLICT (one) DO UPDATE SET said = :said",
                said=study.to_json(),
            )
            return study

        return self.alone(agreed)

    def optuna_trials(self, experiment: str) -> list[FrozenTrial]:
        """As Optuna has them, for its samplers; with those that failed and were tried again."""
        read = super().optuna_trials
        return self._database.patiently(lambda: read(experiment))

    def alone(self, do: Callable[[], T]) -> T:
        """Does something that adds trials, while no other command does."""
        began = time.monotonic()

        def alive() -> T:
            self._live()  # who waits for another to be done with it does it many times
            return do()

        done = self._database.alone(alive)
        self._rests = time.monotonic() + _SHARE * (time.monotonic() - began)
        return done

    def add(self, experiment: str, planned: Planned, levels: Mapping[str, Sequence[str]]) -> None:
        """Adds a trial that waits; within `alone`."""
        self._database.must_be_alone()
        self._live()  # a hundred may be added at a time
        super().add(experiment, planned, levels)

    def try_again(self, trial: Stored) -> None:
        """Adds a trial in place of one that failed; within `alone`."""
        self._database.must_be_alone()
        super().try_again(trial)

    def free(self, trials: list[Stored]) -> list[Stored]:
        """Those of these trials that no other command works on."""
        taken = {trial for (trial,) in self._ask(_TAKEN, me=self._me, silence=SILENCE)}
        return [one for one in trials if one.id not in taken]

    def news(self, running: Iterable[Stored], ended: bool) -> bool:
        """Whether other trials may be there, or may be free, than were before; asked once in a pause.

        What others have done is no reason to read all trials anew without an end: that takes time itself.
        """
        self._running = [one.id for one in running]
        if not self._live() and not ended:
            return False
        seen = self._ask(
            f"SELECT (SELECT count(*) FROM trials), count(*), sum(trial_id) FILTER (WHERE trial_id NOT IN ({_TAKEN})) "
            f"FROM {_OPEN}",
            me=self._me,
            silence=SILENCE,
        )
        changed = ended or (seen != self._seen and time.monotonic() >= self._rests)
        if changed:
            self._seen = seen
        return changed

    def claim(self, trial: Stored) -> bool:
        """It is going to be run by this command, if that is true: it has not ended, and no other works on it."""
        if not self._ask(
            "INSERT INTO letterlab_claims AS held (trial_id, claimant, heard) "
            f"SELECT trial_id, :me, now() FROM {_OPEN} AND trial_id = :trial "
            "ON CONFLICT (trial_id) DO UPDATE SET claimant = :me, heard = now() "
            f"WHERE held.claimant = :me OR NOT {_HEARD.replace('heard', 'held.heard')} RETURNING trial_id",
            trial=trial.id,
            me=self._me,
            silence=SILENCE,
        ):
            return False
        claim = super().claim
        try:
            return self._database.patiently(lambda: claim(trial))
        except UpdateFinishedTrialError:
            return False

    def epoch(self, trial: Stored, number: int, accuracy: float) -> None:
        """An epoch of it is done."""
        self._tell(super().epoch, trial, number, accuracy)

    def done(self, trial: Stored, accuracy: float, parameters: int) -> None:
        """It ran to its end: its files are stored, unless another has brought them."""
        self._tell(self._keep, trial)
        self._tell(super().done, trial, accuracy, parameters)

    def given_up(self, trial: Stored) -> None:
        """It fell below the median of those before it."""
        self._tell(super().given_up, trial)

    def failed(self, trial: Stored, reason: str, again: bool) -> None:
        """It could not be finished; if another has taken it meanwhile, that one may still do it."""
        if self._ask(
            "SELECT 1 FROM letterlab_claims WHERE trial_id = :trial AND claimant = :me", trial=trial.id, me=self._me
        ):
            self._tell(super().failed, trial, reason, again)

    def bring(self) -> None:
        """Brings into the folder the files of trials that others have done, and all trials, as one SQLite file."""
        studies = self._database.patiently(self._storage.get_all_studies)
        trials = {study.study_name: self.optuna_trials(study.study_name) for study in studies}
        for experiment in trials:
            for trial in self.trials(experiment):
                place = self.folder / TRIALS / trial.name
                if trial.state == "done" and not (place / TEST_FILE).exists():
                    self._fetch(trial, place)
        temporary = self.folder / f".{STORE_FILE}.part"
        temporary.unlink(missing_ok=True)
        copy = sqlite(temporary)
        for study in studies:
            made = copy.create_new_study(study.directions, study.study_name)
            for one in trials[study.study_name]:
                copy.create_new_trial(made, one)
        copy.remove_session()
        copy.engine.dispose()
        temporary.replace(self.folder / STORE_FILE)

    def _live(self) -> bool:
        """Gives a sign of life, if it is time."""
        if time.monotonic() < self._lived + PAUSE:
            return False
        self._lived = time.monotonic()
        self._ask(
            "UPDATE letterlab_claims SET heard = now() WHERE claimant = :me AND trial_id = ANY(:running)",
            me=self._me,
            running=self._running,
        )
        return True

    def _ask(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        return self._database.patiently(lambda: self._database.ask(statement, **values))

    def _tell(self, method: Callable[..., None], *told: object) -> None:
        """Writes what came of a trial; it may have ended already, by another, or by us just before we were cut off."""
        with suppress(UpdateFinishedTrialError):
            self._database.patiently(lambda: method(*told))

    def _keep(self, trial: Stored) -> None:
        """Stores the files of a trial."""
        if self._ask("SELECT 1 FROM letterlab_files WHERE trial_id = :trial LIMIT 1", trial=trial.id):
            return
        files = [one for one in (self.folder / TRIALS / trial.name).iterdir() if not one.name.startswith(".")]
        with self._storage.engine.begin() as connection:
            connection.execute(
                text("INSERT INTO letterlab_files VALUES (:trial, :name, :content) ON CONFLICT DO NOTHING"),
                [{"trial": trial.id, "name": file.name, "content": file.read_bytes()} for file in files],
            )

    def _fetch(self, trial: Stored, place: Path) -> None:
        """Writes the files of a trial that another has done, last the one with which it is done."""
        stored = self._ask("SELECT name, content FROM letterlab_files WHERE trial_id = :trial", trial=trial.id)
        for name, content in sorted(stored, key=lambda row: row[0] == TEST_FILE):
            with replace_whole(place / Path(str(name)).name) as file:
                file.write(content)
