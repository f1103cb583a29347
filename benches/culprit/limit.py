"""How well could anybody do? Metrics are made anew by a known law, and judged by one who knows it, and by the program.

Of each case the undisturbed series is split into trend, rhythm and noise that remembers. New noise of that law makes a new
metric, which the deployment moves as it moved the old one. The posterior of one who knows trend, rhythm and noise, and the laws
by which sizes, lags, slow effects and dates were drawn, is the best there is in that world. Needs numpy."""

import math
import random
from functools import cached_property

import numpy as np

import cases as c
import figures as f
from ranks import SLICES, knowing_apps
from runs import Question, place
from two_metrics import SIZES

MIDDLE = (0.3, 0.8)  # of a case, in which the culprit lies
LAG = (math.log(20 * 60), 0.7)  # of the logarithm of a lag in seconds: mean and standard deviation
SLOW = 0.3  # share of effects that grow, over an hour to a day
GROWTHS = (1.0, *(3600 * (1 + 23 * (i + 0.5) / 8) for i in range(8)))  # seconds
GRID = 900.0  # seconds between moments at which an effect may begin
DAY = 86_400.0
KERNEL = {"day": 14, "hour": 5 * 24}  # buckets of the running mean that is the trend
MEMORY = {"day": (1, 2, 7), "hour": (1, 2, 24)}  # buckets before that noise hangs together with
NEAR = {"day": 28, "hour": 6}  # days on either side that are looked at
FREEDOM = (2, 2.5, 3, 4, 5, 7, 10, 20, 50)  # degrees that Student's t may have


class World:
    """A case whose metric is made anew, and all that is known of it."""

    def __init__(self, case, normal, chance):
        self.case, self.grain, self.normal = case, case.truth["granularity"], normal
        rows = c.read_rows(case.metrics)
        self.rows, self.step = rows, case.step.total_seconds()
        edges, self.seconds = c.seconds(case, rows)
        self.starts = np.array(edges[:-1])
        truth = case.truth
        moved = c.share_moved(edges, self.seconds(c.parse_time(truth["onset"])), truth["ramp_s"])
        self.effect = np.log1p(truth["effect"] * np.array(moved))
        logs = np.array([math.log(float(r["value"])) if r["value"] and float(r["value"]) > 0 else math.nan for r in rows])
        known = np.flatnonzero(np.isfinite(logs))
        self.split(np.interp(np.arange(len(rows)), known, logs[known]) - self.effect)
        self.logs = self.usual + self.noise(chance) + self.effect

    def split(self, x):
        """Trend, rhythm and noise of a series: a running mean, medians, and an autoregression with Huber's weights."""
        width, at = KERNEL[self.grain], np.arange(len(x))
        moments = [c.parse_time(row["timestamp"]) for row in self.rows]
        phase = np.array([m.weekday() if self.grain == "day" else m.hour + 24 * (m.weekday() > 4) for m in moments])
        kernel = np.exp(-0.5 * (np.subtract.outer(at, at) / width) ** 2)
        kernel /= kernel.sum(axis=1, keepdims=True)
        rhythm = np.zeros(len(x))
        for _ in range(10):
            trend = kernel @ (x - rhythm)
            for p in np.unique(phase):
                rhythm[phase == p] = np.median((x - trend)[phase == p])
        self.usual = trend + rhythm
        left, lags = x - self.usual, MEMORY[self.grain]
        first = max(lags)
        before, y = np.column_stack([left[first - lag:len(left) - lag] for lag in lags]), left[first:]
        weights = np.ones(len(y))
        for _ in range(20):
            root = np.sqrt(weights)
            self.memory = np.linalg.lstsq(before * root[:, None], y * root, rcond=None)[0]
            new = y - before @ self.memory
            scale = 1.4826 * np.median(np.abs(new)) + 1e-12
            weights = np.minimum(1, 2.5 * scale / np.maximum(np.abs(new), 1e-12))
        self.new = new - np.median(new)
        self.freedom, self.scale = (math.inf, scale) if self.normal else student(self.new)

    def noise(self, chance):
        """New noise of the same law: what is new of it drawn from a normal law, or from what the series had of it."""
        ahead = 200
        count = len(self.rows) + ahead
        new = chance.normal(0, self.scale, count) if self.normal else chance.choice(self.new, count)
        noise, lags = np.zeros(count), MEMORY[self.grain]
        for t in range(max(lags), count):
            noise[t] = new[t] + sum(m * noise[t - lag] for m, lag in zip(self.memory, lags))
        return noise[ahead:]

    def whitened(self, x):
        out = x.copy()
        for m, lag in zip(self.memory, MEMORY[self.grain]):
            out[..., lag:] -= m * x[..., :-lag]
        return out

    def loss(self, new):
        """Minus the logarithm of the density, but for a constant."""
        z = (new / self.scale) ** 2
        return 0.5 * z if math.isinf(self.freedom) else (self.freedom + 1) / 2 * np.log1p(z / self.freedom)

    @cached_property
    def onsets(self):
        """Moments at which it may have begun, on the asked day or the one before, and how likely each makes the metric."""
        asked = self.seconds(self.case.asked_day())
        onsets = np.arange(asked - DAY + GRID / 2, asked + DAY, GRID)
        reach = NEAR[self.grain] * DAY
        near = slice(max(0, int((asked - reach) / self.step)), max(0, int((asked + reach) / self.step)))
        data = self.whitened(self.logs - self.usual)[near]
        sigma, logs = self.case.truth["sigma"], []
        sizes = [min(2.0, max(-0.7, math.expm1(sign * size * sigma))) for sign in (-1, 1) for size in SIZES]
        for i, growth in enumerate(GROWTHS):
            prior = math.log(1 - SLOW if i == 0 else SLOW / (len(GROWTHS) - 1))
            since = self.starts - onsets[:, None]
            there = (grown(since + self.step, growth) - grown(since, growth)) / self.step
            for size in sizes:
                moved = self.whitened(np.log1p(size * there))[:, near]
                logs.append(prior - self.loss(data - moved).sum(axis=1))
        likelihood = np.logaddexp.reduce(logs, axis=0)
        return onsets, np.exp(likelihood - likelihood.max())

    def ranked(self, deploys, days):
        """The commits that may have done it, the likeliest first."""
        onsets, likelihood = self.onsets
        length, (start, end), shares = self.starts[-1] + self.step, self.case.window(days), {}
        for row in deploys:
            moment = c.parse_time(row["deployed_at"])
            at = self.seconds(moment)
            if start <= moment < end and MIDDLE[0] < at / length < MIDDLE[1]:
                mass = lag_before(onsets + GRID / 2 - at) - lag_before(onsets - GRID / 2 - at)
                shares[row["commit"]] = shares.get(row["commit"], 0.0) + float(likelihood @ mass)
        return sorted(shares, key=shares.get, reverse=True)


def student(x):
    """Degrees of freedom and scale of Student's t, by maximum likelihood on a grid."""

    def log_likelihood(freedom, scale):
        constant = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - 0.5 * math.log(freedom * math.pi)
        return len(x) * (constant - math.log(scale)) - (freedom + 1) / 2 * np.log1p((x / scale) ** 2 / freedom).sum()

    scales = np.median(np.abs(x)) * np.exp(np.linspace(-0.3, 1.2, 31))
    return max(((n, s) for n in FREEDOM for s in scales), key=lambda law: log_likelihood(*law))


def grown(t, growth):
    """The integral, until so long after the beginning, of what grows from 0 to 1 at an even pace."""
    t = np.maximum(t, 0)
    return np.where(t < growth, t * t / (2 * growth), growth / 2 + t - growth)


def lag_before(t):
    """The chance that a lag is shorter than this."""
    z = (np.log(np.maximum(t, 1e-9)) - LAG[0]) / LAG[1]
    return 0.5 * (1 + np.vectorize(math.erf)(z / math.sqrt(2)))


def world_of(case, normal):
    chance = random.Random(f"{normal} {case.folder.parent.name} {case.folder.name}")
    return World(case, normal, np.random.default_rng(chance.getrandbits(64)))


def written(world, folder):
    rows = [c.with_value(row, math.exp(x), False) for row, x in zip(world.rows, world.logs)]
    c.write_rows(folder / "metrics.csv", rows)
    (folder / "deploys.csv").write_bytes(world.case.deploys.read_bytes())
    return world.case.truth


def run(program, arguments):
    kept, lines = [], []
    asked = (("all apps", Question.of), ("two apps given", knowing_apps))
    for title, normal in (("normal", True), ("as it was", False)):
        pairs = {asking: [] for asking, _ in asked}
        for seed in arguments.seeds:
            made = c.made(arguments.shared, c.DEFAULT, seed, arguments.count)
            worlds = [world_of(case, normal) for case in made if case.truth["culprit"]]
            of_case = {world.case.folder.name: world for world in worlds}
            cases = c.derived(f"anew-{title.replace(' ', '-')}-seed{seed}-n{arguments.count}",
                              [world.case for world in worlds],
                              lambda case, into: written(of_case[case.folder.name], into))
            for asking, ask in asked:
                rows = program.ask_all([ask(case) for case in cases])
                for row, world in zip(rows, worlds):
                    deploys = [d for d in c.read_rows(world.case.deploys)
                               if not row.question.apps or d["app"] in row.question.apps]
                    best = place(row.question.culprit, world.ranked(deploys, program.days))
                    pairs[asking].append((row, best))
                kept += rows
        for asking, of_asking in pairs.items():
            for name, test in SLICES:
                of = [(row, best) for row, best in of_asking if test(row)]
                best, rows = [best for _, best in of], [row for row, _ in of]
                lines.append((title, asking, name, len(of), f.mean(r == 1 for r in best), f.mean(r <= 3 for r in best),
                              f.mean(1 / r for r in best), f.top(rows, 1), f.top(rows, 3), f.reciprocal(rows)))
    f.show("What can be known", ("noise", "asked", "cases", "n", "who knows all: top 1", "top 3", "MRR",
                                 "shiptrace: top 1", "top 3", "MRR"), lines)
    return kept
