"""When to kill: the moments at which a state or a log is being changed, as inotify tells them, and what a kill cut off."""

import ctypes
import os
import pathlib
import select
import shutil
import sqlite3
import struct

MODIFY, MOVED_FROM, MOVED_TO, CREATE, DELETE = 0x2, 0x40, 0x80, 0x100, 0x200
EVENT = struct.Struct("iIII")
LIBC = ctypes.CDLL(None, use_errno=True)


class Watch:
    """What happens to the files of some folders, from now on."""

    def __init__(self, *folders):
        self.descriptor = LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        self.folders = set()
        self.missing = [pathlib.Path(folder) for folder in folders]
        self.add()

    def add(self):
        """Folders that have come to be are watched too."""
        for folder in [folder for folder in self.missing if folder.is_dir()]:
            wanted = MODIFY | MOVED_FROM | MOVED_TO | CREATE | DELETE
            if LIBC.inotify_add_watch(self.descriptor, os.fsencode(folder), wanted) >= 0:
                self.missing.remove(folder)

    def wait(self, seconds):
        """What happened within so many seconds: [(what, name)]; returns with the first of it."""
        if self.missing:
            self.add()
        if not select.select([self.descriptor], [], [], max(0, seconds))[0]:
            return []
        found, data, place = [], os.read(self.descriptor, 65_536), 0
        while place < len(data):
            _, what, _, length = EVENT.unpack_from(data, place)
            place += EVENT.size
            found.append((what, data[place:place + length].rstrip(b"\0").decode()))
            place += length
        return found

    def close(self):
        os.close(self.descriptor)


def unfinished(state, logs, work):
    """What a kill has left half done: of a commit, an alert's delivery, a rotation."""
    found = set()
    # A file that is renamed last, or made in between; a number that is there both ways.
    names = {path.name for path in logs.iterdir()}
    numbered = [name for name in names if name.startswith("alerts.jsonl.")]
    if numbered and "alerts.jsonl" not in names or any(
            name.endswith(".tmp") or name[len("alerts.jsonl."):].isdigit() for name in numbered):
        found.add("rotation")
    if not (state / "monitord.db").exists():
        return found
    copy = work / "looked-at"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(state, copy, ignore=shutil.ignore_patterns("snapshots", "*-shm"))
    wal = copy / "monitord.db-wal"
    torn = wal.exists() and is_cut_off(wal.read_bytes())
    try:
        with sqlite3.connect(copy / "monitord.db") as database:
            sealed = "(SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'generation')"
            if database.execute(f"SELECT COUNT(*) FROM part WHERE generation > {sealed}").fetchone()[0]:
                found.add("commit")
            waiting = "SELECT COUNT(*) FROM outbox WHERE number > (SELECT MIN(acknowledged) FROM sink)"
            if database.execute(waiting).fetchone()[0]:
                found.add("alert")
        database.close()
    except sqlite3.OperationalError as error:
        # Killed while the tables were made.
        if "no such table" not in str(error):
            raise
    if torn:
        found.add("transaction")
    shutil.rmtree(copy)
    return found


def is_cut_off(wal):
    """Whether the frames of the log that count end within a transaction."""
    if len(wal) < 32:
        return False
    page, salt = struct.unpack_from(">I", wal, 8)[0], wal[16:24]
    place, within = 32, False
    while place + 24 + page <= len(wal) and wal[place + 8:place + 16] == salt:
        within = struct.unpack_from(">I", wal, place + 4)[0] == 0
        place += 24 + page
    return within
