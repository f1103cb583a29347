#!/usr/bin/env python3
"""Writes the sample data: five metrics and the deployments of Hookless, a company that exists only here.

    python3 sample-data/generate.py [--out FOLDER]

Needs nothing but Python 3.9. The files come out the same byte for byte everywhere: of `random`, only `random()` is
used, whose sequence Python guarantees, and nothing that a platform's mathematics library rounds in its own way.
README.md tells what is hidden in the data.
"""

import argparse
import csv
import math
import random
from datetime import datetime, timedelta, timezone
from pathlib import Path

import story

SEED = 20231123
FIRST_DAY = datetime(2023, 8, 1, tzinfo=timezone.utc)
DAYS = 150
HOURLY_FROM = datetime(2023, 11, 6, tzinfo=timezone(timedelta(hours=1)))
HOURLY_HOURS = 28 * 24

# Share of a day's activity in each hour, UTC: mildly more at day than at night, because the users live in many zones.
HOUR_SHARE = [s / 100 for s in (3.3, 3.1, 3.0, 3.0, 3.1, 3.4, 3.8, 4.2, 4.6, 4.9, 5.0, 5.0,
                                4.9, 4.9, 5.0, 5.0, 4.9, 4.7, 4.5, 4.3, 4.1, 3.9, 3.8, 3.6)]
WORK_WEEK = (1.06, 1.08, 1.07, 1.05, 0.99, 0.86, 0.89)  # Monday to Sunday
EVEN_WEEK = (1.01, 1.02, 1.02, 1.01, 1.00, 0.97, 0.97)


class Chance:
    """Seeded chance, built on `random()` alone."""

    def __init__(self, stream):
        self._random = random.Random(SEED + stream).random

    def below(self, n):
        return int(self._random() * n)

    def one_of(self, items):
        return items[self.below(len(items))]

    def happens(self, probability):
        return self._random() < probability

    def normal(self):
        """Sum of twelve uniform numbers less six: mean 0, variance 1, and normal enough."""
        return math.fsum(self._random() for _ in range(12)) - 6


class Effect:
    """From `start` to `end`, a metric is `factor` times what it would have been."""

    def __init__(self, factor, start, end=None):
        self.factor = factor
        self.start = utc(start)
        self.end = utc(end) if end else datetime.max.replace(tzinfo=timezone.utc)

    def in_hour(self, hour):
        """Factor of the hour that begins at `hour`, which the effect may cover in part."""
        covered = min(self.end, hour + timedelta(hours=1)) - max(self.start, hour)
        share = max(0.0, covered.total_seconds() / 3600)
        return 1 + (self.factor - 1) * share


def utc(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def expected_in_hour(hour, per_day, week, effects):
    hour = hour.astimezone(timezone.utc)
    value = per_day * HOUR_SHARE[hour.hour] * week[hour.weekday()]
    for effect in effects:
        value *= effect.in_hour(hour)
    return value


def expected_in_day(day, per_day, week, effects):
    """A day is the sum of its hours, so an effect that starts at three o'clock moves the day by what comes after."""
    return math.fsum(expected_in_hour(day + timedelta(hours=h), per_day, week, effects) for h in range(24))


def counts(expected, scatter, chance, memory=0.2):
    """Counts around what is expected.

    The variance is that of a count, plus (`scatter` times the expectation) squared for good days and bad ones; a
    share `memory` of a day's deviation is still there the next day.
    """
    deviation = 0.0
    for mean in expected:
        deviation = memory * deviation + math.sqrt(1 - memory * memory) * chance.normal()
        yield max(0, round(mean + math.sqrt(mean + (scatter * mean) ** 2) * deviation))


def daily_metrics():
    """Rows of interactions.csv: the four daily metrics, one day after the other."""
    days = [FIRST_DAY + timedelta(days=d) for d in range(DAYS)]
    columns = {}
    for stream, (name, per_day, week, scatter, effects) in enumerate((
        ("confirmed_interactions", 4700, WORK_WEEK, 0.024, [Effect(0.76, story.CULPRIT)]),
        ("signups", 310, WORK_WEEK, 0.03, []),
        ("page_views", 61000, EVEN_WEEK, 0.035, [Effect(1.9, "2023-10-17T06:30Z", "2023-10-18T00:00Z"),
                                                Effect(1.45, "2023-10-18T00:00Z", "2023-10-19T00:00Z")]),
        ("report_clicks", 1850, WORK_WEEK, 0.025, [Effect(1.21, story.IMPROVEMENT, story.ROLLBACK)]),
    )):
        expected = [expected_in_day(day, per_day, week, effects) for day in days]
        columns[name] = list(counts(expected, scatter, Chance(stream)))
    for i, day in enumerate(days):
        for name, values in columns.items():
            yield day.date().isoformat(), name, values[i]


def hourly_metric():
    """Rows of api_hourly.csv: requests an hour, stamped in the time of Oslo in winter."""
    hours = [HOURLY_FROM + timedelta(hours=h) for h in range(HOURLY_HOURS)]
    effects = [Effect(0.83, story.CACHE)]
    expected = [expected_in_hour(hour, 290000, WORK_WEEK, effects) for hour in hours]
    for hour, value in zip(hours, counts(expected, 0.03, Chance(10), memory=0.4)):
        yield hour.isoformat(), value


def routine_deploys(chance):
    """Deployments of an ordinary day, on every day that the story leaves alone."""
    told = {utc(d["deployed_at"]).date() for d in story.DEPLOYS if d.get("alone", True)}
    seen = set()
    for d in range(DAYS):
        day = FIRST_DAY + timedelta(days=d)
        if day.date() in told:
            continue
        at_work = day.weekday() < 5
        for _ in range(chance.one_of((1, 1, 2, 2, 3, 3, 4)) if at_work else chance.happens(0.15)):
            minute = (7 * 60 if at_work else 10 * 60) + int((chance.below(660) + chance.below(660)) / 2)
            yield routine_deploy(chance, day + timedelta(minutes=minute, seconds=chance.below(60)), seen)


def routine_deploy(chance, moment, seen):
    app = chance.one_of(story.APPS)
    message, author = story.routine_message(chance, app, seen)
    return {
        "deployed_at": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "app": app,
        "message": message,
        "author": author,
        "environment": "staging" if chance.happens(0.04) else "production",
        "status": "failure" if chance.happens(0.02) else "success",
    }


def deploys():
    """Rows of deploys.csv, in the order of time."""
    rows = story.DEPLOYS + list(routine_deploys(Chance(20)))
    rows.sort(key=lambda row: utc(row["deployed_at"]))
    chance = Chance(21)
    for number, row in enumerate(rows, start=1):
        app = row["app"]
        moment = row["deployed_at"]
        if app == "mobile-app":  # its builds run on a machine that writes the time of Lagos, which has no summer time
            moment = utc(moment).astimezone(timezone(timedelta(hours=1))).isoformat()
        run = 4100 + 3 * number + chance.below(3)
        yield {
            "id": f"dep-{number:04}",
            "deployed_at": moment,
            "app": app,
            "environment": row.get("environment", "production"),
            "repo": f"hookless/{app}",
            "commit": story.commit(app, row["message"]),
            "branch": row.get("branch", "main"),
            "author": row["author"],
            "status": row.get("status", "success"),
            "url": f"https://ci.example.com/hookless/{app}/runs/{run}",
            "message": row["message"],
        }


def write(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)


def main():
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="Writes the sample data.")
    parser.add_argument("--out", type=Path, default=here, help="folder to write to (default: that of this script)")
    out = parser.parse_args().out
    write(out / "interactions.csv", ("timestamp", "metric", "value"), daily_metrics())
    write(out / "api_hourly.csv", ("timestamp", "api_requests"), hourly_metric())
    rows = list(deploys())
    write(out / "deploys.csv", rows[0].keys(), (row.values() for row in rows))


if __name__ == "__main__":
    main()
