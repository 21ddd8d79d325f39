#!/usr/bin/env python3
"""What it takes while nothing comes: start to bound socket, resident memory with one model, processor, size of the program.

    idle.py BINARY [--starts 15] [--core 1] [--rows 2500] [--channels 8]

Starts BINARY with a UDP source STARTS times and looks at /proc/net/udp every half a millisecond. The last one gets ROWS lines of CHANNELS
channels, one a datagram, so that its model has learned, and is looked at after 5 s, and 10 s later. Prints one line of JSON.
"""
import argparse, json, os, random, re, shutil, socket, statistics, subprocess, tempfile, time

from peers_live import free_port, processor, waiting


def memory(pid):
    """Resident and proportional memory of a process, MB of 10^6 bytes."""
    with open(f'/proc/{pid}/smaps_rollup') as file: text = file.read()
    return [int(re.search(rf'{key}:\s+(\d+)', text)[1]) * 1024 / 1e6 for key in ('Rss', 'Pss')]


def start(binary, core):
    """A daemon and the milliseconds until its socket was bound."""
    port, begin = free_port(), time.perf_counter()
    daemon = subprocess.Popen(['taskset', '-c', core, binary, 'run', '--udp', f'127.0.0.1:{port}', '--log', 'none', '--no-journal'],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not waiting(port): time.sleep(.0005)
    return daemon, port, (time.perf_counter() - begin) * 1e3


def teach(port, rows, channels):
    source, sink = random.Random(1), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sink.connect(('127.0.0.1', port))
    sink.send(('time,' + ','.join(f'c{channel}' for channel in range(channels)) + '\n').encode())
    for row in range(rows):
        values = ','.join(f'{20 + channel + source.gauss(0, 1):.3f}' for channel in range(channels))
        sink.send(f'{1767225600 + row},{values}\n'.encode())
        if row % 50 == 0: time.sleep(.01)


def stripped(binary):
    """Megabytes of the program without its symbols."""
    if not shutil.which('strip'): return None
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(['strip', '-o', f'{folder}/monitord', binary], check=True)
        return os.path.getsize(f'{folder}/monitord') / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('binary')
    parser.add_argument('--starts', type=int, default=15)
    parser.add_argument('--core', default='1')
    parser.add_argument('--rows', type=int, default=2500)
    parser.add_argument('--channels', type=int, default=8)
    options = parser.parse_args()
    taken = []
    for number in range(options.starts):
        daemon, port, milliseconds = start(options.binary, options.core)
        taken.append(milliseconds)
        if number < options.starts - 1:
            daemon.terminate()
            daemon.wait()
    time.sleep(1)
    fresh = memory(daemon.pid)
    teach(port, options.rows, options.channels)
    time.sleep(5)
    used = processor(daemon.pid)
    time.sleep(10)
    idle = (processor(daemon.pid) - used) / 10 * 1e3
    learned = memory(daemon.pid)
    daemon.terminate()
    daemon.wait()
    print(json.dumps({
        'start_ms': round(statistics.median(taken), 1), 'start_ms_range': [round(min(taken), 1), round(max(taken), 1)],
        'fresh_rss_mb': round(fresh[0], 1), 'rss_mb': round(learned[0], 1), 'pss_mb': round(learned[1], 1), 'rows': options.rows,
        'idle_cpu_ms_per_s': round(idle, 2), 'stripped_mb': round(stripped(options.binary), 2), 'load': round(os.getloadavg()[0], 1)}))


main()
