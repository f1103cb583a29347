"""At which place the culprit stands."""

import cases as c
import figures as f
from runs import Question


def knowing_apps(case):
    """As a person asks who knows two apps that can move the metric."""
    culprit = case.truth["culprit_app"]
    others = [app for app in case.truth["apps"] if app != culprit]
    return Question.of(case, apps=(culprit, *others[:1]))


def line(name, rows):
    if not rows:
        return (name, 0, *["-"] * 9)
    best = f.top(rows, 1, "oracle")
    ratio = f.top(rows, 1) / best if best else float("nan")
    return (name, len(rows), f.mean(r.candidates for r in rows), f.top(rows, 1), f.top(rows, 3), f.reciprocal(rows),
            best, f.top(rows, 3, "oracle"), f.reciprocal(rows, "oracle"), ratio, f.top(rows, 1, "latest"))


HEADER = ("cases", "n", "candidates", "top 1", "top 3", "MRR",
          "bucket oracle top 1", "top 3", "MRR", "top 1 to oracle's", "newest top 1")
SLICES = (("all", lambda r: True),
          ("day", lambda r: r.granularity == "day"),
          ("hour", lambda r: r.granularity == "hour"),
          ("4 sd and more", lambda r: r.question.case.truth["snr"] >= 4),
          ("2.5 sd and less", lambda r: r.question.case.truth["snr"] < 4))


def run(program, arguments):
    kept = []
    for title, ask in (("Ranks", Question.of), ("Ranks, two apps given", knowing_apps)):
        by_seed = {}
        for seed in arguments.seeds:
            cases = c.made(arguments.shared, c.DEFAULT, seed, arguments.count)
            by_seed[seed] = program.ask_all([ask(case) for case in cases if case.truth["culprit"]])
        rows = [row for of in by_seed.values() for row in of]
        lines = [line(f"seed {seed}", of) for seed, of in by_seed.items()]
        lines += [line(name, list(filter(test, rows))) for name, test in SLICES]
        f.show(title, HEADER, lines)
        kept += rows
    return kept
