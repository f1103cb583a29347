"""Whether stated probabilities come true, where the culprit is missing from the deploy file in three of ten changes."""

import cases as c
import figures as f
from runs import Question

MIXES = (c.DEFAULT, c.HARDER, c.EASIER)


def question(case, config=None):
    if case.truth["culprit"] and case.number % 10 in (0, 3, 6):
        return Question(case, "missing", None, c.without_culprit(case), config=config)
    return Question.of(case, config=config)


def run(program, arguments):
    kept = []
    for mix in MIXES:
        if arguments.only not in mix.name:
            continue
        by_seed = {}
        for seed in arguments.seeds:
            cases = c.made(arguments.shared, mix, seed, arguments.count)
            by_seed[seed] = program.ask_all([question(case) for case in cases])
        rows = [row for of in by_seed.values() for row in of]
        kept += rows
        f.show_calibration(f"Calibration, {mix.name} ({len(rows)} cases)", rows)
        print("Log loss by seed:", ", ".join(f"{seed} {f.log_loss(of):.3f}" for seed, of in by_seed.items()) + ".")
        show_none(mix, rows)
    return kept


def show_none(mix, rows):
    """What is said where nothing happened, and where what happened is missing."""
    lines = []
    for name in ("all", "day", "hour"):
        of = [r for r in rows if name in ("all", r.granularity)]
        plain, missing, null = ([r for r in of if r.kind == kind] for kind in ("shift", "missing", "null"))
        accused = f.mean(max(r.shares.values(), default=0.0) >= 0.5 for r in null)
        cells = [cell for of in (plain, missing, null) for cell in (len(of), f.mean(r.none for r in of))]
        lines.append((name, *cells, accused))
    header = ("", "plain", "P(none)", "missing", "P(none)", "null", "P(none)", "accused at .5")
    f.show(f"None of these, {mix.name}", header, lines)
