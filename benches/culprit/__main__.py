"""Measures whether the deployment that moved a metric is found, and whether the stated probabilities come true.

    cargo build --release
    python3 benches/culprit ranks                    # or calibration, learned, reverts, two-metrics, limit, speed, all
    python3 benches/culprit calibration --only default --seeds 11 12 --jobs 4

Cases are real series and real deployment histories (`--shared`) in which a deployment of known time moves the metric;
each is a function of its seed. They are made in target/bench/culprit/ once, which needs numpy, and asked about by
`shiptrace why` as a user would. README.md says how to read the tables.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import calibration
import cases
import figures
import learned
import ranks
import reverts
import two_metrics
from runs import Program


def what_can_be_known(program, arguments):
    import limit  # needs numpy, which the others do not

    return limit.run(program, arguments)


PARTS = {"ranks": ranks.run, "calibration": calibration.run, "learned": learned.run,
         "reverts": reverts.run, "two-metrics": two_metrics.run, "limit": what_can_be_known}
SEEDS = {"calibration": [11, 12, 13, 14, 15], "learned": [11, 12, 13, 14, 15]}


def measure_speed(arguments):
    script = cases.ROOT / "benches" / "speed.py"
    command = [sys.executable, script, "--bin", arguments.bin.resolve(), "--only", "5 years of hours"]
    return subprocess.run(command, check=False).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=[*PARTS, "speed", "all"])
    parser.add_argument("--bin", type=Path, default=cases.ROOT / "target" / "release" / "shiptrace")
    parser.add_argument("--shared", type=Path, default=cases.ROOT.parent / "shared",
                        help="the folder of series and histories")
    parser.add_argument("--seeds", type=int, nargs="+", help="default: 11 to 13, for calibration and learned 11 to 15")
    parser.add_argument("--count", type=int, default=200, help="cases of each seed; half as many for reverts")
    parser.add_argument("--window", type=int, default=3, metavar="DAYS")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--only", default="", metavar="WORD",
                        help="calibration, learned: only the mixes whose name holds this word")
    parser.add_argument("--rows", type=Path, metavar="FILE",
                        help="write each case and its answer here, a line of JSON each")
    arguments = parser.parse_args()
    if not arguments.bin.is_file():
        sys.exit(f"there is no program at {arguments.bin}: run `cargo build --release`, or say with --bin where it is")
    if not (arguments.shared / "bench" / "culprit").is_dir():
        sys.exit(f"there are no series and histories in {arguments.shared}: say with --shared where they are")

    program = Program(arguments.bin, arguments.jobs, arguments.window)
    asked_seeds, failed, kept = arguments.seeds, 0, []
    for name, run in PARTS.items():
        if arguments.part in (name, "all"):
            arguments.seeds = asked_seeds or SEEDS.get(name, [11, 12, 13])
            rows = run(program, arguments)
            failed += figures.show_failures(rows)
            kept += rows
    if arguments.rows:
        arguments.rows.write_text("".join(json.dumps(row.for_json()) + "\n" for row in kept))
    slow = arguments.part in ("speed", "all") and measure_speed(arguments)
    sys.exit(bool(failed or slow))


if __name__ == "__main__":
    main()
