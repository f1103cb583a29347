"""The data sets of the measurements, written to target/bench/ once, each from a seed."""

import json
import math
import random
from datetime import datetime, timedelta
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "target" / "bench"
METRICS, DAYS, DEPLOYS = 1000, 730, 50_000
ASKED, STEP_DAY = "requests_0420", 530  # 2023-06-15
STEP_HOUR = 30_278  # 14:00 on the same day
# Where the days of the metrics begin and how many there are; the same of five years of hours.
METRIC_DAYS, HOURS = (datetime(2022, 1, 1), DAYS), (datetime(2020, 1, 1), 5 * 365)
POINTS_PER_STEP, LEAST_GAP, STEP_SIZE = 1000, 50, 3.0


def write_once(name, lines):
    """The path of a data set, which is written where it is not there yet."""
    path = DATA / name
    if not path.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        with open(draft, "w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
        draft.replace(path)
    return path


def metric_lines():
    """A long CSV of some 25 MB; every tenth metric has a step, the asked one on 2023-06-15."""
    chance = random.Random(1)
    levels = [chance.uniform(500, 9000) for _ in range(METRICS)]
    steps = {m: chance.randrange(100, DAYS - 100) for m in range(0, METRICS, 10)}
    steps[int(ASKED[-4:])] = STEP_DAY
    week = (1.05, 1.07, 1.06, 1.04, 1.0, 0.88, 0.9)
    yield "timestamp,metric,value\n"
    for d in range(DAYS):
        day = datetime(2022, 1, 1) + timedelta(days=d)
        for m, level in enumerate(levels):
            moved = 0.85 if d >= steps.get(m, DAYS) else 1
            value = level * week[day.weekday()] * moved * chance.gauss(1, 0.03)
            yield f"{day:%Y-%m-%d},requests_{m:04},{value:.2f}\n"


def hour_lines():
    """Five years of hours of one metric: a day, a week, noise that remembers, and a step within the hour STEP_HOUR."""
    chance = random.Random(3)
    noise = 0.0
    yield "timestamp,metric,value\n"
    for hour in range(5 * 8766):
        moment = HOURS[0] + timedelta(hours=hour)
        day = 1 + 0.6 * math.sin((moment.hour - 8) / 24 * math.tau)
        week = 1 if moment.weekday() < 5 else 0.7
        noise = 0.5 * noise + chance.gauss(0, 0.04)
        moved = 1 - 0.15 * min(1.0, max(0.0, hour - STEP_HOUR + 0.4))
        yield f"{moment:%Y-%m-%dT%H:%M:%SZ},signups,{1000 * day * week * moved * math.exp(noise):.2f}\n"


def deploy_lines(start, days):
    """Deployments of 40 apps over the days of the metrics."""
    chance = random.Random(2)
    spread = sorted(chance.randrange(days * 86_400) for _ in range(DEPLOYS))
    yield "id,deployed_at,app,environment,repo,commit,author,status,message\n"
    for i, second in enumerate(spread):
        moment = start + timedelta(seconds=second)
        app = f"app-{chance.randrange(40):02}"
        yield (f"d{i},{moment:%Y-%m-%dT%H:%M:%SZ},{app},production,acme/{app},{chance.getrandbits(160):040x},"
               f"person-{chance.randrange(60)},success,\"Change {i} of {app}, as planned\n\nSee ticket {i % 997}.\"\n")


def long_message_lines():
    """5,000 deployments of 40 apps in five years, with messages of 4,000 characters."""
    chance = random.Random(4)
    words = "page form domain token report mail queue retry cache index login invoice export search header".split()
    start, seconds = HOURS[0], HOURS[1] * 86_400
    yield "id,deployed_at,app,environment,repo,commit,author,status,message\n"
    for i, second in enumerate(sorted(chance.randrange(seconds) for _ in range(5000))):
        app = f"application-{chance.randrange(40):02}"
        title = f"Change the {chance.choice(words)} of the {chance.choice(words)}"
        body = " ".join(chance.choices(words, k=700))
        message = f"{title}\n\n{body}"[:4000].ljust(4000, ".")
        yield (f"d{i},{start + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ},{app},production,acme/{app},"
               f"{chance.getrandbits(160):040x},person-{chance.randrange(60)},success,\"{message}\"\n")


def minutes(points):
    """The path of one series of minutes: Gaussian noise of standard deviation 1 with one step of 3 in a thousand points."""
    steps = minute_steps(points)
    write_once(f"minutes-{points}.json", [json.dumps(steps)])
    return write_once(f"minutes-{points}.csv", minute_lines(points, set(steps)))


def minute_steps(points):
    """Where the level steps, at least 50 points from the ends and from each other."""
    chance, count = random.Random(points), points // POINTS_PER_STEP
    free = points - LEAST_GAP * (count + 1)
    return [at + LEAST_GAP * (i + 1) for i, at in enumerate(sorted(chance.randrange(free) for _ in range(count)))]


def minute_lines(points, steps):
    chance, level, moment = random.Random(points + 1), 1000.0, datetime(2022, 1, 1)
    yield "timestamp,value\n"
    for i in range(points):
        level += chance.choice((-STEP_SIZE, STEP_SIZE)) if i in steps else 0
        yield f"{moment + timedelta(minutes=i):%Y-%m-%dT%H:%M:%SZ},{level + chance.gauss(0, 1):.3f}\n"
