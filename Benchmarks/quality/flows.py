#!/usr/bin/env python3
"""What monitord finds in the traffic of a simulated network, and what it tells of traffic in which nothing is planted.

    flows.py BINARY clean [--hosts 500] [--days 30] [--seed 1] [--guests 0] [--config KEY=VALUE]...
    flows.py BINARY newcomers [--hosts 300] [--seed 1] [--kinds scan,sweep,...] [--per-cell 12] [--sizes 30,60] [--learned DIR] [--config KEY=VALUE]...
    flows.py BINARY sweep [--hosts 50] [--kinds scan,sweep,...] [--per-cell 21] [--config KEY=VALUE]... [--sizes 6,30] [--learned DIR] [--alpha A] [--json]

clean: `simulate --kind flows` piped into `replay --format zeek -`; told incidents a day behind the first, by what they are about.
With `--guests N` each of N workstations has another address every day (10.100 + day), so that N new hosts come a day.

newcomers: a network is learned up to Tuesday, 09:00, without 24 of its hosts, whose lines are left out. In streams of 4.5 hours behind
it three of these join, and begin an anomaly of 10 minutes with their first connection: in percent told within 40 s (two bins), 60 s and
10 min of the bin in which they join. First they join one and all and do nothing else: how many of them are told.

sweep: three networks (seeds 1 to 3) are learned for three days up to a Wednesday, 00:00, 08:00 or 13:00; each stream goes on from that
state for 4.5 hours with three anomalies of 10 minutes on different hosts. Found within 40 s (two bins) or 10 min of the bin
in which it begins, in three ways: `told` is an incident at the default budgets, which opens on a host of the label or has it among its
series; `seen` is a score at the series' own threshold, whether or not the daemon's budget tells it; `z` is the baseline: the greatest
|x - mean| / deviation of eight logarithms of counts per host and bin (flows, bytes and packets out and in, peers, ports, failed), mean and
deviation exponentially weighted before the bin; its threshold is the one that opens as many incidents as monitord tells on the same
streams with nothing planted (and `zs`: as many as monitord sees), which real use could not know. Needs numpy.
"""
import argparse, collections, csv, json, math, os, subprocess, tempfile, time
import numpy as np

SUNDAY, DAY, BIN = 1773532800, 86400, 20        # 2026-03-15, a Sunday: the start of every stream
ROLES = {20: 'server', 21: 'plc', 22: 'hmi', 23: 'device', 24: 'printer', 25: 'laptop', 26: 'workstation'}
SIZES = {'scan': [15, 120, 1000], 'sweep': [6, 60, 300], 'flood': [30, 300, 3000], 'exfiltration': [10, 200, 5000],
         'beacon': [5, 60], 'silence': [1], 'outage': [1]}
STARTS = {'scan': [15, 30, 60, 120, 1000], 'sweep': [6, 20, 60, 300], 'flood': [100, 300, 1000, 3000], 'exfiltration': [50, 200, 1000, 5000]}
HOURS = {1: 0, 2: 8, 3: 13}
OFFSETS = [.5, 1.75, 3.0]                              # hours behind the learned part
WINDOW = 4.5
SUITS = {'silence': [20, 21, 22, 23], 'outage': [20, 21]}


def role(host): return ROLES.get(int(host.split('.')[1]), '?') if host.count('.') == 3 else '-'


def epoch(text): return int(np.datetime64(text.rstrip('Z'), 's').astype(int))


def configuration(folder, extra):
    path = os.path.join(folder, 'config.toml')
    with open(path, 'w') as f: f.write(''.join(c + '\n' for c in extra))
    return path


def opened(path):
    with open(path) as f: records = [json.loads(line) for line in f]
    return [r for r in records if r['event'] == 'open'], records


def describe(record):
    top = max(record.get('detectors') or [{'name': '-'}], key=lambda d: d.get('score', 0) * d.get('weight', 1))['name']
    channel = record['channels'][0]['name'] if record.get('channels') else '-'
    return record['kind'], channel, top, role(record['series'])


def clean(a):
    with tempfile.TemporaryDirectory() as folder:
        config, alerts = configuration(folder, a.config), a.alerts or os.path.join(folder, 'alerts')
        begin = time.time()
        source = subprocess.Popen([a.binary, 'simulate', '--kind', 'flows', '--hosts', str(a.hosts), '--duration', f'{a.days}d', '--seed', str(a.seed)],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        replay = subprocess.Popen([a.binary, 'replay', '--config', config, '--format', 'zeek', '--alerts', alerts, '--json', '-'],
                                  stdin=subprocess.PIPE if a.guests else source.stdout, stdout=subprocess.PIPE)
        if a.guests: renamed(source.stdout, replay.stdin, a.guests); replay.stdin = None
        output = replay.communicate()[0].decode()
        source.stdout.close(); source.wait()
        if replay.returncode != 0: raise SystemExit(replay.returncode)
        print(output.strip().splitlines()[-1]); print(f'{time.time() - begin:.0f} s')
        report(alerts, a.days)


def renamed(lines, out, guests):
    """Passes lines on in which the first workstations have another address every day."""
    for line in lines:
        c = line.split(b'\t', 3)
        if len(c) > 3 and c[2].startswith(b'10.26.'):
            third, fourth = c[2].split(b'.')[2:]
            if int(third) * 250 + int(fourth) <= guests:
                day = (int(c[0].split(b'.')[0]) - SUNDAY) // DAY
                line = b'\t'.join([c[0], c[1], b'10.%d.%s.%s' % (100 + day % 100, third, fourth), c[3]])
        try: out.write(line)
        except BrokenPipeError: return
    out.close()


def report(alerts, days):
    opens, _ = opened(alerts)
    opens = [r for r in opens if r['kind'] != 'budget']
    perday = collections.Counter(int((epoch(r['time']) - SUNDAY) // DAY) for r in opens)
    print('told by day:', ' '.join(str(perday[d]) for d in range(math.ceil(days))))
    late = [r for r in opens if epoch(r['time']) >= SUNDAY + DAY]
    guests = [r for r in late if r['series'].startswith('10.1') and r['series'].split('.')[1] >= '100']
    if guests: print('of guests:', ', '.join(f"{r['time']} {r['series']} {'/'.join(describe(r))}" for r in guests))
    print(f'{len(late) / max(1e-9, days - 1):.2f} a day behind the first')
    for name, part in [('kind', 0), ('channel', 1), ('detector', 2), ('role', 3)]:
        print(f'{name}:', ', '.join(f'{k} {n}' for k, n in collections.Counter(describe(r)[part] for r in late).most_common(10)))
    print('most:', ', '.join(f"{'/'.join(k)} {n}" for k, n in collections.Counter(describe(r)[1:] for r in late).most_common(10)))
    hours = collections.Counter((epoch(r['time']) // 3600) % 24 for r in late)
    print('by hour:', ' '.join(str(hours[h]) for h in range(24)))


# The baseline

class Bins:
    """Counts per host and bin of 20 s, [bins, hosts, 8] as logarithms."""
    def __init__(self, hosts, first, count):
        self.index, self.first = {h: i for i, h in enumerate(hosts)}, first
        self.sums = np.zeros((count, len(hosts), 8))
        self.sets = set()

    def take(self, lines):
        for line in lines:
            c = line.split('\t')
            host = self.index.get(c[2])
            if host is None: continue
            seconds = 0. if c[8] == '-' else float(c[8])
            k = int((float(c[0]) + seconds) // BIN) - self.first
            if not 0 <= k < len(self.sums): continue
            share = 1. if seconds <= BIN else BIN / seconds
            row = self.sums[k, host]
            row[0] += 1
            row[1] += share * int(c[17]); row[2] += share * int(c[19]); row[3] += share * int(c[16]); row[4] += share * int(c[18])
            if c[11] != 'SF': row[7] += 1
            for at, what in ((5, c[4]), (6, c[5])):
                key = (k, host, at, what)
                if key not in self.sets: self.sets.add(key); row[at] += 1

    def logs(self):
        units = np.array([3, 5000, 5000, 10, 10, 2, 2, 1.])
        return np.log1p(self.sums / units)


class Weighted:
    def __init__(self, alpha, floor, shape):
        self.alpha, self.floor, self.n, self.mean, self.var = alpha, floor, 0, np.zeros(shape), np.zeros(shape)

    def copy(self):
        other = Weighted(self.alpha, self.floor, self.mean.shape)
        other.n, other.mean, other.var = self.n, self.mean.copy(), self.var.copy()
        return other

    def run(self, logs):
        """The score of each bin and host."""
        out = np.zeros(logs.shape[:2])
        for k, row in enumerate(logs):
            self.n += 1
            a = max(self.alpha, 1 / self.n)
            d = row - self.mean
            out[k] = np.max(np.abs(d) / np.sqrt(self.var + self.floor ** 2), axis=1)
            self.mean += a * d
            self.var = (1 - a) * (self.var + a * d * d)
        return out


def incidents(scores, threshold):
    """(bin, host) of each opening; a host's within 30 bins are one, and so are those of several hosts in one bin."""
    found, last, taken = [], {}, set()
    for k, h in zip(*np.where(scores >= threshold)):
        if k - last.get(h, -1000) > 30 and k not in taken:
            found.append((int(k), int(h))); taken.add(k)
        last[h] = k
    return found


def matching(runs, wanted):
    """The threshold at which several runs open `wanted` incidents together."""
    values = np.unique(np.concatenate([np.sort(r, axis=None)[-400:] for r in runs]))
    low, high = 0, len(values) - 1
    while low < high:
        middle = (low + high) // 2
        if sum(len(incidents(r, values[middle])) for r in runs) > wanted: low = middle + 1
        else: high = middle
    return float(values[low]) if wanted else float(values[-1]) * 1.0001


# The sweep

def simulated(a, seed, hours, anomalies, labels):
    command = [a.binary, 'simulate', '--kind', 'flows', '--hosts', str(a.hosts), '--duration', f'{hours}h', '--seed', str(seed), '--labels', labels]
    for text in anomalies: command += ['--anomaly', text]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0: raise SystemExit(done.stderr)
    return done.stdout.splitlines(keepends=True)


def ending(lines, border):
    """The lines of connections that end at or behind a border, and the others."""
    head = [l for l in lines if l[0] == '#']
    body = [l for l in lines if l[0] != '#']
    low, high = 0, len(body)
    def end(l):
        c = l.split('\t', 9)
        return float(c[0]) + (0. if c[8] == '-' else float(c[8]))
    while low < high:                                   # they are in the order of their ends
        middle = (low + high) // 2
        if end(body[middle]) < border: low = middle + 1
        else: high = middle
    return head, body[:low], body[low:]


def learned(a, folder, config, seed):
    """The state behind the learned part, its hosts and the baseline's state."""
    hours = 72 + HOURS[seed]
    lines = simulated(a, seed, hours, [], os.path.join(folder, 'none'))
    state = os.path.join(a.learned or folder, f'state{seed}')
    command = [a.binary, 'run', '--config', config, '--stdin', '--format', 'zeek', '--state', state, '--no-journal', '--log', 'none']
    if not os.path.exists(state):
        done = subprocess.run(command, input=''.join(lines), capture_output=True, text=True)
        if done.returncode != 0: raise SystemExit(done.stderr[-2000:])
    hosts = sorted({l.split('\t', 3)[2] for l in lines if l[0] != '#'})
    first, count = SUNDAY // BIN, hours * 3600 // BIN
    bins = Bins(hosts, first, count); bins.take(l for l in lines if l[0] != '#')
    baseline = Weighted(a.alpha, a.floor, (len(hosts), 8))
    baseline.run(bins.logs())
    return dict(state=state, hosts=hosts, baseline=baseline, border=SUNDAY + hours * 3600, hours=hours)


def stream(a, folder, config, seed, base, anomalies):
    """Told openings (time, series), rows at their own threshold (time, series), the baseline's scores and the labels."""
    labels = os.path.join(folder, 'labels')
    lines = simulated(a, seed, base['hours'] + WINDOW, anomalies, labels)
    head, _, rest = ending(lines, base['border'])
    log, scores, alerts = (os.path.join(folder, n) for n in ('log', 'scores', 'alerts'))
    with open(log, 'w') as f: f.writelines(head + rest)
    done = subprocess.run([a.binary, 'replay', '--config', config, '--format', 'zeek', '--state', base['state'], '--scores', scores, '--alerts', alerts, log],
                          capture_output=True, text=True)
    if done.returncode != 0: raise SystemExit(done.stderr[-2000:])
    opens, _ = opened(alerts)
    told = [(epoch(r['time']) + BIN, set([r['series']] + r.get('all_series', [])), r) for r in opens if r['kind'] != 'budget']
    seen = collections.defaultdict(list)
    with open(scores) as f:
        next(f)
        for line in f:
            t, s, score, threshold, _, _, _ = line.rstrip('\n').split(',')
            if score and float(score) >= float(threshold): seen[s].append(epoch(t) + BIN)
    bins = Bins(base['hosts'], base['border'] // BIN, int(WINDOW * 3600 // BIN)); bins.take(rest)
    z = base['baseline'].copy().run(bins.logs())
    with open(labels) as f: truth = list(csv.DictReader(f))
    return told, seen, z, truth


def merged(seen):
    """Incidents of rows at their threshold, by the rule of the baseline's."""
    events = sorted((t, s) for s, times in seen.items() for t in times)
    last, taken, count = {}, set(), 0
    for t, s in events:
        if t - last.get(s, -10 ** 9) > 600 and t not in taken: count += 1; taken.add(t)
        last[s] = t
    return count


def sweep(a):
    rng = np.random.default_rng(a.seed)
    with tempfile.TemporaryDirectory() as folder:
        config = configuration(folder, a.config)
        bases = {s: learned(a, folder, config, s) for s in HOURS}
        quiet = {s: stream(a, folder, config, s, b, []) for s, b in bases.items()}
        told, seen = sum(len(q[0]) for q in quiet.values()), sum(merged(q[1]) for q in quiet.values())
        zs = [q[2] for q in quiet.values()]
        thresholds = {'z': matching(zs, told), 'zs': matching(zs, seen)}
        print(f'nothing planted, {3 * WINDOW} h of {a.hosts} hosts: told {told}, seen {seen}; baseline thresholds {thresholds["z"]:.1f} and {thresholds["zs"]:.1f}', flush=True)
        for q in quiet.values():
            for _, _, r in q[0]: print('  told:', r['time'], r['series'], '/'.join(describe(r)))
        rows = []
        for kind in a.kinds.split(','):
            for size in [float(x) for x in a.sizes.split(',')] if a.sizes else SIZES[kind]:
                hits, tops, number = collections.defaultdict(list), collections.Counter(), 0
                while number < a.per_cell:
                    seed = 1 + (number // 3) % 3
                    base = bases[seed]
                    able = [h for h in base['hosts'] if int(h.split('.')[1]) in SUITS.get(kind, [20, 21, 22, 23, 26])]
                    chosen = rng.choice(able, size=3, replace=False)
                    at = [base['hours'] + o + rng.random() * .4 for o in OFFSETS]
                    result = stream(a, folder, config, seed, base, [f'{h}.{kind}:{size:g}@{int(t * 3600)}s+10min' for h, t in zip(chosen, at)])
                    for host, t in zip(chosen, at):
                        number += 1
                        score(host, int((SUNDAY + int(t * 3600)) // BIN * BIN), result, base, thresholds, hits, tops)
                row = dict(kind=kind, size=size, n=number, **{k: {str(w): float(np.mean([d <= w for d in v])) for w in (40, 600)} for k, v in hits.items()},
                           why=', '.join(f'{k} {n}' for k, n in tops.most_common(3)))
                rows.append(row)
                print(json.dumps(row) if a.json else f"| {kind} | {size:g} | {number} | " + ' | '.join(
                    f"{row[m]['40'] * 100:.0f} / {row[m]['600'] * 100:.0f}" for m in ('told', 'seen', 'z', 'zs')) + f" | {row['why']} |", flush=True)


# Newcomers

JOINING = 24                                           # hosts that the learned part does not know
BEFORE = 57                                            # its hours, up to a Tuesday


def without(lines, joins):
    """The lines without those of hosts that have not joined yet."""
    kept = []
    for l in lines:
        c = l.split('\t', 3)
        if l[0] == '#' or float(c[0]) >= joins.get(c[2], -1): kept.append(l)
    return kept


def newcomers(a):
    rng = np.random.default_rng(a.seed)
    border = SUNDAY + BEFORE * 3600
    with tempfile.TemporaryDirectory() as folder:
        config = configuration(folder, a.config)
        lines = simulated(a, a.seed, BEFORE, [], os.path.join(folder, 'none'))
        hosts = sorted({l.split('\t', 3)[2] for l in lines if l[0] != '#'})
        able = [h for h in hosts if role(h) in ('server', 'plc', 'hmi', 'device', 'workstation')]
        joining = sorted(rng.choice(able, size=JOINING, replace=False))
        state = os.path.join(a.learned or folder, f'newcomers{a.seed}')
        if not os.path.exists(state):
            done = subprocess.run([a.binary, 'run', '--config', config, '--stdin', '--format', 'zeek', '--state', state, '--no-journal', '--log', 'none'],
                                  input=''.join(without(lines, {h: math.inf for h in joining})), capture_output=True, text=True)
            if done.returncode != 0: raise SystemExit(done.stderr[-2000:])

        def told(joins, anomalies):
            lines = simulated(a, a.seed, BEFORE + WINDOW, anomalies, os.path.join(folder, 'labels'))
            head, _, rest = ending(lines, border)
            log, alerts = os.path.join(folder, 'log'), os.path.join(folder, 'alerts')
            with open(log, 'w') as f: f.writelines(head + without(rest, {h: math.inf for h in joining} | joins))
            done = subprocess.run([a.binary, 'replay', '--config', config, '--format', 'zeek', '--state', state, '--alerts', alerts, log], capture_output=True, text=True)
            if done.returncode != 0: raise SystemExit(done.stderr[-2000:])
            return [(epoch(r['time']) + BIN, set([r['series']] + r.get('all_series', [])), r) for r in opened(alerts)[0] if r['kind'] != 'budget']

        at = {h: border + 600 + i * (WINDOW - 1) * 3600 / JOINING for i, h in enumerate(rng.permutation(joining))}
        found = told(at, [])
        new = [(t, names, r) for t, names, r in found if names & set(joining)]
        print(f'{JOINING} join and do nothing else: {len(new)} told of them, {len(found) - len(new)} of others', flush=True)
        for _, _, r in found: print('  told:', r['time'], r['series'], '/'.join(describe(r)), r['message'])
        for kind in a.kinds.split(','):
            for size in [float(x) for x in a.sizes.split(',')] if a.sizes else STARTS[kind]:
                delays, tops = [], collections.Counter()
                while len(delays) < a.per_cell:
                    chosen = rng.choice(joining, size=3, replace=False)
                    at = {h: border + int((o + rng.random() * .4) * 3600) for h, o in zip(chosen, OFFSETS)}
                    found = told(at, [f'{h}.{kind}:{size:g}@{int(t - SUNDAY)}s+10min' for h, t in at.items()])
                    for h, t in at.items():
                        begin = int(t) // BIN * BIN
                        times = [(x, r) for x, names, r in found if h in names and begin < x <= begin + 600]
                        delays.append(min((x for x, _ in times), default=math.inf) - begin)
                        if times: tops['/'.join(describe(min(times, key=lambda x: x[0])[1])[1:3])] += 1
                shares = ' / '.join(f'{np.mean([d <= w for d in delays]) * 100:.0f}' for w in (40, 60, 600))
                print(f"| {kind} | {size:g} | {len(delays)} | {shares} | {', '.join(f'{k} {n}' for k, n in tops.most_common(3))} |", flush=True)


def score(host, begin, result, base, thresholds, hits, tops):
    """The delays of one anomaly; infinite when it is not found within 10 minutes."""
    told, seen, z, truth = result
    series = {r['series'] for r in truth if abs(epoch(r['from']) - begin) <= BIN and (r['series'] == host or r['kind'] == 'outage')} | {host}
    within = lambda t: begin < t <= begin + 600
    times = [(t, r) for t, names, r in told if names & series and within(t)]
    hits['told'].append(min((t for t, _ in times), default=math.inf) - begin)
    if times: tops['/'.join(describe(min(times, key=lambda x: x[0])[1])[1:3])] += 1
    hits['seen'].append(min((t for s in series for t in seen.get(s, []) if within(t)), default=math.inf) - begin)
    columns = [base['hosts'].index(s) for s in series if s in base['hosts']]
    first = (begin - base['border']) // BIN
    for name, threshold in thresholds.items():
        over = np.where((z[first:first + 30, columns] >= threshold).any(axis=1))[0] if columns else []
        hits[name].append((int(over[0]) + 1) * BIN if len(over) else math.inf)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('binary'); p.add_argument('what', choices=['clean', 'newcomers', 'sweep', 'report']); p.add_argument('--hosts', type=int); p.add_argument('--days', type=float, default=30)
    p.add_argument('--seed', type=int, default=1); p.add_argument('--kinds', default=','.join(SIZES)); p.add_argument('--per-cell', type=int)
    p.add_argument('--config', action='append', default=[]); p.add_argument('--alerts', help='keep the alert records of `clean` here, or read them for `report`')
    p.add_argument('--guests', type=int, default=0, help='workstations with another address every day, of `clean`')
    p.add_argument('--sizes', help='instead of the usual ones of each kind')
    p.add_argument('--learned', help='keep the learned states of `sweep` in this folder, and use those that are there')
    p.add_argument('--alpha', type=float, default=.01); p.add_argument('--floor', type=float, default=.25); p.add_argument('--json', action='store_true')
    a = p.parse_args()
    a.hosts = a.hosts or {'clean': 500, 'newcomers': 300}.get(a.what, 50)
    a.per_cell = a.per_cell or (12 if a.what == 'newcomers' else 21)
    if a.what == 'newcomers' and a.kinds == ','.join(SIZES): a.kinds = ','.join(STARTS)
    a.days = int(a.days) if a.days == int(a.days) else a.days
    if a.what == 'report': report(a.alerts, a.days)
    else: {'clean': clean, 'newcomers': newcomers, 'sweep': sweep}[a.what](a)


if __name__ == '__main__':
    main()
