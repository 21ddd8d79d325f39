#!/usr/bin/env python3
"""Whose fault it was: how often the channel that an anomaly was put into leads the shares of the alert that opens on it.

    attribution.py BINARY [--seed N] [--per-cell N] [--config KEY=VALUE]... [--defaults KEY=VALUE]... [--jobs 2] [--json]

Series of 4, 8 or 16 channels at 1 minute, 1,600 samples: two common processes that every channel takes part in and one of its
own, of the backgrounds of injected.py; in one channel alone one anomaly of each kind (all but `flatline`, which the watch of
single channels names by itself), at sizes times 1 to 1.8. Only incidents that open between its first sample and six after its
last count, and of them the `open` message: hit@1 and hit@3 say whether the channel has the largest share, or one of the three
largest; `share` is the mean of the share it has. A share by chance would be 0.14. Needs numpy.
"""
import argparse, concurrent.futures, json, math, os, subprocess, tempfile
from datetime import datetime
import numpy as np
import injected

KINDS = [kind for kind in injected.KINDS if kind != 'flatline']
WIDTHS = [4, 8, 16]
SAMPLES, INTERVAL, BEGIN = 1600, 60, 1_700_000_000


def make(index, rng):
    kind, channels = KINDS[index % len(KINDS)], WIDTHS[index // len(KINDS) % len(WIDTHS)]
    names = [injected.BACKGROUNDS[rng.integers(9)] for _ in range(channels + 1)]
    common = np.stack([injected.background(names[-1], SAMPLES, 288, rng), injected.ar(.95, rng.normal(size=SAMPLES))], 1)
    own = np.stack([injected.background(name, SAMPLES, 288, rng) for name in names[:-1]], 1)
    x = .7 * common @ rng.normal(size=(channels, 2)).T + .6 * own
    chosen, start = int(rng.integers(channels)), int(rng.integers(900, 1400))
    size = math.exp(rng.uniform(0, math.log(1.8))) * rng.choice([-1, 1])
    end = injected.inject(x[:, chosen], kind, start, size, rng)
    return x * 10 ** rng.uniform(-1, 3, size=channels), kind, chosen, start, min(SAMPLES - 1, end + 6)


def run(binary, config, folder, index, seed):
    x, kind, chosen, start, last = make(index, np.random.default_rng([seed, index]))
    stem = os.path.join(folder, str(index))
    with open(stem + '.csv', 'w') as f:
        f.write('time,' + ','.join(f'c{i}' for i in range(x.shape[1])) + '\n')
        for i, row in enumerate(x): f.write(f'{BEGIN + i * INTERVAL},' + ','.join('%.6g' % v for v in row) + '\n')
    command = [binary, 'replay', '--config', config, '--alerts', stem + '.alerts', stem + '.csv']
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env={'TZ': 'UTC', 'PATH': os.environ['PATH']})
    if done.returncode != 0: raise SystemExit(f'{" ".join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}')
    result = dict(kind=kind, channels=x.shape[1], opened=False)
    with open(stem + '.alerts') as f:
        for line in f:
            record = json.loads(line)
            row = round((datetime.fromisoformat(record['time']).timestamp() - BEGIN) / INTERVAL)
            if record['event'] != 'open' or record['kind'] not in ('anomaly', 'drift') or not start <= row <= last: continue
            names = [part['name'] for part in record['channels']]
            place = names.index(f'c{chosen}')
            result.update(opened=True, place=place, share=record['channels'][place]['share'])
            break
    for suffix in ('.csv', '.alerts'): os.remove(stem + suffix)
    return result


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('binary'); p.add_argument('--seed', type=int, default=1); p.add_argument('--per-cell', type=int, default=6)
    p.add_argument('--config', action='append', default=[]); p.add_argument('--defaults', action='append', default=[])
    p.add_argument('--jobs', type=int, default=2); p.add_argument('--json', action='store_true')
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, 'config.toml')
        with open(config, 'w') as f:
            f.write('false_alarms = "1000/day"\n' + ''.join(c + '\n' for c in a.config))
            f.write('[defaults]\nfalse_alarms = "1/day"\n' + ''.join(c + '\n' for c in a.defaults))
        count = len(KINDS) * len(WIDTHS) * a.per_cell
        with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
            done = list(pool.map(lambda i: run(a.binary, config, folder, i, a.seed), range(count)))
    if a.json: return print(json.dumps(done))
    print(f'{"":12}{"series":>8}{"opened":>8}{"hit@1":>8}{"hit@3":>8}{"share":>8}')
    def row(name, some):
        told = [r for r in some if r['opened']]
        mean = lambda f: f'{sum(map(f, told)) / len(told):8.2f}' if told else f'{"-":>8}'
        print(f'{name:12}{len(some):8}{len(told):8}' + mean(lambda r: r['place'] == 0) + mean(lambda r: r['place'] < 3) + mean(lambda r: r['share']))
    for kind in KINDS: row(kind, [r for r in done if r['kind'] == kind])
    for width in WIDTHS: row(f'{width} channels', [r for r in done if r['channels'] == width])
    row('all', done)


if __name__ == '__main__':
    main()
