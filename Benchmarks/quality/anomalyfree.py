#!/usr/bin/env python3
"""Incidents that monitord opens on recordings without an anomaly, against what chance may bring at twice its budget.

    anomalyfree.py BINARY FILE.csv[.gz]... [--budgets 1/week,1/day] [--config KEY=VALUE]... [--json]

Each file is a replay of its own with an empty state; the daemon's own budget is out of reach (1/s). Expected is the time from the first row to the last times the budget. `most`
is the upper end of the two-sided 95 % interval of a Poisson count whose mean is twice that: more than it is dishonest, whatever the luck. Of the last row all files count together.
"""
import argparse, collections, json, math, os, subprocess, tempfile
from forecast import load

SPANS = {'hour': 3600., 'day': 86400., 'week': 604800., 'month': 2592000.}


def most(mean):
    """The smallest count that a Poisson count of this mean exceeds in at most 2.5 % of all cases."""
    count, term = 0, math.exp(-mean)
    below = term
    while below < .975:
        count += 1
        term *= mean / count
        below += term
    return count


def opened(binary, budget, lines, path, folder):
    """Incidents of a replay, by kind."""
    config, alerts = os.path.join(folder, 'config.toml'), os.path.join(folder, 'alerts')
    with open(config, 'w') as f: f.write('false_alarms = "1/s"\n' + ''.join(c + '\n' for c in lines) + f'[defaults]\nfalse_alarms = "{budget}"\n')
    plain = path
    if path.endswith('.gz'):
        plain = os.path.join(folder, 'file.csv')
        with open(plain, 'wb') as f: f.write(subprocess.run(['gzip', '-dc', path], capture_output=True, check=True).stdout)
    command = [binary, 'replay', '--config', config, '--alerts', alerts, plain]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env={'TZ': 'UTC', 'PATH': os.environ['PATH']})
    if done.returncode != 0: raise SystemExit(f'{" ".join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}')
    with open(alerts) as f: records = [json.loads(line) for line in f]
    return collections.Counter(r['kind'] for r in records if r['event'] == 'open')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('binary'); p.add_argument('files', nargs='+'); p.add_argument('--budgets', default='1/week,1/day'); p.add_argument('--config', action='append', default=[]); p.add_argument('--json', action='store_true')
    a = p.parse_args()
    rows = []
    for budget in a.budgets.split(','):
        count, span = budget.split('/')
        part = []
        for path in a.files:
            times, _ = load(path)
            with tempfile.TemporaryDirectory() as folder: kinds = opened(os.path.abspath(a.binary), budget, a.config, path, folder)
            part.append(dict(file='/'.join(os.path.abspath(path).removesuffix('.gz').removesuffix('.csv').split('/')[-2:]), budget=budget,
                             expected=float(times[-1] - times[0]) * float(count) / SPANS[span], opened=sum(kinds.values()), kinds=dict(kinds)))
        part.append(dict(file='all', budget=budget, expected=sum(r['expected'] for r in part), opened=sum(r['opened'] for r in part),
                         kinds=dict(sum((collections.Counter(r['kinds']) for r in part), collections.Counter()))))
        rows += part
    for r in rows:
        r['most'] = most(2 * r['expected'])
        r['within'] = r['opened'] <= r['most']
        r['expected'] = round(r['expected'], 3)
    if a.json:
        for r in rows: print(json.dumps(r))
        return
    print('| file | budget | expected | most by chance at twice that | opened |\n|---|---|---:|---:|---|')
    for r in rows:
        kinds = ', '.join(f'{k} {v}' for k, v in r['kinds'].items())
        print(f'| {r["file"]} | {r["budget"]} | {r["expected"]:.3g} | {r["most"]} | {r["opened"]}{f" ({kinds})" if kinds else ""}{"" if r["within"] else ": **too many**"} |')


if __name__ == '__main__':
    main()
