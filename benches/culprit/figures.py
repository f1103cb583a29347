"""Figures and tables, in Markdown."""

import math
from dataclasses import dataclass

BANDS = (0.0, 0.05, 0.15, 0.3, 0.5, 0.7, 0.9, 1.0)
ENOUGH = 30  # a band with fewer is for information
SLACK = 0.05


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else math.nan


def top(rows, n, key="rank"):
    return mean(getattr(row, key) <= n for row in rows)


def reciprocal(rows, key="rank"):
    return mean(1 / getattr(row, key) for row in rows)


def log_loss(rows):
    return mean(row.loss for row in rows)


@dataclass(frozen=True)
class Band:
    low: float
    high: float
    count: int
    said: float
    true: float

    @property
    def tolerance(self):
        return SLACK + 2 * math.sqrt(self.said * (1 - self.said) / self.count)

    @property
    def misses(self):
        return self.count >= ENOUGH and abs(self.said - self.true) > self.tolerance


def stated(rows, what):
    """Pairs of a stated probability and whether it came true."""
    if what == "none":
        return [(row.none, row.question.culprit is None) for row in rows]
    return [(p, commit == row.question.culprit) for row in rows for commit, p in row.shares.items()]


def bands(pairs):
    found = []
    for low, high in zip(BANDS, BANDS[1:]):
        inside = [(p, came) for p, came in pairs if low <= p < high or p == high == 1]
        if inside:
            found.append(Band(low, high, len(inside), mean(p for p, _ in inside), mean(came for _, came in inside)))
    return found


def expected_error(found):
    """The mean distance of what was said from what was true, over the bands (Naeini et al. 2015)."""
    return sum(b.count * abs(b.said - b.true) for b in found) / max(1, sum(b.count for b in found))


def show(title, header, rows):
    print(f"\n### {title}\n")
    print("| " + " | ".join(header) + " |")
    print("|" + " --- |" * len(header))
    for row in rows:
        print("| " + " | ".join(f"{x:.3f}" if isinstance(x, float) else str(x) for x in row) + " |")


def show_calibration(title, rows):
    """A table of all bands, for deployments and for none of these."""
    lines, errors, missed = [], [], 0
    for what in ("deployment", "none"):
        found = bands(stated(rows, what))
        errors.append(f"{what} {expected_error(found):.3f}")
        for b in found:
            missed += b.misses
            miss = "MISS" if b.misses else ""
            lines.append((what, f"{b.low:.2f}-{b.high:.2f}", b.count, b.said, b.true, b.tolerance, miss))
    show(title, ("what", "band", "n", "said", "true", "tolerance", ""), lines)
    print(f"\nExpected calibration error: {', '.join(errors)}. Bands that miss: {missed}. Log loss {log_loss(rows):.3f}.")


def show_failures(rows):
    failed = [row for row in rows if row.failure]
    print(f"\n{len(rows)} answers, {len(failed)} failed.")
    for row in failed[:5]:
        print(f"- {row.question.case.folder.name}: {row.failure}")
    return len(failed)
