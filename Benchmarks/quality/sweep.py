#!/usr/bin/env python3
"""What monitord finds against the size of an anomaly, beside an exponentially weighted z-score and its own single detectors.

    sweep.py BINARY [--kinds spike,step,…] [--sizes 0.5,1,2,3,4,6,10] [--per-cell N] [--clean N] [--budget 1/week] [--detectors full,level,forecast,difference] [--alpha A] [--seed N] [--jobs 1] [--json]

One channel at 1 min, five days (7,200 samples), one anomaly between day 3 and day 4.5, on three backgrounds of injected.py: gauss, ar9, season
(period a day; sigma is the deviation of its noise, .7). SIZE is in sigmas, but for phase (hours that a seasonal series lives ahead from then on; season alone)
and stuck (ten times SIZE minutes of one value). spike: one sample; step: for good; drift: to SIZE in 300 samples, and stays;
noise: 80 samples with SIZE sigmas of noise added.

Found: a score reaches the threshold, or an incident opens, between the anomaly's first sample and 6 behind its last that counts (a step and a phase have
60 samples, a drift its 300). `delay` is the median of the found. Clean streams of the same backgrounds give each method's false openings a week
behind day 3 (two within 60 samples are one). The z-score: |x - mean| / deviation, both exponentially weighted with --alpha before the sample; its
threshold is the one that opens as often on the clean streams of that background as `full` does, which real use could not know. Needs numpy.
"""
import argparse, concurrent.futures, json, math, os, subprocess, tempfile
import numpy as np
from injected import background, write

BACKGROUNDS = {'gauss': 1., 'ar9': 1., 'season': .7}
KINDS = ['spike', 'step', 'drift', 'noise', 'phase', 'stuck']
N, INTERVAL, PERIOD, FIRST, QUIET = 7200, 60., 1440, 4320, 60


def plant(x, kind, start, size, sigma, rng, later):
    """Changes x in place; returns the last sample that counts. `later(k)` is the series from k samples later on."""
    m = size * sigma * rng.choice([-1, 1])
    if kind == 'spike': x[start] += m; return start
    if kind == 'step': x[start:] += m; return start + 60
    if kind == 'drift': x[start:] += m * np.minimum(1, np.arange(len(x) - start) / 299); return start + 299
    if kind == 'noise': x[start:start + 80] += m * rng.normal(size=80); return start + 79
    if kind == 'phase': x[start:] = later(int(size * 60))[start:]; return start + 60
    if kind == 'stuck': n = int(10 * size); x[start:start + n] = x[start]; return start + n - 1
    raise ValueError(kind)


def stream(name, kind, size, seed):
    """A stream and where its anomaly lies; without an anomaly when kind is `none`."""
    rng = np.random.default_rng(seed)
    long = background(name, N + 600, PERIOD, rng)
    x = long[:N].copy()
    start = int(rng.integers(FIRST, 6480))
    if kind == 'none': return x, N, N
    end = plant(x, kind, start, size, BACKGROUNDS[name], rng, lambda k: long[k:k + N])
    return x, start, min(N - 1, end + 6)


def replay(binary, config, folder, job):
    """Openings and events of one stream, as sorted sample numbers."""
    x = stream(*job)[0]
    stem = os.path.join(folder, '-'.join(map(str, job[:3])) + '-' + '-'.join(map(str, job[3])) + os.path.basename(config))
    write(stem + '.csv', x[:, None], INTERVAL, job[0])
    command = [binary, 'replay', '--config', config, '--scores', stem + '.scores', stem + '.csv']
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env={'TZ': 'UTC', 'PATH': os.environ['PATH']})
    if done.returncode != 0: raise SystemExit(f'{" ".join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}')
    with open(stem + '.scores') as f:
        rows = [line.rstrip('\n').rsplit(',', 5) for line in f][1:]
    for suffix in ('.csv', '.scores'): os.remove(stem + suffix)
    if len(rows) != len(x): raise SystemExit(f'{stem}: {len(x)} rows but {len(rows)} scores')
    alert = np.array([r[5] not in ('', '0') for r in rows])
    opens = alert & ~np.r_[False, alert[:-1]]
    event = np.array([r[1] != '' and float(r[1]) >= float(r[2]) for r in rows])
    return np.where(opens)[0], np.where(opens | event)[0]


def weighted(X, alpha):
    """|z| of each column of X `[n, streams]`, mean and deviation exponentially weighted, taken before the sample."""
    mean, var, out = X[0].copy(), np.ones(X.shape[1]), np.zeros(X.shape)
    for i, row in enumerate(X):
        a = max(alpha, 1 / (i + 1.))
        d = row - mean
        out[i] = np.abs(d) / np.sqrt(var + 1e-12)
        mean += a * d
        var = (1 - a) * (var + a * d * d)
    return out


def merged(where):
    """How many openings these samples are when two within QUIET samples are one."""
    return int(len(where) and 1 + np.sum(np.diff(where) > QUIET))


def calibrate(z, rate, weeks):
    """The threshold at which clean columns open `rate` times a week."""
    low, high = 1., float(z[FIRST:].max()) + 1
    for _ in range(30):
        middle = (low + high) / 2
        if sum(merged(np.where(c >= middle)[0]) for c in z[FIRST:].T) / weeks > rate: low = middle
        else: high = middle
    return high


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('binary'); p.add_argument('--kinds', default=','.join(KINDS)); p.add_argument('--sizes', default='0.5,1,2,3,4,6,10'); p.add_argument('--per-cell', type=int, default=10); p.add_argument('--budget', default='1/week')
    p.add_argument('--detectors', default='full,level,forecast,difference'); p.add_argument('--alpha', type=float, default=.02); p.add_argument('--clean', type=int, default=60, help='clean streams of each background')
    p.add_argument('--seed', type=int, default=1); p.add_argument('--jobs', type=int, default=1); p.add_argument('--json', action='store_true')
    a = p.parse_args()
    kinds = a.kinds.split(',')
    sizes = [float(s) for s in a.sizes.split(',')]
    cells = [(b, k, s) for b in BACKGROUNDS for k in kinds for s in sizes if k != 'phase' or b == 'season']
    # The noise of a background is the same for all kinds and sizes: curves against size are then of the same streams.
    at = lambda b, k, s, i: (b, k, s, (a.seed, list(BACKGROUNDS).index(b), i if k != 'none' else 10_000 + i))
    jobs = [at(*c, i) for c in cells for i in range(a.per_cell)]
    clean = [at(b, 'none', 0, i) for b in BACKGROUNDS for i in range(a.clean)]
    weeks = a.clean * (N - FIRST) * INTERVAL / 604800
    hits, rates = {}, {}

    def note(method, job, where):
        _, start, last = stream(*job)
        inside = where[(where >= start) & (where <= last)]
        hits.setdefault((method, *job[:3]), []).append((inside[0] - start) * INTERVAL / 60 if len(inside) else None)

    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for method in a.detectors.split(','):
            config = os.path.join(folder, method + '.toml')
            with open(config, 'w') as f:
                f.write('false_alarms = "1/s"\n' + ('' if method == 'full' else f'detectors = ["{method}"]\n') + f'[defaults]\nfalse_alarms = "{a.budget}"\n')
            run = lambda job: replay(os.path.abspath(a.binary), config, folder, job)
            for job, (opens, _) in zip(clean, pool.map(run, clean)): rates[method, job[0]] = rates.get((method, job[0]), 0) + int((opens >= FIRST).sum()) / weeks
            for job, (_, found) in zip(jobs, pool.map(run, jobs)): note(method, job, found)
    reference = a.detectors.split(',')[0]
    for b in BACKGROUNDS:
        z = weighted(np.stack([stream(*j)[0] for j in clean if j[0] == b], 1), a.alpha)
        threshold = calibrate(z, rates[reference, b], weeks)
        rates['z-score', b] = sum(merged(np.where(c >= threshold)[0]) for c in z[FIRST:].T) / weeks
        mine = [j for j in jobs if j[0] == b]
        z = weighted(np.stack([stream(*j)[0] for j in mine], 1), a.alpha)
        for job, column in zip(mine, z.T): note('z-score', job, np.where(column >= threshold)[0])
    methods = a.detectors.split(',') + ['z-score']
    rows = []
    for method in methods:
        rows.append(dict(method=method, false_per_week={b: round(rates[method, b], 2) for b in BACKGROUNDS}, budget=a.budget))
        for kind in kinds:
            for b in [*BACKGROUNDS, 'all']:
                if kind == 'phase' and b != 'season': continue
                of = {s: [d for (m, bb, k, ss), v in hits.items() if (m, k, ss) == (method, kind, s) and b in (bb, 'all') for d in v] for s in sizes}
                delays = {s: [d for d in v if d is not None] for s, v in of.items()}
                rows.append(dict(method=method, kind=kind, background=b, streams=len(of[sizes[0]]), rate={f'{s:g}': round(len(delays[s]) / len(of[s]), 3) for s in sizes},
                                 delay_min={f'{s:g}': float(np.median(delays[s])) if delays[s] else None for s in sizes}))
    if a.json:
        for r in rows: print(json.dumps(r))
        return
    print('| method | ' + ' | '.join(BACKGROUNDS) + ' |\n|---|' + '---:|' * len(BACKGROUNDS))
    for r in rows:
        if 'false_per_week' in r: print(f'| {r["method"]} | ' + ' | '.join(f'{v:.2f}' for v in r['false_per_week'].values()) + ' |')
    print('\n| kind | method | ' + ' | '.join(f'{s:g}' for s in sizes) + ' |\n|---|---|' + '---:|' * len(sizes))
    for kind in kinds:
        for r in rows:
            if r.get('kind') != kind or r['background'] != ('season' if kind == 'phase' else 'all'): continue
            cell = lambda s: f'{100 * r["rate"][s]:.0f} %' + ('' if r['delay_min'][s] is None else f' ({r["delay_min"][s]:.0f})')
            print(f'| {kind} | {r["method"]} | ' + ' | '.join(cell(f'{s:g}') for s in sizes) + ' |')


if __name__ == '__main__':
    main()
