"""The peers that are daemons: receivers of datagrams and a follower of files, in turn with monitord, for peers.py."""
import json, os, shutil, signal, socket, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
RATES = (100_000, 250_000)                       # datagrams a second, each for a second


def processor(pid):
    """Seconds of processor of a process so far, in hundredths."""
    with open(f'/proc/{pid}/stat') as file: fields = file.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def waiting(port):
    """Bytes that wait in the socket bound to a port of 127.0.0.1, and datagrams it has dropped; nothing when there is none."""
    with open('/proc/net/udp') as file:
        for fields in map(str.split, file):
            if fields[1] == f'0100007F:{port:04X}': return int(fields[4].split(':')[1], 16), int(fields[-1])
    return None


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def burst(kit, port, pid, rate, kind):
    """A second of datagrams at a rate: those received, those lost, the processor seconds that they took, and the rate reached."""
    lost, used = waiting(port)[1], processor(pid)
    other = '0' if kit.core != '0' else '1'
    sent = json.loads(subprocess.run(['taskset', '-c', other, f'{kit.bin}/udp_send', str(port), str(rate), str(rate), kind],
                                     stdout=subprocess.PIPE, check=True).stdout)
    for _ in range(500):
        if waiting(port)[0] == 0: break
        time.sleep(.02)
    time.sleep(.1)
    lost = waiting(port)[1] - lost
    return sent['sent'] - lost, lost, processor(pid) - used, sent['rate']


def receive(kit, name, command, port, kind):
    """Starts a receiver, sends it the bursts. Returns datagrams a processor second; says on stderr what was lost."""
    daemon = subprocess.Popen(['taskset', '-c', kit.core, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not waiting(port): time.sleep(.01)
        burst(kit, port, daemon.pid, 20_000, kind)  # names and dialect are found
        got = spent = 0
        for rate in RATES:
            received, lost, used, reached = burst(kit, port, daemon.pid, rate, kind)
            got, spent = got + received, spent + used
            print(f'{name}: {lost} of {received + lost} datagrams lost at {reached:.0f} a second, {used:.2f} s of processor', file=sys.stderr)
        return got / max(spent, .01)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait()


def scored(kit):
    """Datagrams a processor second through the whole of monitord, which scores and learns, at a rate it keeps up with."""
    said = subprocess.run([sys.executable, f'{HERE}/udp.py', kit.binary, '--rate', '50000', '--seconds', '5'],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    figures = json.loads(said)
    print(f'udp-scored: {said.decode().strip()}', file=sys.stderr)
    return figures['received'] / figures['cpu_seconds']


def datagrams(kit):
    """Row 7: datagrams a processor second. `udp-parsed` is of StatsD gauges, which are parsed, told apart by name and put together to a
    sample of each series in 10 s; every line of `udp-scored` is a sample."""
    rates = {'udp-parsed': [], 'c-recvmmsg-parse-8MiB': [], 'udp-scored': []}
    for _ in range(kit.options.rounds):
        port = free_port()
        rates['c-recvmmsg-parse-8MiB'].append(
            receive(kit, 'c-recvmmsg-parse-8MiB', [f'{kit.bin}/udp_recv', str(port), 'parse', '8388608'], port, 'line'))
        port = free_port()
        config = kit.config('udp', f'log = "none"\njournal = false\nprofile = "lean"\n[[source]]\nudp = "127.0.0.1:{port}"\nformat = "statsd"\n')
        rates['udp-parsed'].append(receive(kit, 'udp-parsed', [kit.binary, 'run', '--config', config], port, 'statsd'))
        rates['udp-scored'].append(scored(kit))
    return rates


def rsyslog(kit, folder):
    """Lines a processor second of rsyslog following a file from its begin and writing its lines to another."""
    source, output, config = f'{kit.data}/syslog.txt', f'{folder}/out', f'{folder}/rsyslog.conf'
    with open(config, 'w') as file:
        file.write(f'global(workDirectory="{folder}")\nmodule(load="imfile" mode="inotify")\ninput(type="imfile" file="{source}" tag="x")\n'
                   f'template(name="raw" type="string" string="%msg%\\n")\n'
                   f'action(type="omfile" file="{output}" template="raw" ioBufferSize="64k" flushOnTXEnd="off")\n')
    daemon = subprocess.Popen(['taskset', '-c', kit.core, 'rsyslogd', '-n', '-f', config, '-i', f'{folder}/pid'],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    last, still = 0, 0
    while still < 20:                             # a second without a byte more
        time.sleep(.05)
        size = os.path.getsize(output) if os.path.exists(output) else 0
        still, last = (still + 1 if size == last and size else 0), size
    used = processor(daemon.pid)
    daemon.terminate()
    daemon.wait()
    with open(output, 'rb') as file: return sum(1 for _ in file) / used


def files(kit):
    """Row 8: lines from a file to a line each in another one; monitord's are scores."""
    rates = {'file-lean': [], 'rsyslog-imfile': []}
    config, data = kit.config('lean', 'profile = "lean"\n'), f'{kit.data}/sensors.csv'
    for _ in range(kit.options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            if shutil.which('rsyslogd'): rates['rsyslog-imfile'].append(rsyslog(kit, folder))
            command = kit.timed('file-lean', data, f'{kit.binary} replay --config {config} --scores {folder}/scores {{}}')
            said = json.loads(subprocess.run(['taskset', '-c', kit.core, *command.split()], stdout=subprocess.PIPE, check=True).stdout)
            if 'exit' in said: sys.exit(f'replay --scores ended with {said["exit"]}: {said["stderr"]}')
            rates['file-lean'].append(said['samples_per_cpu_s'])
    return rates
