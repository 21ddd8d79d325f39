#!/usr/bin/env python3
"""Writes the cases beside it anew: labels, scores, and what Benchmarks/quality/score.py says of them. Needs numpy.

    make_fixtures.py

Each folder is a case. Its runs.json has for each run the arguments (@ stands for the folder) and the expected figures;
figures that are not finite are null there, as in JSON.
"""
import csv, gzip, io, json, math, os, random, shutil, subprocess, sys
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
SCORER = os.path.join(HERE, '..', '..', '..', '..', 'Benchmarks', 'quality', 'score.py')


def finite(value):
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


class Case:
    """A folder with labels and scores, and the runs over them."""

    def __init__(self, name):
        self.random = random.Random(name)
        self.folder = os.path.join(HERE, name)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.labels, self.runs = {}, []

    def write(self, name, text, end='\n'):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        data = text.replace('\n', end).encode()
        if name.endswith('.gz'):
            packed = io.BytesIO()
            with gzip.GzipFile(fileobj=packed, mode='wb', mtime=0) as f:
                f.write(data)
            data = packed.getvalue()
        with open(path, 'wb') as f:
            f.write(data)

    def scores(self, name, stamps, scores, alerts=None, labels=(), **form):
        """A file of scores and its labels."""
        rows = [['timestamp', 'score'] + ([] if alerts is None else ['alert'])]
        for n, stamp in enumerate(stamps):
            rows.append([stamp, scores[n]] + ([] if alerts is None else [alerts[n]]))
        text = io.StringIO()
        csv.writer(text, lineterminator='\n').writerows(rows)
        self.write('scores/' + name, text.getvalue(), **form)
        self.labels[name[:-3] if name.endswith('.gz') else name] = [list(l) for l in labels]

    def noisy(self, count, events, lift=1.5, alert_at=1.9, places=2):
        """Scores that are higher within events, and alerts above a level."""
        scores = [self.random.random() * 2 for _ in range(count)]
        for a, b in events:
            for row in range(a, b + 1):
                scores[row] += lift * self.random.random()
        scores = [round(s, places) for s in scores]
        return scores, [int(s > alert_at) for s in scores]

    def run(self, *arguments):
        self.write('labels.json', json.dumps(self.labels, indent=0) + '\n')
        command = [sys.executable, SCORER, '--labels', os.path.join(self.folder, 'labels.json'),
                   '--scores', os.path.join(self.folder, 'scores')]
        command += [a.replace('@', self.folder + '/') for a in arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f'{self.folder} {arguments}: {done.stderr}')
        self.runs.append({'arguments': list(arguments), 'expected': finite(json.loads(done.stdout))})

    def close(self):
        with open(os.path.join(self.folder, 'runs.json'), 'w') as f:
            f.write('[\n' + ',\n'.join(json.dumps(r, separators=(',', ':')) for r in self.runs) + '\n]\n')


def iso(second, base='2026-03-15'):
    return f'{base} {second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}'


def minutes(count):
    return [iso(60 * n) for n in range(count)]


def spans(stamps, events):
    return [(stamps[a], stamps[b]) for a, b in events]


def no_anomaly():
    case = Case('no-anomaly')
    for name in ('a.csv', 'sub/b.csv'):
        case.scores(name, minutes(120), *case.noisy(120, []))
    case.run()
    case.run('--dataset', 'skab', '--probation', '10')
    case.close()


def all_anomalous():
    case = Case('all-anomalous')
    stamps = minutes(150)
    case.scores('a.csv', stamps, *case.noisy(150, [(0, 149)]), labels=spans(stamps, [(0, 149)]))
    case.scores('b.csv', stamps, *case.noisy(150, []))
    case.scores('c.csv', stamps, *case.noisy(150, [(0, 148)]), labels=spans(stamps, [(0, 148)]))
    case.run('--vus-window', '30')
    case.run('--only', 'a.csv')
    case.close()


def ties():
    case = Case('ties')
    stamps = minutes(300)
    case.scores('a.csv', stamps, [case.random.randrange(3) for _ in stamps], labels=spans(stamps, [(40, 60), (200, 203)]))
    case.scores('constant.csv', stamps, [1] * 300, labels=spans(stamps, [(10, 19)]))
    case.run()
    case.close()


def unscored():
    case = Case('unscored')
    stamps = minutes(300)
    scores, alerts = case.noisy(300, [(50, 80), (220, 240)])
    scores[:20] = [''] * 20
    for n, text in enumerate(('nan', 'NaN', '-inf', 'inf', 'Infinity', 'none', ' 1.5 ', '1e-3', '+.5', '7.', '0x10', '-nan', '1e999')):
        scores[60 + 9 * n] = text
    case.scores('a.csv', stamps, scores, alerts, spans(stamps, [(50, 80), (220, 240)]))
    case.scores('never.csv', stamps, ['nan'] * 300, [0] * 300, spans(stamps, [(100, 110)]))
    case.run()
    case.run('--vus-window', '11', '--dataset', 'nab')
    case.close()


def duplicate_times():
    case = Case('duplicate-times')
    stamps = [iso(60 * (n // 2)) for n in range(200)] + minutes(200)[60:160]
    scores, alerts = case.noisy(300, [(40, 61), (220, 230)])
    case.scores('a.csv', stamps, scores, alerts,
                [(stamps[40], stamps[60]), (stamps[221], stamps[230]), ('2026-03-15T01:00:30', '2026-03-15T01:02:30Z')])
    case.run('--tolerance', '120')
    case.close()


def overlapping():
    case = Case('overlapping')
    stamps = minutes(400)
    events = [(50, 120), (100, 160), (105, 110), (200, 260), (200, 260), (261, 280), (300, 300)]
    scores, alerts = case.noisy(400, events)
    case.scores('a.csv', stamps, scores, alerts, spans(stamps, events))
    case.run('--alert-gap', '2')
    case.run('--tolerance', '600', '--probation', '110')
    case.close()


def one_event():
    case = Case('one-event')
    stamps = minutes(250)
    scores, alerts = case.noisy(250, [(100, 130)], lift=3)
    case.scores('a.csv', stamps, scores, alerts, spans(stamps, [(100, 130)]))
    case.run()
    for rule in ('nab', '60', '0.2', '7200s', '110', '1000'):
        case.run('--probation', rule, '--vus-window', '20', '--summary')
    case.close()


def many_events():
    case = Case('many-events')
    for number, count in enumerate((300, 350, 280)):
        stamps = minutes(count)
        events, row = [], 5
        while row < count - 12:
            events.append((row, row + case.random.randrange(1, 7)))
            row += case.random.randrange(10, 40)
        scores, alerts = case.noisy(count, events, lift=2 - number)
        case.scores(f'{number}.csv', stamps, scores, alerts, spans(stamps, events))
    case.run()
    case.run('--alert-gap', '3', '--tolerance', '240', '--only', '0,2', '--no-nab')
    case.run('--no-vus')
    case.close()


def numenta():
    case = Case('nab')
    stamps = [iso(300 * n % 86400, f'2026-03-{15 + 300 * n // 86400}') for n in range(500)]
    events, points = [(60, 110), (300, 350)], [(85,), (325,)]
    scores, alerts = case.noisy(500, events, lift=2, places=3)
    case.scores('real/a.csv', stamps, scores, alerts, spans(stamps, events))
    scores, alerts = case.noisy(500, [(40, 74)])
    case.scores('real/b.csv', stamps, scores, alerts, spans(stamps, [(40, 74), (420, 470)]))
    case.scores('quiet/c.csv', stamps, *case.noisy(500, []))
    case.write('points.json', json.dumps({'real/a.csv': [stamps[p] for p, in points], 'real/b.csv': [stamps[445]]}))
    case.run('--dataset', 'nab', '--points', '@points.json')
    case.close()


def water():
    case = Case('skab')
    changes = {}
    for name, (a, b) in (('valve1/0.csv', (430, 520)), ('other/3.csv', (390, 470)), ('valve2/1.csv', (500, 560))):
        stamps, second = [], 36000
        for _ in range(580):
            second += case.random.choice((1, 1, 1, 2))
            stamps.append(f'2020-03-01T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}')
        scores, alerts = case.noisy(580, [(a, b)], alert_at=2.2)
        case.scores(name, stamps, scores, alerts, spans(stamps, [(a, b)]))
        changes[name] = [stamps[a], stamps[(a + b) // 2], stamps[b + 1], stamps[10]]
    case.scores('free/f.csv', stamps, *case.noisy(580, [], alert_at=1.95))
    case.write('changepoints.json', json.dumps(changes))
    case.run('--dataset', 'skab', '--changepoints', '@changepoints.json')
    case.close()


def machines():
    case = Case('smd')
    stamps = [str(60 * n) for n in range(300, 600)]
    events = [(20, 40), (250, 299)]
    case.scores('m-1.test.csv', stamps, *case.noisy(300, events), labels=spans(stamps, events))
    case.labels['m-1.train.csv'] = []
    case.labels['m-2.test.csv'] = []
    case.run('--dataset', 'smd', '--allow-missing')
    case.close()


def flows():
    case = Case('flows')
    time, stamps = 1538479103.951732, []
    for _ in range(400):
        time += case.random.expovariate(1 / 25)
        stamps.append(f'{time:.6f}')
    events = [(90, 170), (300, 320)]
    scores, alerts = case.noisy(400, events, alert_at=2.1)
    case.scores('a.csv', stamps, scores, alerts, spans(stamps, events))
    case.scores('b.csv', stamps, *case.noisy(400, [(350, 380)]), labels=spans(stamps, [(10, 30), (350, 380)]))
    case.run('--dataset', 'flows')
    case.close()


def with_data():
    case = Case('data')
    stamps = minutes(400)
    for name, period in (('wave.csv', 24), ('flat.csv', 0)):
        events = [(90, 99), (330, 345)]
        scores, alerts = case.noisy(400, events)
        case.scores(name + '.gz', stamps, scores, alerts, spans(stamps, events))
        values = [round(math.sin(2 * math.pi * n / period) + 0.2 * case.random.random(), 3) if period else 5 for n in range(400)]
        values[7] = ''
        if not period:
            values = [5] * 400
        case.write(f'data/{name}.gz', 'timestamp,value,other\n' + ''.join(f'{s},{v},1\n' for s, v in zip(stamps, values)))
    case.run('--data', '@data')
    case.close()


def reference():
    """The input whose volumes are known from TSB-AD's own program."""
    case = Case('vus')
    rng = np.random.default_rng(7)
    y = np.zeros(1500, bool)
    events = [(0, 9), (200, 260), (275, 290), (900, 900), (1480, 1499)]
    for a, b in events:
        y[a:b + 1] = True
    stamps = [str(n) for n in range(1500)]
    case.scores('a.csv', stamps, [f'{v:g}' for v in np.round(rng.random(1500) + 0.4 * y, 2)], labels=spans(stamps, events))
    for window in (0, 1, 20, 61):
        case.run('--vus-window', str(window), '--no-nab')
    case.close()


def spellings():
    """Times, numbers, quotes and line ends in the forms that are accepted."""
    case = Case('spellings')
    stamps = minutes(120)
    scores, alerts = case.noisy(120, [(30, 39)])
    forms = [lambda s: s, lambda s: s.replace(' ', 'T') + 'Z', lambda s: s + '.250000', lambda s: s[:16],
             lambda s: s + '+00:00', lambda s: s.replace('-', '').replace(' ', 'T').replace(':', ''),
             lambda s: s + ',5004', lambda s: s.replace(' ', 'T') + '-00:00:30']
    written = [forms[n % len(forms)](s) for n, s in enumerate(stamps)]
    words = [{1: case.random.choice(('1', 'true', '1.0', ' 1 ', 'yes')), 0: case.random.choice(('0', '', 'false', '0.0', 'False'))}[a] for a in alerts]
    case.scores('crlf.csv', written, scores, words, [('2026-03-15T00:30:00Z', '2026-03-15 00:39:59.5'), ('2026-03-17', '2026-03-18')], end='\r\n')
    text = 'timestamp, series ,score,threshold,severity,state, alert\n'
    for n, (stamp, score, alert) in enumerate(zip(stamps, scores, alerts)):
        text += f'"{stamp}","pump, the ""first""",{score},5.78,"{score}",0,"{alert}"' + ('\n\n' if n % 10 == 5 else '\n')
    case.write('scores/quoted.csv', text)
    case.labels['quoted.csv'] = [[stamps[30], stamps[39]]]
    base = 1773532800
    case.scores('epoch.csv', [f'{base + 60 * n}.{n % 10}' for n in range(120)], scores, alerts, [(base + 1800, base + 2340.5), (f'{base + 6000}.0', f'{base + 6060:.1f}')])
    case.run()
    case.close()


if __name__ == '__main__':
    for make in (no_anomaly, all_anomalous, ties, unscored, duplicate_times, overlapping, one_event, many_events, numenta,
                 water, machines, flows, with_data, reference, spellings):
        make()
