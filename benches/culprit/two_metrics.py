"""Whether a second metric that the same deployment moved helps, and one that it did not move does no harm.

The second metric has the step of the first, drawn as the cases are. Of daily metrics also one by the hour, the same deployments seen
from closer by, is asked about."""

import math
import random
import statistics
from datetime import timedelta

import cases as c
import figures as f
from runs import Question

WEEK = timedelta(weeks=1)
HOUR = timedelta(hours=1)
DAYS_OF_HOURS = 26  # of a second metric by the hour
SIZES = (1.5, 2.5, 4.0, 8.0)  # of an effect, in standard deviations of the noise


def load_series(shared):
    """(name, step, moments, values as text) of each regular series of days or hours."""
    found = []
    for path in sorted((shared / "bench" / "culprit" / "series").glob("*.csv")):
        rows = c.read_rows(path)
        moments = [c.parse_time(row["timestamp"]) for row in rows]
        step = statistics.mode(b - a for a, b in zip(moments, moments[1:]))
        regular = sum(b - a == step for a, b in zip(moments, moments[1:])) > 0.999 * (len(rows) - 1)
        if regular and step in (timedelta(days=1), timedelta(hours=1)):
            found.append((path.stem, step, moments, [row["value"] for row in rows]))
    return found


def scatter(values, period):
    """Robust standard deviation of one bucket, from the seasonal differences of the logarithm."""
    logs = [math.log(v) if v else math.nan for v in values]
    differences = [d for a, b in zip(logs, logs[period:]) if not math.isnan(d := b - a)]
    middle = statistics.median(differences)
    return 1.4826 * statistics.median(abs(d - middle) for d in differences) / math.sqrt(2)


def stretch(case, at, series, chance, step):
    """A stretch of another series, a value for each of these moments, moved by whole weeks; none where it is not fit."""
    name, own, moments, texts = chance.choice(series)
    spare = len(texts) - len(at)
    if name == case.truth["series"] or own != step or spare < 0:
        return None
    start = chance.randrange(spare + 1)
    steps, off = divmod((at[0] - moments[start]) % WEEK, step)
    start += steps
    if off or start > spare:
        return None
    part = texts[start:start + len(at)]
    values = [0.0 if text in ("", "nan", "NaN") else float(text) for text in part]
    known = [v for text, v in zip(part, values) if text not in ("", "nan", "NaN")]
    if len(known) < 0.98 * len(at) or min(known) <= 0:
        return None
    sigma = scatter(values, 7 if step == timedelta(days=1) else 24)
    return (name, values, sigma) if 0.004 < sigma < 0.5 else None


def second_metric(case, folder, series, moves, finer=False):
    if finer and case.step == HOUR:
        return None
    chance = random.Random(f"second {case.folder.parent.name} {case.folder.name}")
    rows = c.read_rows(case.metrics)
    step = HOUR if finer else case.step
    at = [c.parse_time(row["timestamp"]) for row in rows]
    if finer:
        first = case.asked_day() - timedelta(days=DAYS_OF_HOURS // 2)
        at = [first + i * HOUR for i in range(24 * DAYS_OF_HOURS)]
    fit = next(filter(None, (stretch(case, at, series, chance, step) for _ in range(1000))), None)
    if fit is None:
        return None
    name, values, sigma = fit
    size = chance.choice(SIZES)
    effect = min(2.0, max(-0.7, math.expm1(chance.choice((-1, 1)) * size * sigma))) if moves else 0.0
    onset = (c.parse_time(case.truth["onset"]) - at[0]).total_seconds()
    edges = [(moment - at[0]).total_seconds() for moment in [*at, at[-1] + step]]
    there = c.share_moved(edges, onset, case.truth["ramp_s"])
    whole = all(v == round(v) for v in values)
    moved = [({**rows[0], "timestamp": moment.isoformat()}, v * (1 + effect * a)) for moment, v, a in zip(at, values, there) if v]
    more = [{**c.with_value(row, v, whole), "metric": "m2"} for row, v in moved]
    c.write_rows(folder / "metrics.csv", rows + more)
    (folder / "deploys.csv").write_bytes(case.deploys.read_bytes())
    return {**case.truth, "series_2": name, "sigma_2": sigma, "snr_2": size if moves else 0.0, "effect_2": effect}


def run(program, arguments):
    series, kept, lines = load_series(arguments.shared), [], []
    asked = [("m alone", ())]
    if program.knows("--with"):
        asked.append(("--with m2", ("--with", "m2")))
    else:
        print("\nThis program does not know --with yet: only m alone is asked about.")
    mixes = (("m2 moves as well", "moved", True, False), ("m2 does not move", "still", False, False),
             ("m2 by the hour moves", "moved-hours", True, True), ("m2 by the hour does not", "still-hours", False, True))
    for title, name, moves, finer in mixes:
        by_way = {way: [] for way, _ in asked}
        for seed in arguments.seeds:
            cases = c.made(arguments.shared, c.SHIFTS, seed, arguments.count)
            cases = c.derived(f"second-{name}-seed{seed}-n{arguments.count}", cases,
                              lambda case, into: second_metric(case, into, series, moves, finer))
            for way, more in asked:
                by_way[way] += program.ask_all([Question.of(case, more=more) for case in cases])
        for way, rows in by_way.items():
            kept += rows
            for grain in ("all", "day", "hour"):
                of = [r for r in rows if grain in ("all", r.granularity)]
                if finer and grain != "day":
                    continue
                ranked = (f.top(of, 1), f.top(of, 3), f.reciprocal(of))
                lines.append((title, way, grain, len(of), *ranked, f.mean(r.none for r in of), f.log_loss(of)))
    f.show("Two metrics", ("cases", "asked", "", "n", "top 1", "top 3", "MRR", "P(none)", "log loss"), lines)
    return kept
