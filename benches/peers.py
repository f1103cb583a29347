"""Other programs that find changes, each run as a whole process on the data of shiptrace: peers.py PEER FILE SECONDS.

Runs in the virtual environment that speed.py makes with --peers. Prints, as JSON, the seconds inside of the algorithm and the
changes of each metric. After SECONDS the alarm ends the process, and beyond 8 GB it fails: a kernel matrix may need more
than the machine has. Many metrics are shared out over all cores.
"""

import csv
import json
import math
import multiprocessing
import os
import resource
import signal
import sys
import time

import numpy

MEMORY = 8 << 30
OUT_OF_MEMORY = "needs more than 8 GB"


def kernel_linear(values):
    """ruptures, PELT in C on the sum of squares; the penalty is that of Schwarz, 2 variances of the noise log n for a step."""
    noise = 1.4826 * numpy.median(numpy.abs(numpy.diff(values))) / math.sqrt(2)
    penalty = 2 * noise ** 2 * math.log(len(values))
    return ruptures.KernelCPD(kernel="linear", min_size=2).fit(numpy.array(values)).predict(pen=penalty)[:-1]


def pelt_rbf(values):
    """ruptures, PELT in Python with its default cost for changes of any sort."""
    return ruptures.Pelt(model="rbf").fit(numpy.array(values)).predict(pen=2 * math.log(len(values)))[:-1]


def otava(values):
    """Apache Otava as its command line calls it, on a list: of an array it would take the whole for each window."""
    return [change.index for change in compute_change_points(values)[0]]


PEERS = {"KernelCPD linear": kernel_linear, "PELT rbf": pelt_rbf, "Otava": otava}


def read(path):
    """The values of each metric in the order of the file, which is that of time."""
    metrics = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            metrics.setdefault(row.get("metric", "value"), []).append(float(row["value"]))
    return metrics


def limit(seconds):
    """Ends the process after so many seconds, also inside of C code, where Python would not handle the signal."""
    os.setpgrp()
    signal.alarm(seconds)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def end_all(*_):
    os.killpg(0, signal.SIGKILL)


def changes_of(metrics, peer):
    if len(metrics) == 1:
        return [peer(*metrics.values())]
    signal.signal(signal.SIGALRM, end_all)
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        return pool.map(peer, metrics.values(), chunksize=10)


if __name__ == "__main__":
    peer, path, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    limit(seconds)
    if peer == "Otava":
        from otava.analysis import compute_change_points
    else:
        import ruptures
    metrics = read(path)
    start = time.perf_counter()
    try:
        found = changes_of(metrics, PEERS[peer])
    except MemoryError:
        print(OUT_OF_MEMORY)
        sys.exit(1)
    inside = time.perf_counter() - start
    print(json.dumps({"inside": inside, "changes": [[int(at) for at in changes] for changes in found]}))
