"""A PostgreSQL server of the tests' own, in a temporary folder, on a free port of this machine."""

import os
import pwd
import shutil
import socket
import subprocess
from pathlib import Path

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: float(one.parent.name))[-1:]
"""Debian's, of the newest version; empty where there is none."""


class Server:
    """A server that is started, stopped and restarted."""

    def __init__(self, folder: Path) -> None:
        """Makes a cluster in this folder, whose user `postgres` is let in with the password `se/cret`."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port = taken.getsockname()[1]
        self.data = folder / "data"
        password = folder / "password"
        password.write_text("se/cret")
        if os.getuid() == 0:  # which PostgreSQL refuses to run as
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
            os.chown(password, user.pw_uid, user.pw_gid)
        self.run(
            "initdb",
            "--username=postgres",
            "--auth=scram-sha-256",
            f"--pwfile={password}",
            "--no-sync",
            "--no-locale",
            "--encoding=UTF8",
        )
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{folder}'\n"
                "fsync = off\nshared_buffers = 16MB\nlog_min_messages = fatal\n"
            )
        self.start()

    def run(self, program: str, *given: str) -> None:
        """One of PostgreSQL's programs, on this cluster."""
        command = [str(PROGRAMS[0] / program), "--pgdata", str(self.data), *given]
        if os.getuid() == 0:
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")

    def start(self) -> None:
        self.run("pg_ctl", "start", "--wait", "--log", str(self.data / "log"))

    def stop(self, mode: str = "fast") -> None:
        """As a shutdown does it (fast), or as a crash does (immediate)."""
        self.run("pg_ctl", "stop", "--wait", "--mode", mode)

    def url(self, database: str, user: str = "postgres", password: str = "se%2Fcret") -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def query(self, statement: str, database: str = "postgres") -> list[tuple]:
        """The rows that a statement gives."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            rows = connection.execute(statement)
            return rows.fetchall() if rows.description else []


def missing() -> str:
    """Why there can be no server here; empty where there can."""
    if not PROGRAMS:
        return "no PostgreSQL (apt-get install postgresql)"
    if os.getuid() == 0 and not shutil.which("setpriv"):
        return "PostgreSQL does not run as root, and there is no setpriv"
    return ""
