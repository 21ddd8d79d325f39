"""librdkafka's mock cluster as a process of its own, and a writer: what the trials of the Kafka source stand on.

    python3 kafka_cluster.py TOPIC:PARTITIONS...      prints the brokers' addresses and stays until its standard input ends
"""
import ctypes
import subprocess
import sys

COPY = 2  # RD_KAFKA_MSG_F_COPY
FULL = -184  # RD_KAFKA_RESP_ERR__QUEUE_FULL


def library(path="librdkafka.so.1"):
    lib = ctypes.CDLL(path)
    for name in ("conf_new", "new", "mock_cluster_new", "topic_new"):
        getattr(lib, "rd_kafka_" + name).restype = ctypes.c_void_p
    lib.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    lib.rd_kafka_err2str.restype = ctypes.c_char_p
    lib.rd_kafka_produce.argtypes = [
        ctypes.c_void_p, ctypes.c_int32, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p,
        ctypes.c_size_t, ctypes.c_void_p,
    ]
    return lib


def client(lib, **settings):
    """A producer; of a setting's name the underscores are dots."""
    conf = ctypes.c_void_p(lib.rd_kafka_conf_new())
    reason = ctypes.create_string_buffer(512)
    for name, value in settings.items():
        if lib.rd_kafka_conf_set(conf, name.replace("_", ".").encode(), str(value).encode(), reason, 512):
            raise ValueError(reason.value.decode())
    handle = lib.rd_kafka_new(0, conf, reason, 512)
    if not handle:
        raise OSError(reason.value.decode())
    return ctypes.c_void_p(handle)


def serve(topics, brokers=3):
    """Runs the cluster until standard input ends."""
    lib = library()
    handle = client(lib)
    cluster = ctypes.c_void_p(lib.rd_kafka_mock_cluster_new(handle, brokers))
    for topic in topics:
        name, partitions = topic.rsplit(":", 1)
        code = lib.rd_kafka_mock_topic_create(cluster, name.encode(), int(partitions), brokers)
        if code:
            raise OSError(lib.rd_kafka_err2str(code).decode())
    print(lib.rd_kafka_mock_cluster_bootstraps(cluster).decode(), flush=True)
    sys.stdin.read()


class Cluster:
    """The process; `brokers` is where it listens."""

    def __init__(self, topics):
        self.process = subprocess.Popen(
            [sys.executable, __file__] + [f"{name}:{count}" for name, count in topics.items()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.brokers = self.process.stdout.readline().strip()
        if not self.brokers:
            raise OSError("the mock cluster did not start")

    def close(self):
        try:
            self.process.stdin.close()
        except OSError:
            # It died.
            pass
        self.process.wait(10)


class Writer:
    """Writes messages and knows how many are delivered."""

    def __init__(self, brokers, path="librdkafka.so.1"):
        self.lib = library(path)
        self.handle = client(
            self.lib, bootstrap_servers=brokers, linger_ms=5, compression_codec="lz4",
            queue_buffering_max_messages=2000000)
        self.topics = {}

    def write(self, topic, partition, key, value):
        rkt = self.topics.get(topic)
        if rkt is None:
            rkt = self.topics[topic] = ctypes.c_void_p(self.lib.rd_kafka_topic_new(self.handle, topic.encode(), None))
        while self.lib.rd_kafka_produce(rkt, partition, COPY, value, len(value), key, len(key), None):
            if self.lib.rd_kafka_last_error() != FULL:
                raise OSError(self.lib.rd_kafka_err2str(self.lib.rd_kafka_last_error()).decode())
            self.lib.rd_kafka_poll(self.handle, 10)

    def turn(self):
        self.lib.rd_kafka_poll(self.handle, 0)

    def flush(self, milliseconds=60000):
        if self.lib.rd_kafka_flush(self.handle, milliseconds):
            raise OSError(f"{self.lib.rd_kafka_outq_len(self.handle)} messages were not delivered")


if __name__ == "__main__":
    serve(sys.argv[1:])
