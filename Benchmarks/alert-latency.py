#!/usr/bin/env python3
"""From a line to its alert: readable in the rolling log, and in journald's hands, at a load of half of what one core can do.

    alert-latency.py BINARY [--series 100] [--channels 1] [--seconds 60] [--faults 5] [--load .5] [--state] [--folder FOLDER]

Runs itself where a real journald of its own listens (Tests/Scripts/journald-host.sh; as root). `replay` of the same lines says what one
core can do. Ticks of all series then go down a pipe to `run --stdin` at that load, after 400 at once; FAULTS times a second the last
series of a tick has a value far off. A time is from before the write of the tick to when inotify tells of the log's line, and to the
journal's own stamp of receipt. The log syncs a line once, and a state (--state) its outbox once before: 200 appends with fdatasync in
the same folder before and after say what one costs. Prints a table in milliseconds.
"""
import argparse, ctypes, json, os, random, subprocess, sys, tempfile, threading, time
from datetime import datetime

START = 1767225600                               # 2026-01-01
LEARNED = 400                                    # ticks before the clock runs
MOST_WRITES = 500                                # a second; what is due between two goes down together
IN_MODIFY = 2


class Lines:
    """Ticks of series in the long or, of one series, in the wide form."""

    def __init__(self, series, channels):
        self.series, self.channels, self.random = series, channels, random.Random(1)
        names = ','.join(f'c{channel}' for channel in range(channels))
        self.header = f'time,device,{names}\n'.encode()

    def tick(self, number, is_fault):
        lines = []
        for series in range(self.series):
            far = 40 if is_fault and series == self.series - 1 else 0
            values = ','.join(f'{20 + channel + self.random.gauss(0, 1) + far:.3f}' for channel in range(self.channels))
            # Another series is the last one of each tick, so that none has a fault often.
            lines.append(f'{START + number},d{(series + number) % self.series},{values}\n')
        return ''.join(lines).encode()


class Follower(threading.Thread):
    """Notes when each line of the log can be read."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.path, self.seen = path, []
        open(path, 'a').close()
        self.watch = self.libc.inotify_init1(0)
        if self.libc.inotify_add_watch(self.watch, path.encode(), IN_MODIFY) < 0: sys.exit('inotify_add_watch failed')

    def run(self):
        rest = b''
        with open(self.path, 'rb') as log:
            while True:
                os.read(self.watch, 4096)
                now = time.time()
                *whole, rest = (rest + log.read()).split(b'\n')
                self.seen += [(now, json.loads(line)) for line in whole]


def syncs(folder):
    """Milliseconds of 200 appends of 200 bytes, each with fdatasync."""
    taken = []
    with open(os.path.join(folder, 'probe'), 'ab', buffering=0) as probe:
        for _ in range(200):
            begin = time.perf_counter()
            probe.write(b'x' * 199 + b'\n')
            os.fdatasync(probe.fileno())
            taken.append((time.perf_counter() - begin) * 1e3)
    return taken


def capacity(options, config, folder):
    """Samples a second that one core replays, learning included."""
    lines, path = Lines(options.series, options.channels), os.path.join(folder, 'lines.csv')
    with open(path, 'wb') as file:
        file.write(lines.header)
        for number in range(max(2000, 200_000 // options.series)): file.write(lines.tick(number, False))
    said = subprocess.run([options.binary, 'replay', '--json', '--config', config, path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(said.stdout.splitlines()[-1])['samples_per_cpu_s']


def feed(options, sink, rate):
    """Writes the ticks at `rate` a second. Returns when the ones with a fault were begun, by their event time."""
    lines, begun, late = Lines(options.series, options.channels), {}, 0
    together = max(1, round(rate / MOST_WRITES))
    writes, every = int(options.seconds * rate / together), max(1, round(rate / together / options.faults))
    learned = b''.join(lines.tick(number, False) for number in range(LEARNED))
    paced = [b''.join(lines.tick(LEARNED + place * together + part, place % every == 1 and part == together - 1)
                      for part in range(together)) for place in range(writes)]
    write(sink, lines.header + learned)
    time.sleep(3)
    start = time.time()
    for place, data in enumerate(paced):
        due = start + place * together / rate
        while (left := due - time.time()) > 0: time.sleep(left)
        now = time.time()
        late = max(late, now - due)
        if place % every == 1: begun[START + LEARNED + (place + 1) * together - 1] = now
        write(sink, data)
    return begun, late


def write(sink, data):
    view = memoryview(data)
    while view: view = view[os.write(sink, view):]


def waited(pid):
    """Seconds that the threads of a process were ready to run and had no core."""
    total = 0
    for thread in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{thread}/schedstat') as file: total += int(file.read().split()[1])
    return total / 1e9


def journal():
    """When journald got each message, by its id and number."""
    subprocess.run(['journalctl', '--sync'], check=True)
    said = subprocess.run(['journalctl', '-q', '-a', '-o', 'json', '-t', 'monitord'], stdout=subprocess.PIPE, check=True).stdout
    entries = [json.loads(line) for line in said.splitlines()]
    return {(entry['MONITORD_ID'], entry['MONITORD_SEQ']): int(entry['__REALTIME_TIMESTAMP']) / 1e6
            for entry in entries if 'MONITORD_ID' in entry}


def row(name, values):
    if not values: return print(f'| {name} | 0 | | | |')
    values = sorted(values)
    at = lambda share: values[min(len(values) - 1, int(len(values) * share))]
    print(f'| {name} | {len(values)} | {at(.5):.2f} | {at(.99):.2f} | {values[-1]:.2f} |')


def measure(options, folder):
    config, log = os.path.join(folder, 'monitord.toml'), os.path.join(folder, 'alerts.jsonl')
    with open(config, 'w') as file:
        file.write('false_alarms = "1000/day"\n' + ''.join(line + '\n' for line in options.config) + '[defaults]\nfalse_alarms = "10/day"\n'
                   '[[source]]\nstdin = true\nseries = "device"\n')
    most = capacity(options, config, folder)
    rate = options.load * most / options.series
    before = syncs(folder)
    follower = Follower(log)
    follower.start()
    command = [options.binary, 'run', '--config', config, '--journal', '--log', log]
    if options.state: command += ['--state', os.path.join(folder, 'state')]
    with open(os.path.join(folder, 'said'), 'w') as said:
        daemon = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)
        begun, late = feed(options, daemon.stdin.fileno(), rate)
        time.sleep(2)
        without_core = waited(daemon.pid)
        daemon.stdin.close()
        daemon.wait()
    after = syncs(folder)
    received = journal()
    told, kept = [], []
    for seen, record in follower.seen:
        event = datetime.fromisoformat(record['time']).timestamp()
        if record['event'] != 'open' or event not in begun: continue
        told.append((seen - begun[event]) * 1e3)
        if (stamp := received.get((record['id'], str(record['seq'])))): kept.append((stamp - begun[event]) * 1e3)
    print(f'{options.series} series of {options.channels} channels, {"with" if options.state else "without"} state: '
          f'{rate * options.series:.0f} lines a second of {most:.0f}, {len(begun)} faults, {len(follower.seen)} messages, the writer at most {late * 1e3:.0f} ms late, '
          f'ready and without a core for {without_core:.1f} s; load {os.getloadavg()[0]:.1f}')
    print('| ms | | p50 | p99 | most |\n|---|---:|---:|---:|---:|')
    row('line to the log', told)
    row('line to journald', kept)
    row('one fdatasync, before', before)
    row('one fdatasync, after', after)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('binary')
    parser.add_argument('--series', type=int, default=100)
    parser.add_argument('--channels', type=int, default=1)
    parser.add_argument('--seconds', type=float, default=60)
    parser.add_argument('--faults', type=float, default=5)
    parser.add_argument('--load', type=float, default=.5)
    parser.add_argument('--state', action='store_true')
    parser.add_argument('--config', action='append', default=[], metavar='KEY=VALUE')
    parser.add_argument('--folder', help='where the log and the state are; on the disk whose fdatasync counts')
    options = parser.parse_args()
    if os.environ.get('JOURNALD_HOST') != '1':
        host = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../Tests/Scripts/journald-host.sh')
        os.execvp('bash', ['bash', host, sys.executable, *sys.argv])
    with tempfile.TemporaryDirectory(dir=options.folder) as folder: measure(options, folder)


main()
