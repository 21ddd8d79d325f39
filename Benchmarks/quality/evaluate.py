#!/usr/bin/env python3
"""Runs `monitord replay` over a labelled pack and scores what it wrote, with one default configuration for every set.

    evaluate.py --monitord PATH [--pack DIR] [--set nab|skab|smd|flows]... [--jobs 2] [--keep DIR] [--config FILE]

Prints one line of JSON a set; `--keep` leaves the score files (score.py prints the whole report over them). Needs Python 3.11 and numpy.
Each file is a run of its own with an empty state: nothing is carried from file to file. SMD's train part is streamed
before its test part in the same run and only the test part is scored; SKAB and NAB start cold. Flow files are handed
over as the Zeek conn.log that they came from (TSV with #fields header, in order of end time) and judged by their incidents.
"""
import argparse, concurrent.futures, csv, gzip, io, json, os, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
ZEEK = {'orig_h': 'id.orig_h', 'orig_p': 'id.orig_p', 'resp_h': 'id.resp_h', 'resp_p': 'id.resp_p', 'timestamp': 'ts'}
ZEEK_TYPES = {'ts': 'time', 'uid': 'string', 'id.orig_h': 'addr', 'id.orig_p': 'port', 'id.resp_h': 'addr', 'id.resp_p': 'port', 'proto': 'enum',
              'service': 'string', 'duration': 'interval', 'conn_state': 'string', 'history': 'string'}


def plain(source, target):
    """Unpacks a gzip CSV of the pack into the plain file `target`."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with gzip.open(source, 'rb') as f, open(target, 'wb') as g:
        g.write(f.read())


def zeek(source, target):
    """Writes a flow CSV of the pack as a Zeek conn.log: a line when the connection ends, so in the order of ts + duration."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with gzip.open(source, 'rt', newline='') as f, open(target, 'w') as g:
        rows = csv.reader(f)
        names = [ZEEK.get(n, n) for n in next(rows)]
        ts, duration = names.index('ts'), names.index('duration')
        names.insert(1, 'uid')
        g.write('#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n')
        g.write('#fields\t' + '\t'.join(names) + '\n#types\t' + '\t'.join(ZEEK_TYPES.get(n, 'count') for n in names) + '\n')
        for n, row in enumerate(sorted(rows, key=lambda r: float(r[ts]) + float(r[duration] or 0))):
            row.insert(1, f'C{n:08x}')
            g.write('\t'.join(v or '-' for v in row) + '\n')


def replay(args, inputs, scores, alerts, extra=()):
    """Runs one replay; returns its wall-clock seconds. Raises with what it said when it fails."""
    os.makedirs(os.path.dirname(scores), exist_ok=True)
    command = [args.monitord, 'replay', *(['--config', args.config] if args.config else []), *extra,
               '--scores', scores, '--alerts', alerts, *inputs]
    begun = time.monotonic()
    environment = {k: v for k, v in os.environ.items() if not k.startswith('MONITORD_')} | {'TZ': 'UTC'}
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, timeout=args.limit)
    if done.returncode != 0:
        raise SystemExit(f'{" ".join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}')
    return time.monotonic() - begun


def data_rows(path):
    with open(path, newline='') as f:
        return sum(1 for _ in f) - 1


def score_rows(inputs, raw):
    """The score rows of the last input and the alert level before it. Every data row of every input must have exactly one."""
    counts = [data_rows(p) for p in inputs]
    with open(raw, newline='') as f:
        rows = list(csv.DictReader(f))
    if len(rows) != sum(counts):
        raise SystemExit(f'{raw}: {sum(counts)} data rows but {len(rows)} score rows')
    first = len(rows) - counts[-1]
    return rows[first:], int(rows[first - 1]['alert'] or 0) if first else 0


# What each set is ranked by and alarmed by. An event score and a severity answer different questions: NAB asks for the
# moment something begins, the ranking metrics for how far from normal each row is. NAB charges every alerted row outside
# a window, so it is given the rows that open an incident; SKAB asks for a state.
VIEWS = {'nab': {'event': ('score', 'openings'), 'rank': ('severity', 'openings')},
         'skab': {'rank': ('severity', 'state'), 'event': ('score', 'openings')},
         'smd': {'rank': ('severity', 'alert'), 'event': ('score', 'alert')}}


def write_view(rows, before, view, target):
    column, alarm = view
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, 'w', newline='') as f:
        out = csv.writer(f, lineterminator='\n')
        out.writerow(['timestamp', 'score', 'alert'])
        for row in rows:
            level = int(row['alert'] or 0)
            on = int(row['state'] or 0) if alarm == 'state' else int(level and not before) if alarm == 'openings' else level
            out.writerow([row['timestamp'], row[column] or '0', on])
            before = level


def series_set(args, name, work):
    """Scores one of nab, skab, smd; returns the scorer's figures."""
    pack = os.path.join(args.pack, name)
    labels = json.load(open(os.path.join(pack, 'labels.json')))
    files = sorted(k for k in labels if '.train.' not in k)

    def one(key):
        data = os.path.join(work, 'data', key)
        plain(os.path.join(pack, key + '.gz'), data)
        inputs = [data]
        if '.test.' in key:
            history = data.replace('.test.', '.train.')
            plain(os.path.join(pack, key.replace('.test.', '.train.') + '.gz'), history)
            inputs = [history, data]
        raw = os.path.join(work, 'raw', key)
        seconds = replay(args, inputs, raw, raw + '.alerts')
        rows, before = score_rows(inputs, raw)
        for view in VIEWS[name]:
            write_view(rows, before, VIEWS[name][view], os.path.join(work, view, key))
        return seconds

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        seconds = sum(pool.map(one, files))
    only = os.path.join(work, 'labels.json')
    json.dump({k: labels[k] for k in files}, open(only, 'w'))
    reports = {}
    for view in VIEWS[name]:
        command = [sys.executable, os.path.join(HERE, 'score.py'), '--labels', only, '--scores', os.path.join(work, view), '--dataset', name, '--data', pack]
        for option, file in (('--points', 'points.json'), ('--changepoints', 'changepoints.json')):
            if os.path.exists(os.path.join(pack, file)):
                command += [option, os.path.join(pack, file)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(done.stderr[-2000:])
        reports[view] = json.loads(done.stdout)
    return {'set': name, 'replay_seconds': round(seconds, 1), **headline(name, reports)}


def headline(name, reports):
    """The figures that the targets are stated in, out of the scorer's whole reports."""
    r = lambda v: None if v is None else round(v, 3)
    macro, events = reports['rank']['macro'], reports['event']['events']
    out = {'vus_pr': r(macro['vus_pr']), 'auc_pr': r(macro['auc_pr']),
           'event_precision': r(events['precision']), 'event_recall': r(events['recall']), 'event_f1': r(events['f1']),
           'median_delay_s': events['median_delay_s'], 'false_alerts_per_1000': r(events['false_alerts_per_1000']),
           'false_alerts_per_day': r(events['false_alerts_per_day'])}
    if name == 'nab':
        out.update(nab_optimised=r(reports['event']['nab']['standard']['score']), nab_own_alerts=r(reports['event']['nab_own_alert']['standard']['score']))
    if name == 'skab':
        outlier = reports['rank']['skab']['outlier']
        out.update(F1=r(outlier['F1']), FAR_pct=r(outlier['FAR_pct']), MAR_pct=r(outlier['MAR_pct']),
                   anomaly_free_FAR_pct=r(reports['rank']['skab'].get('anomaly_free_FAR_pct')))
    return out


def number(text):
    """Seconds since the epoch of an ISO 8601 (UTC when it has no zone) or numeric time."""
    try:
        return float(text)
    except ValueError:
        import datetime
        t = datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))
        return (t if t.tzinfo else t.replace(tzinfo=datetime.timezone.utc)).timestamp()


def flow_set(args, work):
    """Judges the incidents over each flow capture: onset delay of every labelled activity after the first hour, and false incidents.

    Every kind of incident counts except `input` and `budget`. An incident is false when the `time` of its open message lies outside the labels
    (with 10 minutes after each); the first hour of a capture is not judged. The sum over the captures is what counts:
    single captures are shorter than a day.
    """
    pack = os.path.join(args.pack, 'flows')
    labels, bursts = (json.load(open(os.path.join(pack, f))) for f in ('labels.json', 'labels_bursts.json'))
    report, false_total, days_total = [], 0, 0.0
    for key in sorted(labels):
        log = os.path.join(work, 'data', key[:-4], 'conn.log')
        zeek(os.path.join(pack, key + '.gz'), log)
        raw = os.path.join(work, 'raw', key)
        seconds = replay(args, [log], raw, raw + '.alerts', ('--format', 'zeek'))
        alerts = [json.loads(l) for l in open(raw + '.alerts') if l.strip()]
        opened = sorted(number(a['time']) for a in alerts if a['event'] == 'open' and a['kind'] not in ('input', 'budget'))
        with gzip.open(os.path.join(pack, key + '.gz'), 'rt') as f:
            stamps = [float(r.split(',', 1)[0]) for r in f.readlines()[1:]]
        start, slack = stamps[0] + 3600, 600.0
        judged = [t for t in opened if t >= start]

        def onsets(spans):
            return [{'onset_s': round(float(a) - stamps[0]), 'delay_s': min((round(t - float(a), 1) for t in judged if float(a) - 60 <= t <= float(b) + slack), default=None)}
                    for a, b in spans if float(a) >= start]

        outside = [t for t in judged if not any(float(a) - 60 <= t <= float(b) + slack for a, b in labels[key])]
        free = max(stamps[-1] - start - sum(max(0.0, min(float(b), stamps[-1]) - max(float(a), start)) for a, b in labels[key]), 0.0) / 86400
        false_total, days_total = false_total + len(outside), days_total + free
        report.append({'capture': key, 'incidents': len(opened), 'activities': onsets(labels[key]), 'bursts': onsets(bursts[key]),
                       'false_incidents': len(outside), 'unlabelled_days': round(free, 2), 'replay_seconds': round(seconds, 1)})
    return {'set': 'flows', 'false_incidents': false_total, 'unlabelled_days': round(days_total, 2), 'captures': report}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--monitord', required=True)
    p.add_argument('--pack', default=os.environ.get('MONITORD_PACK'), help='default: $MONITORD_PACK')
    p.add_argument('--set', action='append', choices=['nab', 'skab', 'smd', 'flows'])
    p.add_argument('--jobs', type=int, default=2)
    p.add_argument('--keep')
    p.add_argument('--config')
    p.add_argument('--limit', type=float, default=1800, help='seconds for one replay')
    args = p.parse_args()
    if not args.pack:
        p.error('name the labelled pack with --pack or MONITORD_PACK')
    args.monitord = os.path.abspath(args.monitord)
    with tempfile.TemporaryDirectory() as scratch:
        root = os.path.abspath(args.keep) if args.keep else scratch
        for name in args.set or ['nab', 'skab', 'smd', 'flows']:
            work = os.path.join(root, name)
            os.makedirs(work, exist_ok=True)
            result = flow_set(args, work) if name == 'flows' else series_set(args, name, work)
            print(json.dumps(result), flush=True)


if __name__ == '__main__':
    main()
