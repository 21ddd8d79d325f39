"""What the fault campaigns share: inputs with known incidents, a daemon to maltreat, and what must hold in the end."""

import argparse
import gzip
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("MONITORD_BINARY", str(ROOT / ".build/release/monitord"))
# What only a living daemon adds to a record: two runs differ in it.
STAMPS = ("host", "version", "emitted")
# Words on stderr that no fault of the box's may bring about: state that is given up.
FORBIDDEN = ("set aside", "begins anew", "cannot be used", "cannot be read:", "Fatal error", "learning begins")


# What was started and may still run.
STARTED = []


class Failure(Exception):
    """A promise that was not kept."""


def arguments(description, **defaults):
    """The options of a campaign; `defaults` are its sizes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", metavar="DIR", help="work there, and leave everything there")
    for name, value in defaults.items():
        parser.add_argument("--" + name, type=type(value), default=value)
    return parser.parse_args()


def campaign(body, options, name):
    """Runs a campaign in a folder of its own; ends with 1 when a promise was not kept, and says how to see it again."""
    work = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="monitord-campaign-")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    sizes = " ".join(f"--{key} {value}" for key, value in sorted(vars(options).items())
                     if key not in ("keep", "seed") and value != "")
    again = f"python3 {pathlib.Path(sys.argv[0]).name} --seed {options.seed} {sizes}"
    begin = time.monotonic()
    try:
        body(options, random.Random(options.seed), work)
        print(f"{name}: passed, {time.monotonic() - begin:.0f} s; {again}")
        failed = False
    except Failure as failure:
        print(f"{name}: FAILED: {failure}\n  again: {again}\n  left in {work}")
        failed = True
    finally:
        sys.stdout.flush()
    if not failed and not options.keep:
        shutil.rmtree(work, ignore_errors=True)
    sys.exit(1 if failed else 0)


class Trials:
    """Many trials, of which one that fails does not keep the others from being made."""

    def __init__(self):
        self.failed = 0

    def make(self, trial):
        """Makes a trial; says why it failed when it did."""
        try:
            return trial()
        except Failure as failure:
            self.failed += 1
            print(f"  FAILED: {failure}", flush=True)
            return None
        finally:
            for process in STARTED:
                kill(process)
            STARTED.clear()

    def end(self, count):
        check(not self.failed, f"{self.failed} of {count} trials")


def check(condition, text):
    if not condition:
        raise Failure(text)


def one_file(work, options, days):
    """An input with known incidents in a box of its own, and what an uninterrupted run makes of it."""
    recording = work / "a.csv"
    simulate(recording, options.seed, days, "pump", 2, ["spike/8", "step/8", "noise/5", "stuck/5"])
    lines = recording.read_bytes().splitlines(keepends=True)
    border = len(lines) * 19 // 20
    further = work / "a.further"
    further.write_bytes(lines[0] + b"".join(lines[border:]))
    calm = Box(work / "calm", ["a.csv"])
    calm.inputs[0].write_bytes(b"".join(lines[:border]))
    calm.run_to_end()
    expected = calm.logged()
    check(len(expected) > 20, f"only {len(expected)} records to lose")
    return calm, expected, further


def simulate(path, seed, days, kind, series, anomalies, start="2026-03-15T00:00:00"):
    """Writes a machine's recording with planted faults. A minute between rows: no pause of a campaign is a silence."""
    with open(path, "wb") as file:
        subprocess.run(
            [BINARY, "simulate", "--kind", kind, "--series", str(series), "--interval", "1min", "--gaps", "0",
             "--duration", f"{days}d", "--seed", str(seed), "--maintenance", "none", "--start", start]
            + [word for anomaly in anomalies for word in ("--anomaly", anomaly)],
            stdout=file, stderr=subprocess.DEVNULL, check=True)


def disk_library(work):
    """Builds the library that stands between monitord and the disk."""
    library = pathlib.Path(work) / "disk.so"
    result = subprocess.run(
        ["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", str(library),
         str(ROOT / "Tests/Campaigns/disk.c"), "-ldl"], capture_output=True, text=True)
    check(result.returncode == 0, f"disk.c: {result.stderr}")
    return library


class Box:
    """A folder with the inputs, state, log and console of one monitord."""

    def __init__(self, folder, inputs, log_size="20KiB", extra=""):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.state = self.folder / "state"
        self.logs = self.folder / "log"
        self.logs.mkdir(exist_ok=True)
        self.log = self.logs / "alerts.jsonl"
        self.console = self.folder / "console"
        self.errors = self.folder / "errors"
        self.inputs = [self.folder / name for name in inputs]
        self.config = self.folder / "monitord.toml"
        # No budget is reached: what two streams would share of one would depend on which is read first.
        self.config.write_text(
            f'false_alarms = "60/min"\nlog_size = "{log_size}"\nlog_keep = 1000\njournal = false\n'
            f'commit_every = "1s"\nsnapshots = 0\n{extra}[defaults]\nfalse_alarms = "10/day"\n'
            + "".join(f'[[source]]\nfile = "{path}"\n' for path in self.inputs))

    def start(self, environment=None, sources=True, **streams):
        """Starts monitord over the box; `environment` is added to."""
        command = [BINARY, "run", "--config", str(self.config), "--state", str(self.state), "--log", str(self.log)]
        if not sources:
            command += ["--stdin"]
        console, errors = open(self.console, "ab"), open(self.errors, "ab")
        process = subprocess.Popen(
            command, stdin=streams.get("stdin", subprocess.DEVNULL), stdout=console, stderr=errors,
            env={"PATH": os.environ["PATH"], "TZ": "UTC", **(environment or {})})
        console.close()
        errors.close()
        STARTED.append(process)
        return process

    def positions(self):
        """How far each stream was read, as committed: {stream: bytes}."""
        result = subprocess.run(
            [BINARY, "state", "list", "--state", str(self.state)], capture_output=True, text=True, timeout=60)
        check(result.returncode == 0, f"state list: exit {result.returncode}: {result.stderr}")
        found = {}
        for line in result.stdout.splitlines():
            if "read up to byte " in line:
                found[line.split(":")[0].strip()] = int(line.split("read up to byte ")[1].split(",")[0])
        return found

    def run_to_end(self, limit=120, environment=None):
        """Runs until everything is read and told, and ends monitord in order."""
        # A single source is called input.
        names = [path.stem for path in self.inputs] if len(self.inputs) > 1 else ["input"]
        sizes = {name: path.stat().st_size for name, path in zip(names, self.inputs)}
        for _ in range(5):
            process = self.start(environment)
            wait_until_idle(process, limit)
            stop(process)
            if self.positions() == sizes:
                return
        raise Failure(f"the files are not read to their ends: {self.positions()} of {sizes}")

    def logged(self):
        """The records of the rolling log and all it was rotated to, oldest first."""
        rotated = []
        for path in self.logs.iterdir():
            rest = path.name[len("alerts.jsonl"):].strip(".").removesuffix(".gz")
            if rest.isdigit():
                rotated.append((-int(rest), path))
        texts, seen = [], set()
        for number, path in sorted(rotated):
            # A number can be there both ways after a crash; the two have the same lines.
            if number in seen:
                continue
            seen.add(number)
            texts.append(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
        if self.log.exists():
            texts.append(self.log.read_bytes())
        return records(b"".join(texts))

    def told(self):
        """The records of the console."""
        return records(self.console.read_bytes()) if self.console.exists() else []

    def complaints(self):
        """Lines on stderr that say that something was given up."""
        text = self.errors.read_text(errors="replace") if self.errors.exists() else ""
        return [line for line in text.splitlines() if any(word in line for word in FORBIDDEN)]

    def scores(self, stream, piece):
        """Scores and alerts of a further piece of a stream from this state, as replay gives them: bytes."""
        copy = self.folder / f"replay-{stream}"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.state, copy)
        # Replay has one stream, called input.
        with sqlite3.connect(copy / "monitord.db") as database:
            database.execute("DELETE FROM part WHERE scope LIKE 'stream/%' AND scope != ?", ("stream/" + stream,))
            database.execute("UPDATE part SET scope = 'stream/input' WHERE scope = ?", ("stream/" + stream,))
        database.close()
        out, alerts = self.folder / f"{stream}.scores", self.folder / f"{stream}.alerts"
        result = subprocess.run(
            [BINARY, "replay", "--state", str(copy), "--scores", str(out), "--alerts", str(alerts), str(piece)],
            capture_output=True, text=True, timeout=120)
        check(result.returncode == 0, f"replay from the state of {stream}: {result.stderr}")
        check(not any(word in result.stderr for word in FORBIDDEN), f"replay: {result.stderr}")
        shutil.rmtree(copy)
        return out.read_bytes(), alerts.read_bytes()


def records(data):
    """Complete JSON lines; a line torn by a kill is passed over."""
    found = []
    for line in data.split(b"\n"):
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return [record for record in found if isinstance(record, dict) and "seq" in record]


def most_at_once(found):
    """The most incidents that open at one instant."""
    counts = {}
    for record in found:
        if record["event"] == "open":
            counts[record["time"]] = counts.get(record["time"], 0) + 1
    return max(counts.values(), default=0)


def key(record):
    return record["id"], record["seq"]


def bare(record):
    return {name: value for name, value in record.items() if name not in STAMPS}


def compare(found, expected, where, once):
    """The records are those expected: none missing, none else, equal; with `once`, none twice."""
    wanted = {key(record): bare(record) for record in expected}
    counts = {}
    for record in found:
        counts[key(record)] = counts.get(key(record), 0) + 1
        check(key(record) in wanted, f"{where} has {key(record)}, which the uninterrupted run has not")
        check(bare(record) == wanted[key(record)], f"{where} has another {key(record)}: {bare(record)} for {wanted[key(record)]}")
    missing = [one for one in wanted if one not in counts]
    check(not missing, f"{where} lacks {len(missing)} of {len(wanted)} records: {missing[:3]}")
    twice = [one for one, count in counts.items() if count > 1]
    check(not once or not twice, f"{where} has {len(twice)} records twice: {twice[:3]}")
    return len(twice)


def wait_until_idle(process, limit=120):
    """Waits until monitord has nothing to do: all threads sleep, for some time, without using the processor."""
    deadline = time.monotonic() + limit
    still, before = 0, None
    while still < 16:
        check(time.monotonic() < deadline, "monitord does not come to rest")
        check(process.poll() is None, f"monitord ended by itself with {process.returncode}")
        time.sleep(0.05)
        states, used = set(), 0
        try:
            for task in os.listdir(f"/proc/{process.pid}/task"):
                fields = pathlib.Path(f"/proc/{process.pid}/task/{task}/stat").read_text().rsplit(")", 1)[1].split()
                states.add(fields[0])
                used += int(fields[11]) + int(fields[12])
        except OSError:
            continue
        still = still + 1 if states == {"S"} and (before is None or used <= before + 1) else 0
        before = used


def stop(process, limit=30, codes=(0,)):
    """Ends monitord in order; returns what it ended with."""
    process.send_signal(signal.SIGTERM)
    try:
        code = process.wait(limit)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise Failure("monitord does not end when asked to")
    check(code in codes, f"monitord ended with {code} when asked to stop")
    return code


def kill(process):
    process.kill()
    process.wait()
