#!/usr/bin/env python3
"""monitord beside what one would take instead, in turn and on the same core: rows 1 to 8 of the speed table.

    peers.py BINARY [--kit FOLDER] [--rounds 3] [--seconds 4] [--core 1] [--rows 1,2,...] [--ingest 'COMMAND {}'] [--json OUT]

FOLDER (or $MONITORD_PERF_KIT) is the kit of the peers: run.py, peers/timecmd.py and what its setup.sh makes, in $PERF_DATA and
$PERF_BIN. COMMAND reads the file {} to typed samples and does nothing else. Rates are a processor second's: samples, points, lines or
datagrams. A ratio is the median of the rounds' ratios. What cannot be measured or is not installed has no figure.
Ends with 1 when a row is below its floor.
"""
import argparse, json, os, statistics, subprocess, sys, tempfile

from peers_live import datagrams, files

DATA = os.environ.get('PERF_DATA', '/tmp/monitord-perf/data')
BIN = os.environ.get('PERF_BIN', '/tmp/monitord-perf/bin')
HERE = os.path.dirname(os.path.abspath(__file__))

# Row, what is measured, ours, the peer, and the ratios that are the floor and the goal.
ROWS = [
    (1, 'full work', 'full-work', 'c-ref-both-train', .7, 2),
    (2, 'full work', 'full-work', 'river-hst', 4, 11),
    (2, 'full work', 'full-work', 'torch-both-train', 60, 170),
    (3, 'end to end, full', 'default', 'river-e2e', 2.5, 6),
    (3, 'end to end, lean', 'lean', 'river-e2e', 6, 15),
    (4, '1,000 series, score only', 'score-only-1000', 'torch-b1000', 1, 3),
    (4, '1,000 series, one detector', 'forecaster-1000', 'torch-b1000-train', 2, 6),
    (4, '1,000 series, full', 'full-1000', 'torch-b1000-train', 2, 6),
    (5, 'CSV to samples', 'ingest-csv', 'duckdb', 1.5, 5),
    (5, 'CSV to samples', 'ingest-csv', 'micro-scan', .2, .6),
    (6, 'JSON lines to samples', 'ingest-json', 'duckdb-json', 1, 3),
    (6, 'Zeek to flows', 'ingest-zeek', 'mawk-zeek', 1.5, 4),
    (6, 'nfdump to flows', 'ingest-nfdump', 'mawk-nf', 1.5, 4),
    (6, 'long form, 1,000 series', 'ingest-long', 'long-duckdb', 1, 2),
    (7, 'datagrams parsed', 'udp-parsed', 'c-recvmmsg-parse-8MiB', .6, .9),
    (7, 'datagrams scored, learned', 'udp-scored', 'c-recvmmsg-parse-8MiB', .6, .9),
    (8, 'file to file, lean scores', 'file-lean', 'rsyslog-imfile', 2, 8),
]


class Kit:
    """The kit of the peers, and a folder for what monitord needs beside it."""

    def __init__(self, options, work):
        self.folder, self.options, self.work = options.kit, options, work
        self.binary = os.path.abspath(options.binary)
        self.ingest = options.ingest or f'{self.binary} check --sample {{}}'
        self.data, self.bin, self.core = DATA, BIN, options.core

    def config(self, name, text):
        path = os.path.join(self.work, name + '.toml')
        with open(path, 'w') as file: file.write(text)
        return path

    def replay(self, name, text, data):
        """A command that replays a file of the kit with a configuration and ends with a line of figures."""
        return f'{self.binary} replay --json --config {self.config(name, text)} {data}'

    def timed(self, name, data, command):
        """A command that says at what rate the lines of a file went through another one, from its start to its end."""
        return f'{sys.executable} {self.folder}/peers/timecmd.py {name} {data} -- {command}'

    def rounds(self, kind, peers, ours):
        """Rates of peers and ours in turn: by name, a list with a figure for each round."""
        out = os.path.join(self.work, kind + '.json')
        command = [sys.executable, f'{self.folder}/run.py', kind, '--rounds', str(self.options.rounds), '--core', self.core,
                   '--seconds', str(self.options.seconds), '--only', ','.join(peers), '--json', out]
        for name, what in ours.items(): command += ['--ours', f'{name}={what}']
        if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0: return {}
        with open(out) as file: rows = json.load(file)['rows']
        return {row['name']: [run.get('samples_per_cpu_s') or run['samples_per_s'] for run in row['runs'] if not run.get('exit')]
                for row in rows}


def detectors(kit):
    """Rows 1 to 4. No key turns training off, so that the row of scoring alone has no figure."""
    head = os.path.join(kit.work, 'sensors.csv')
    with open(f'{DATA}/sensors.csv', 'rb') as whole, open(head, 'wb') as part:
        part.writelines(line for line, _ in zip(whole, range(300_001)))
    ours = {
        'full-work': f'{kit.binary} replay --json --config {HERE}/full-work.toml {head}',
        'default': kit.replay('full', '', head),
        'lean': kit.replay('lean', 'profile = "lean"\n', head),
        'forecaster-1000': kit.replay('forecaster', 'detectors = ["forecast"]\n', f'{DATA}/long1k.csv'),
        'full-1000': kit.replay('full', '', f'{DATA}/long1k.csv'),
    }
    peers = ['c-ref-both-train', 'river-hst', 'river-e2e', 'torch-both-train', 'torch-b1000', 'torch-b1000-train']
    return kit.rounds('detectors', peers, ours)


def ingest(kit):
    """Rows 5 and 6: text to typed samples."""
    def ours(name, data): return {'ingest-' + name: kit.timed(name, f'{DATA}/{data}', kit.ingest)}

    scan = {'micro-scan': f'{sys.executable} {os.path.abspath(__file__)} scan'}
    return (kit.rounds('ingest', ['duckdb'], ours('csv', 'sensors.csv') | scan)
            | kit.rounds('jsonl', ['duckdb-json'], ours('json', 'sensors.jsonl'))
            | kit.rounds('long', ['long-duckdb'], ours('long', 'long1k.csv'))
            | kit.rounds('flows', ['mawk-zeek', 'mawk-nf'], ours('zeek', 'conn.log') | ours('nfdump', 'flows.csv')))


def scan():
    """What a C program needs to read the numbers of the same lines from memory, as run.py wants to be told."""
    said = subprocess.run([f'{BIN}/micro', 'scan', f'{DATA}/sensors.csv'], stdout=subprocess.PIPE, check=True).stdout
    last = json.loads(said.splitlines()[-1])
    print(json.dumps(last | {'samples_per_s': last['lines_per_s'], 'samples_per_cpu_s': last['lines_per_s'], 'rss_mb': 0}))


def text(rates):
    """The median of some rates with their range, in thousands."""
    if not rates: return 'no figure'
    return f'{statistics.median(rates) / 1e3:,.1f} [{min(rates) / 1e3:,.1f}-{max(rates) / 1e3:,.1f}]'


def report(rates, rows):
    """Prints the table. Returns how many rows are below their floor."""
    below = 0
    print('| | measure | against | thousands a CPU s: ours | the peer | ratio | floor | goal | |')
    print('|---|---|---|---:|---:|---:|---:|---:|---|')
    for number, measure, ours, peer, floor, goal in rows:
        ratios = [a / b for a, b in zip(rates.get(ours, []), rates.get(peer, []))]
        ratio, shown, verdict = None, '', 'not measured'
        if ratios:
            ratio = statistics.median(ratios)
            shown = f'{ratio:.3g} [{min(ratios):.3g}-{max(ratios):.3g}]'
            verdict = 'goal' if ratio >= goal else 'floor' if ratio >= floor else '**below**'
            below += ratio < floor
        print(f'| {number} | {measure} | {peer} | {text(rates.get(ours))} | {text(rates.get(peer))} | {shown} | {floor} | {goal} | {verdict} |')
    return below


def main():
    if sys.argv[1:] == ['scan']: return scan()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('binary')
    # monitord takes what begins with MONITORD_ for keys of its configuration, and refuses this one.
    parser.add_argument('--kit', default=os.environ.pop('MONITORD_PERF_KIT', None))
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--seconds', type=float, default=4)
    parser.add_argument('--core', default='1')
    parser.add_argument('--rows', default='1,2,3,4,5,6,7,8')
    parser.add_argument('--ingest', metavar='COMMAND')
    parser.add_argument('--json', metavar='OUT')
    options = parser.parse_args()
    if not options.kit or not os.path.isfile(f'{options.kit}/run.py'):
        parser.error('no kit with run.py: name its folder with --kit or MONITORD_PERF_KIT')
    wanted = {int(row) for row in options.rows.split(',')}
    rates = {}
    with tempfile.TemporaryDirectory() as work:
        kit = Kit(options, work)
        for measure, rows in ((detectors, {1, 2, 3, 4}), (ingest, {5, 6}), (datagrams, {7}), (files, {8})):
            if rows & wanted: rates |= measure(kit)
    if options.json:
        with open(options.json, 'w') as file: json.dump(rates, file, indent=1)
    print(f'load {", ".join(f"{load:.1f}" for load in os.getloadavg())}; {options.rounds} rounds')
    sys.exit(1 if report(rates, [row for row in ROWS if row[0] in wanted]) else 0)


if __name__ == '__main__':
    main()
