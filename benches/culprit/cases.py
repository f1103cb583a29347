"""Cases: a folder each, with metrics.csv, deploys.csv and truth.json.

The maker of cases that lies beside the histories and series is run as a program, once for each seed; what it wrote is
kept and used again.
"""

import csv
import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = ROOT / "target" / "bench" / "culprit"
UTC = timezone.utc
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Mix:
    """The laws that cases are drawn from, as options of their maker."""

    name: str
    options: tuple = ()

    def value(self, option, default):
        return float(self.options[self.options.index(option) + 1]) if option in self.options else default


DEFAULT = Mix("default laws")
SHIFTS = Mix("shifts only", ("--null-every", "1000000"))
# Slow effects, odd days and many spikes; and hardly any nulls, with quick effects and few spikes.
HARDER = Mix("slow, spiky, half unchanged",
             ("--null-every", "2", "--spikes", "0.6", "--ramps", "0.6", "--lag-minutes", "90",
              "--asked-from", "-1", "--asked-to", "2"))
EASIER = Mix("quick, few spikes, 1 in 12 unchanged",
             ("--null-every", "12", "--spikes", "0.1", "--ramps", "0", "--lag-minutes", "5"))


@dataclass(frozen=True)
class Case:
    folder: Path
    number: int
    truth: dict

    @property
    def metrics(self):
        return self.folder / "metrics.csv"

    @property
    def deploys(self):
        return self.folder / "deploys.csv"

    @property
    def step(self):
        return timedelta(days=1) if self.truth["granularity"] == "day" else timedelta(hours=1)

    def asked_day(self):
        return parse_time(self.truth["asked"])

    def window(self, days):
        """The moments whose deployments are candidates."""
        return self.asked_day() - timedelta(days=days), self.asked_day() + DAY


def parse_time(text):
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def load(folder):
    found = sorted(f for f in folder.iterdir() if f.is_dir())
    return [Case(f, i, json.loads((f / "truth.json").read_text())) for i, f in enumerate(found)]


def draft_of(folder):
    """What is being written, so that a run that was broken off leaves no half of a folder."""
    draft = folder.with_name(f"{folder.name}.part{os.getpid()}")
    draft.mkdir(parents=True)
    return draft


def made(shared, mix, seed, count):
    """The cases of a seed, which are made where they are not there yet."""
    options = "".join(mix.options).replace("--", "_")
    folder = DATA / f"cases{options}-seed{seed}-n{count}"
    if not folder.exists():
        source = shared / "bench" / "culprit"
        draft = draft_of(folder)
        command = [sys.executable, source / "cases.py", "--series", source / "series", "--deploys", source / "deploys",
                   "--out", draft, "--n", count, "--seed", seed, *mix.options]
        subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
        draft.rename(folder)
    return load(folder)


def derived(name, cases, change):
    """Cases that `change(case, folder)` writes from others; it returns the truth, or None where it cannot."""
    folder = DATA / name
    if not folder.exists():
        draft = draft_of(folder)
        for case in cases:
            into = draft / case.folder.name
            into.mkdir(parents=True, exist_ok=True)
            truth = change(case, into)
            if truth is None:
                into.rmdir()
            else:
                (into / "truth.json").write_text(json.dumps(truth, indent=1))
        draft.rename(folder)
    return load(folder)


def without_culprit(case):
    """A deploy file in which what moved the metric is missing."""
    path = case.folder / "deploys-without-culprit.csv"
    if not path.exists():
        write_rows(path, [row for row in read_rows(case.deploys) if row["commit"] != case.truth["culprit"]])
    return path


def candidates(case, deploys, days, apps=()):
    """Commits in the window of the asked day, newest first; and those of them that went out before the end of the
    bucket in which the metric began to move."""
    start, end = case.window(days)
    rows = [row for row in read_rows(deploys) if not apps or row["app"] in apps]
    inside = [(moment, row["commit"]) for row in rows if start <= (moment := parse_time(row["deployed_at"])) < end]
    newest = [commit for _, commit in sorted(inside, key=lambda m: m[0])][::-1]
    if not case.truth["culprit"]:
        return newest, []
    first = parse_time(read_rows(case.metrics)[0]["timestamp"])
    onset = parse_time(case.truth["onset"])
    over = first + ((onset - first) // case.step + 1) * case.step
    told = [commit for moment, commit in sorted(inside, key=lambda m: m[0]) if moment < over][::-1]
    return newest, told


def share_moved(edges, onset, ramp):
    """The mean in each bucket, between these edges, of what grows from 0 to 1 within `ramp` seconds from `onset` on."""

    def until(t):
        t -= onset
        if t <= 0:
            return 0.0
        return t * t / (2 * ramp) if t < ramp else ramp / 2 + t - ramp

    return [(until(b) - until(a)) / (b - a) for a, b in zip(edges, edges[1:])]


def seconds(case, rows):
    """The edges of the buckets in seconds from the first one, and the function that makes such seconds of a moment."""
    first = parse_time(rows[0]["timestamp"])
    edges = [(parse_time(row["timestamp"]) - first).total_seconds() for row in rows]
    edges.append(edges[-1] + case.step.total_seconds())
    return edges, lambda moment: (moment - first).total_seconds()


def draw_lag(chance, median_minutes):
    """Seconds from a deployment to its effect, as the maker of cases draws them."""
    return math.exp(chance.gauss(math.log(60 * median_minutes), 0.7))


def is_count(rows):
    return all(not row["value"] or float(row["value"]).is_integer() for row in rows)


def with_value(row, value, whole):
    return {**row, "value": repr(float(round(value)) if whole else round(value, 6))}

