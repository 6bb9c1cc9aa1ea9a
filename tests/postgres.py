"""A PostgreSQL server of the test run's own, on a free port of this machine."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

PASSWORD = "pass word/ö"


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        found = str(places[-1]) if places else None
    if found is None:
        pytest.skip(f"PostgreSQL is not installed: there is no {name} (Debian's package postgresql has it)")
    return found


@contextmanager
def server() -> Iterator[tuple[str, int]]:
    """Start one with a user ann, who has a password; give its port, and stop it at the end."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: the extra sql")
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    who = {}
    folder = Path(tempfile.mkdtemp(prefix="alsatian-pg-"))
    if os.geteuid() == 0:  # it does not run as root
        names = [user.pw_name for user in pwd.getpwall() if user.pw_name in ("postgres", "nobody")]
        if not names:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres or nobody")
        name = "postgres" if "postgres" in names else "nobody"
        who = {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}
        shutil.chown(folder, name, who["group"])
    secret = folder / "password"
    secret.write_text(PASSWORD + "\n", encoding="utf-8")
    if who:
        shutil.chown(secret, who["user"], who["group"])
    data = folder / "data"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(*command: str) -> None:
        subprocess.run(
            command, check=True, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=120, **who,
        )  # fmt: skip

    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' -c fsync=off"
    try:
        try:
            run(
                initdb,
                "-D",
                str(data),
                "-U",
                "ann",
                "--auth=scram-sha-256",
                f"--pwfile={secret}",
                "-E",
                "UTF8",
                "--no-sync",
            )
            run(pg_ctl, "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"PostgreSQL could not be started: {error}")
        yield "127.0.0.1", port
    finally:
        with suppress(subprocess.SubprocessError, OSError):
            run(pg_ctl, "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
