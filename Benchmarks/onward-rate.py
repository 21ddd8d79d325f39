#!/usr/bin/env python3
"""How many alerts a second get through each sink, and what the daemon takes with it.

    onward-rate.py BINARY [--messages 3000]

Puts MESSAGES copies of a real alert into the outbox of a stopped daemon as if the receiver had been away, starts it with one sink to a
receiver on this machine, and looks at what the outbox has as acknowledged. Prints a row for each: alerts a second, processor
milliseconds of the daemon's for each alert, resident memory before and behind. The receivers are Python's but for Alertmanager: the rate is theirs too.
"""
import argparse, json, os, pathlib, re, shutil, signal, socket, sqlite3, subprocess, sys, tempfile, threading, time, urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'Tests/Campaigns'))
from onward import Syslog, Webhook

ROOT = pathlib.Path(__file__).resolve().parents[1]


def run(binary, folder, sink, **more):
    (folder / 'monitord.toml').write_text(f'journal = false\nlog = "none"\ncontrol = "none"\n[[source]]\nfile = "{folder}/pump.csv"\n{sink}')
    return subprocess.Popen([binary, 'run', '--config', str(folder / 'monitord.toml'), '--state', str(folder / 'state')],
                            stdout=subprocess.DEVNULL, stderr=more.get('stderr', subprocess.DEVNULL))


def rows(folder, sql):
    try:
        with sqlite3.connect(f'file:{folder}/state/monitord.db?mode=ro', uri=True, timeout=30) as database: return database.execute(sql).fetchall()
    except sqlite3.OperationalError:
        # The tables are made a moment after the file.
        return []


def wait(condition, what, seconds=300):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end: raise SystemExit(f'waited for {what}')
        time.sleep(.02)


def usage(pid):
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    resident = int(re.search(r'VmRSS:\s+(\d+)', pathlib.Path(f'/proc/{pid}/status').read_text())[1]) * 1024 / 1e6
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK'), resident


def stop(daemon):
    daemon.send_signal(signal.SIGTERM)
    daemon.wait(60)


def prepare(binary, folder, sink, messages):
    """A state whose outbox has so many messages that the sink has not had."""
    shutil.copy(ROOT / 'samples/pump.csv', folder)
    daemon = run(binary, folder, sink)
    wait(lambda: (folder / 'state/monitord.db').exists() and len(rows(folder, 'SELECT 1 FROM outbox')) >= 2, 'alerts')
    time.sleep(1)
    stop(daemon)
    with sqlite3.connect(folder / 'state/monitord.db') as database:
        payload = database.execute('SELECT payload FROM outbox ORDER BY number LIMIT 1').fetchone()[0]
        record = json.loads(payload)
        for number in range(messages):
            record['id'] = f'{number:016x}'
            database.execute('INSERT INTO outbox (id, seq, payload) VALUES (?, 0, ?)',
                             (record['id'], json.dumps(record, ensure_ascii=False, separators=(',', ':')).encode()))
        last = database.execute('SELECT MAX(number) FROM outbox').fetchone()[0]
    database.close()
    return last


def measure(name, binary, sink, messages):
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(work)
        place = re.search(r'name = "(.*)"', sink)[1]
        # Nobody listens there: everything waits.
        away = re.sub(r':\d+"', ':9"', sink, count=1)
        last = prepare(binary, folder, away, messages)
        daemon = run(binary, folder, sink)
        at = lambda: rows(folder, f"SELECT acknowledged FROM sink WHERE name = '{place}'")[0][0]
        wait(lambda: at() > last - messages, 'the first')
        begin, first, (used, before) = time.monotonic(), at(), usage(daemon.pid)
        wait(lambda: at() >= last, 'the last')
        took, (spent, behind) = time.monotonic() - begin, usage(daemon.pid)
        count = last - first
        print(f'| {name} | {count / took:.0f} | {(spent - used) * 1e3 / count:.2f} | {before:.1f} | {behind:.1f} |', flush=True)
        stop(daemon)


def alertmanager(folder):
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    (folder / 'am.yml').write_text('route: {receiver: none}\nreceivers: [{name: none}]\n')
    process = subprocess.Popen(['prometheus-alertmanager', f'--config.file={folder}/am.yml', f'--storage.path={folder}/am', '--cluster.listen-address=',
                                f'--web.listen-address=127.0.0.1:{port}'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ready():
        try: return urllib.request.urlopen(f'http://127.0.0.1:{port}/-/ready', timeout=5).status == 200
        except OSError: return False

    wait(ready, 'Alertmanager')
    return process, port


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('binary')
    parser.add_argument('--messages', type=int, default=3000)
    options = parser.parse_args()
    print('| sink | alerts/s | CPU ms an alert | resident MB before | behind |\n|---|---:|---:|---:|---:|')
    with tempfile.TemporaryDirectory() as work:
        secret = pathlib.Path(work) / 'secret'
        secret.write_text('key')
        webhook = Webhook()
        measure('webhook, signed', options.binary, f'[[sink]]\nwebhook = "http://127.0.0.1:{webhook.port}"\nname = "it"\nsecret_file = "{secret}"\n',
                options.messages)
        syslog = Syslog()
        measure('syslog, TCP', options.binary, f'[[sink]]\nsyslog = "tcp://127.0.0.1:{syslog.port}"\nname = "it"\n', options.messages)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taker:
            taker.bind(('127.0.0.1', 0))
            threading.Thread(target=lambda: [taker.recv(65536) for _ in iter(int, 1)], daemon=True).start()
            measure('syslog, UDP', options.binary, f'[[sink]]\nsyslog = "udp://127.0.0.1:{taker.getsockname()[1]}"\nname = "it"\n', options.messages)
        process, port = alertmanager(pathlib.Path(work))
        measure('Alertmanager', options.binary, f'[[sink]]\nalertmanager = "http://127.0.0.1:{port}"\nname = "it"\n', options.messages)
        process.terminate()
        process.wait()


main()
