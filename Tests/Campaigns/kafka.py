"""Workers of a group that are killed, stopped, added and sent away while they share the partitions of a topic.

Each round: librdkafka's mock cluster as a process of its own; one worker of a group of its own that nobody touches; three
workers of another group on the same topic. In the end the three must have told what the one told, once by (id, seq), hold
the very state that it holds, byte for byte, and no partition may have been scored by two of them at once.
"""
import collections
import ctypes
import http.client
import json
import math
import os
import random
import shutil
import signal
import socket
import subprocess
import time

from campaign import BINARY, STAMPS, STARTED, Failure, Trials, arguments, campaign
from kafka_cluster import Cluster, Writer, library

TOPIC = "telemetry"
SESSION = 6
START = 1790000000


class Worker:
    """A monitord that is a member of a group."""

    def __init__(self, folder, name, group, brokers, options):
        self.folder, self.name, self.group = folder, name, group
        folder.mkdir(parents=True, exist_ok=True)
        self.told = {}
        self.process = None
        self.isStopped = False
        self.snapshot_every = options.snapshot
        (folder / "monitord.toml").write_text(f"""
state = "{folder}/state"
log = "{folder}/alerts.log"
journal = false
control = "{folder}/control"
commit_every = "2s"
false_alarms = "1/s"
profile = "{options.profile}"
history = "0s"

[defaults]
false_alarms = "1/h"

[[source]]
kafka = "{brokers}"
topics = ["{TOPIC}"]
group = "{group}"
member = "{name}"
session_timeout = "{SESSION}s"
snapshot_every = "{options.snapshot}s"
stalled_after = "1h"
{f'kafka_library = "{options.library}"' if options.library else ""}
""")

    def start(self):
        errors = self.folder / "stderr"
        self.begins = len(errors.read_text()) if errors.exists() else 0
        self.process = subprocess.Popen(
            [BINARY, "run", "--config", str(self.folder / "monitord.toml")], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=open(self.folder / "stderr", "a"))
        STARTED.append(self.process)
        self.life = f"{self.name}.{self.process.pid}"

    def status(self):
        """What it says of its partitions; `None` when it does not answer."""
        if self.isStopped or self.process is None or self.process.poll() is not None:
            return None
        connection = http.client.HTTPConnection("localhost", timeout=2)
        try:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(2)
            connection.sock.connect(str(self.folder / "control"))
            connection.request("GET", "/api/v1/status?series=0")
            return json.loads(connection.getresponse().read())
        except (OSError, ValueError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def look(self, spans):
        """Notes when it scored which partition, under which epoch."""
        status = self.status()
        partitions = (status or {}).get("partitions")
        if partitions is None:
            return None
        for entry in partitions["held"] + partitions["past"]:
            if entry.get("scored_from") is not None:
                spans[(entry["partition"], entry["epoch"])] = (
                    self.life, entry["scored_from"], entry["scored_until"])
        self.told = partitions
        return partitions

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)
        self.isStopped = True

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)
        self.isStopped = False

    def leave(self):
        """Ends it in order."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            threads = subprocess.run(
                ["gdb", "-batch", "-p", str(self.process.pid), "-ex", "thread apply all bt 12"], capture_output=True,
                text=True).stdout if shutil.which("gdb") else ""
            (self.folder / "threads").write_text(threads)
            raise Failure(f"{self.name} does not end; its threads are in {self.folder}/threads")
        if code == -signal.SIGABRT and "assignor_state" in (self.folder / "stderr").read_text():
            # librdkafka 2.0.2 may end the process where it leaves a group that rebalances: a death like any other.
            return False
        if code == -signal.SIGTERM:
            # So early that nobody listened to the signal yet: nothing was taken over.
            if "takes over" in (self.folder / "stderr").read_text()[self.begins:]:
                raise Failure(f"{self.name} was ended by the signal while it had partitions")
            return True
        if code != 0:
            raise Failure(f"{self.name} ended with {code}: {(self.folder / 'stderr').read_text()[-500:]}")

        return True

    def alerts(self):
        """Its messages as they are in its log, in order."""
        path = self.folder / "alerts.log"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def series_values(options, rng):
    """What each series measures, sample by sample: a rhythm and noise, in some with something planted."""
    waves = []
    for number in range(options.series):
        planted = None
        if rng.random() < options.planted:
            begin = rng.randrange(options.learn + 20, options.samples - 20)
            planted = (begin, rng.choice(["spike", "level"]), rng.choice([-1, 1]))
        waves.append((rng.uniform(5, 50), rng.uniform(.5, 3), rng.uniform(7, 40), planted))
    noise = random.Random(rng.random())

    def value(number, sample):
        base, height, period, planted = waves[number]
        result = base + height * math.sin(sample / period) + noise.gauss(0, height / 10)
        if planted and planted[0] <= sample < planted[0] + (1 if planted[1] == "spike" else 15):
            result += planted[2] * 8 * height
        return result

    return value


def write(writer, value, options, samples, pace=None):
    """Writes samples of all series, so many a second when `pace` is given; a call of what it yields writes one tick."""
    for sample in samples:
        begin = time.monotonic()
        for number in range(options.series):
            writer.write(
                TOPIC, number % options.partitions, b"s%d" % number,
                b'{"t":%d,"v":%.4f}' % (START + sample, value(number, sample)))
        writer.turn()
        if pace:
            yield sample
            time.sleep(max(0, pace - (time.monotonic() - begin)))
    writer.flush()


class Message(ctypes.Structure):
    _fields_ = [
        ("err", ctypes.c_int), ("rkt", ctypes.c_void_p), ("partition", ctypes.c_int32), ("payload", ctypes.c_void_p),
        ("len", ctypes.c_size_t), ("key", ctypes.c_void_p), ("key_len", ctypes.c_size_t), ("offset", ctypes.c_int64)]


def records(brokers, topic, partitions, path="librdkafka.so.1"):
    """All records of a topic: partition, key, value."""
    lib = library(path)
    conf = ctypes.c_void_p(lib.rd_kafka_conf_new())
    reason = ctypes.create_string_buffer(512)
    for name, value in {"bootstrap.servers": brokers, "group.id": "look", "enable.partition.eof": "true"}.items():
        lib.rd_kafka_conf_set(conf, name.encode(), value.encode(), reason, 512)
    handle = ctypes.c_void_p(lib.rd_kafka_new(1, conf, reason, 512))
    lib.rd_kafka_poll_set_consumer(handle)
    lib.rd_kafka_topic_partition_list_new.restype = ctypes.c_void_p
    lib.rd_kafka_topic_partition_list_add.restype = ctypes.c_void_p
    lib.rd_kafka_consumer_poll.restype = ctypes.POINTER(Message)
    assigned = ctypes.c_void_p(lib.rd_kafka_topic_partition_list_new(partitions))
    for number in range(partitions):
        lib.rd_kafka_topic_partition_list_add(assigned, topic.encode(), number)
        lib.rd_kafka_topic_partition_list_set_offset(assigned, topic.encode(), number, ctypes.c_int64(-2))
    lib.rd_kafka_assign(handle, assigned)
    ended, quiet = 0, 0
    while ended < partitions and quiet < 100:
        message = lib.rd_kafka_consumer_poll(handle, 100)
        if not message:
            quiet += 1
            continue
        found = message.contents
        if found.err == -191:
            ended += 1
        elif found.err == 0:
            yield (found.partition, ctypes.string_at(found.key, found.key_len).decode(),
                   ctypes.string_at(found.payload, found.len) if found.payload else None)
        lib.rd_kafka_message_destroy(message)
    lib.rd_kafka_consumer_close(handle)


def seals(brokers, group, options):
    """The last snapshot of each partition: highest epoch, then generation; offset, length and sum."""
    found = {}
    for partition, key, value in records(brokers, f"{group}-monitord-{TOPIC}", options.partitions,
                                         options.library or "librdkafka.so.1"):
        parts = key.split("/")
        if len(parts) != 3 or parts[2] != "seal" or value is None:
            continue
        generation, offset, length = (int.from_bytes(value[at:at + 8], "little") for at in (1, 9, 17))
        total = int.from_bytes(value[29:37], "little")
        seal = ((int(parts[0]), generation), offset, length, total)
        found[partition] = max(found.get(partition, seal), seal)
    return found


def wait_until_read(workers, spans, options, seconds, what):
    """Waits until the workers have all partitions and have read all that is in them."""
    limit = time.monotonic() + seconds
    total = options.series * options.samples
    while time.monotonic() < limit:
        looks = [look for look in (worker.look(spans) for worker in workers) if look]
        held = [entry for look in looks for entry in look["held"]]
        if len(held) == options.partitions and sum(entry["next_offset"] for entry in held) == total:
            return
        time.sleep(.3)
    raise Failure(f"{what}: not all is read after {seconds} s: " + ", ".join(
        f"{worker.name} {[(e['partition'], e['next_offset']) for e in worker.told.get('held', [])]}"
        for worker in workers))


def disturb(workers, added, spans, rng, options, events):
    """One thing happens to a worker; returns what undoes it, or nothing."""
    alive = [worker for worker in workers if worker.process.poll() is None and not worker.isStopped]
    if len(alive) < 2:
        return None
    worker = rng.choice(alive)
    kind = rng.choice(["kill", "kill", "stop", "stop", "leave", "add"])
    if kind == "add" and len(workers) < 5:
        events["added"] += 1
        newcomer = added(len(workers) + 1)
        newcomer.start()
        workers.append(newcomer)
        return None
    if kind in ("kill", "add"):
        events["killed"] += 1
        worker.look(spans)
        worker.kill()
        return (time.monotonic() + rng.uniform(.2, 10), worker.start)
    if kind == "stop":
        events["stopped"] += 1
        worker.look(spans)
        worker.stop()
        return (time.monotonic() + rng.choice([rng.uniform(.1, 2), rng.uniform(4, 14)]), worker.go_on)
    events["left"] += 1
    if not worker.leave():
        events["aborted by librdkafka"] += 1
    worker.look(spans)
    return (time.monotonic() + rng.uniform(.5, 8), worker.start)


CLUSTER_DIED = "the cluster died"


def leave_for_good(worker, events):
    tries = 5
    while not worker.leave():
        # What it had still to tell waits in its state.
        events["aborted by librdkafka"] += 1
        tries -= 1
        if tries == 0:
            raise Failure(f"librdkafka's assertion ends {worker.name} whenever it leaves")
        worker.start()
        time.sleep(3)


def overlaps(spans):
    """Pairs of times in which two workers scored one partition."""
    by_partition = collections.defaultdict(list)
    for (partition, epoch), (life, begin, end) in spans.items():
        by_partition[partition].append((epoch, begin, end, life))
    found = []
    for partition, entries in by_partition.items():
        entries.sort()
        for before, after in zip(entries, entries[1:]):
            if before[2] > after[1]:
                found.append((partition, before, after))
    return found


def content(record):
    return {key: value for key, value in record.items() if key not in STAMPS}


def compare_alerts(alone, workers):
    """Every message of the lone worker was told by the others, and nothing else; returns how many, and how many twice."""
    expected = {(record["id"], record["seq"]): content(record) for record in alone.alerts()}
    told = collections.defaultdict(list)
    for worker in workers:
        own = set()
        for record in worker.alerts():
            name = (record["id"], record["seq"])
            if name in own:
                raise Failure(f"{worker.name} has told {name} twice")
            own.add(name)
            told[name].append(content(record))
    missing, strange = expected.keys() - told.keys(), told.keys() - expected.keys()
    if missing or strange:
        some = [expected.get(name) or told[name][0] for name in list(missing)[:2] + list(strange)[:2]]
        raise Failure(f"{len(missing)} messages are missing, {len(strange)} are none of the lone worker's: {some}")
    for name, records in told.items():
        for record in records:
            if record != expected[name]:
                different = {key: (record.get(key), expected[name].get(key)) for key in record.keys() | expected[name].keys()
                             if record.get(key) != expected[name].get(key)}
                raise Failure(f"{name} differs: {different}")
    return len(expected), sum(len(records) - 1 for records in told.values())


def trial(options, rng, folder, number):
    events = collections.Counter()
    cluster = Cluster({TOPIC: options.partitions, f"many-monitord-{TOPIC}": options.partitions,
                       f"alone-monitord-{TOPIC}": options.partitions})
    try:
        def worker(name, group="many"):
            return Worker(folder / name, name, group, cluster.brokers, options)

        alone = worker("alone", "alone")
        workers = [worker(f"worker{index + 1}") for index in range(3)]
        writer, value, spans = Writer(cluster.brokers), series_values(options, rng), {}
        for _ in write(writer, value, options, range(options.learn)):
            pass
        alone.start()
        for one in workers:
            one.start()
        due, undo = time.monotonic() + 8, []
        for _ in write(writer, value, options, range(options.learn, options.samples), options.pace):
            for one in workers:
                one.look(spans)
            for entry in [entry for entry in undo if entry[0] <= time.monotonic()]:
                undo.remove(entry)
                entry[1]()
            if time.monotonic() >= due:
                due = time.monotonic() + rng.uniform(.5, 2) * options.calm
                undone = disturb(workers, lambda index: worker(f"worker{index}"), spans, rng, options, events)
                if undone:
                    undo.append(undone)
        for at, again in undo:
            again()
        for one in workers:
            if one.process.poll() is not None:
                one.start()
        wait_until_read(workers, spans, options, 120, "the workers")
        wait_until_read([alone], {}, options, 120, "the lone worker")
        counts = collections.Counter()
        for one in workers:
            for key in ("taken_over", "given_up", "lost", "late_batches", "snapshots", "snapshot_bytes", "begun_anew"):
                counts[key] += one.told.get(key) or 0
        for one in workers[:-1]:
            leave_for_good(one, events)
        # Those that go take their partitions from the others for a while: the last one has them all in the end.
        wait_until_read(workers[-1:], spans, options, 120, "the last worker")
        for one in (workers[-1], alone):
            leave_for_good(one, events)
        messages, twice = compare_alerts(alone, workers)
        if messages < options.series * options.planted / 4:
            raise Failure(f"only {messages} messages: the trial shows nothing")
        mine, theirs = seals(cluster.brokers, "alone", options), seals(cluster.brokers, "many", options)
        different = [partition for partition in range(options.partitions)
                     if mine.get(partition, (0, 1))[1:] != theirs.get(partition, (0, 2))[1:]]
        if different:
            raise Failure(f"the state of {len(different)} partitions differs: " + ", ".join(
                f"{partition}: {mine.get(partition)} {theirs.get(partition)}" for partition in different[:4]))
        both = overlaps(spans)
        if both:
            raise Failure(f"{len(both)} times two workers scored one partition: {both[:3]}")
        print(f"  round {number}: {dict(events)}; {len(spans)} holdings; {messages} messages, {twice} told by two workers; "
              f"{options.partitions} states equal; {dict(counts)}", flush=True)
        return counts + collections.Counter(messages=messages, twice=twice, holdings=len(spans), **events)
    except (Failure, OSError):
        # librdkafka's mock cluster has assertions of its own, `!member->resp` among them.
        if cluster.process.poll() is None:
            raise
        return CLUSTER_DIED
    finally:
        for process in STARTED:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
        cluster.close()


def body(options, rng, work):
    trials, total = Trials(), collections.Counter()
    for number in range(options.rounds):
        result = CLUSTER_DIED
        while result == CLUSTER_DIED and total["clusters died"] < max(2, options.rounds // 5):
            seed = rng.random()
            result = trials.make(lambda: trial(options, random.Random(seed), work / f"round{number}", number + 1))
            if result == CLUSTER_DIED:
                total["clusters died"] += 1
                print(f"  round {number + 1}: the mock cluster died by itself; the round is made again", flush=True)
                shutil.rmtree(work / f"round{number}")
        if result == CLUSTER_DIED:
            raise Failure("the mock cluster dies too often")
        if result:
            total += result
    print(f"  {options.rounds} rounds, {trials.failed} failed: {dict(total)}")
    if trials.failed:
        raise Failure(f"{trials.failed} of {options.rounds} rounds")


if __name__ == "__main__":
    campaign(body, arguments(
        __doc__, rounds=20, series=2000, partitions=12, samples=420, learn=300, pace=.5, planted=.1, calm=4.0,
        snapshot=5, profile="lean", library=""), "kafka")
