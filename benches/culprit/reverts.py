"""Whether a revert is understood: the culprit is reverted two to six days later, and the metric moves back."""

import random
from datetime import timedelta

import cases as c
import figures as f
from runs import Question

DAYS = range(2, 7)
HOURS = range(9, 18)
SEEN = timedelta(days=1)  # so much of the metric is there after the revert, at least
FEWER = "deploys-without-revert.csv"


def moment_of(revert_of, end, chance):
    """A working hour two to six days later; none where the metric ends before that."""
    day = revert_of.replace(hour=0, minute=0, second=0, microsecond=0)
    hours = [day + timedelta(days=d, hours=h) for d in DAYS for h in HOURS]
    fit = [h for h in hours if h.weekday() < 5 and h + timedelta(hours=1) + SEEN < end]
    return chance.choice(fit) + timedelta(seconds=chance.randrange(3600)) if fit else None


def add_revert(case, folder, target, chance):
    """Writes the deploy files with and without the revert of `target`; its moment, and whether it names the commit."""
    rows, deploys = c.read_rows(case.metrics), c.read_rows(case.deploys)
    end = c.parse_time(rows[-1]["timestamp"]) + case.step
    moment = moment_of(c.parse_time(target["deployed_at"]).astimezone(c.UTC), end, chance)
    if moment is None:
        return None, False
    named = chance.random() < 0.5
    subject = f'Revert "{target["message"].splitlines()[0]}"'
    message = f"{subject}\n\nThis reverts commit {target['commit']}." if named else subject
    commit = f"{chance.getrandbits(160):040x}"
    revert = {**target, "deployed_at": moment.isoformat(), "commit": commit, "message": message}
    c.write_rows(folder / FEWER, deploys)
    c.write_rows(folder / "deploys.csv", sorted([*deploys, revert], key=lambda d: c.parse_time(d["deployed_at"])))
    return moment, named


def culprit_reverted(case, folder):
    chance = random.Random(f"reverted {case.folder}".replace(str(c.DATA), ""))
    target = next(d for d in c.read_rows(case.deploys) if d["commit"] == case.truth["culprit"])
    moment, named = add_revert(case, folder, target, chance)
    if moment is None:
        return None
    rows = c.read_rows(case.metrics)
    edges, second = c.seconds(case, rows)
    back = second(moment) + c.draw_lag(chance, c.SHIFTS.value("--lag-minutes", 20))
    onset, ramp, effect = second(c.parse_time(case.truth["onset"])), case.truth["ramp_s"], case.truth["effect"]
    there, gone = c.share_moved(edges, onset, ramp), c.share_moved(edges, back, ramp)
    whole = c.is_count(rows)
    moved = []
    for row, a, b in zip(rows, there, gone):
        factor = (1 + effect * max(0.0, a - b)) / (1 + effect * a)
        moved.append(c.with_value(row, float(row["value"]) * factor, whole) if row["value"] and b else row)
    c.write_rows(folder / "metrics.csv", moved)
    return {**case.truth, "reverted": moment.isoformat(), "revert_names_commit": named}


def another_reverted(case, folder):
    """An innocent candidate is reverted and the metric stays where it is."""
    chance = random.Random(f"another {case.folder}".replace(str(c.DATA), ""))
    start, end = case.window(3)
    innocent = [d for d in c.read_rows(case.deploys)
                if d["commit"] != case.truth["culprit"] and start <= c.parse_time(d["deployed_at"]) < end]
    if not innocent:
        return None
    moment, named = add_revert(case, folder, chance.choice(innocent), chance)
    if moment is None:
        return None
    (folder / "metrics.csv").write_bytes(case.metrics.read_bytes())
    return {**case.truth, "another_reverted": moment.isoformat(), "revert_names_commit": named}


def run(program, arguments):
    count = arguments.count // 2
    kept, lines = [], []

    def add(name, rows):
        given = f.mean(r.truth_given for r in rows)
        lines.append((name, len(rows), f.top(rows, 1), f.top(rows, 3), f.reciprocal(rows), given))

    for title, change in (("culprit reverted, metric moves back", culprit_reverted),
                          ("another reverted, metric stays", another_reverted)):
        by_seed = {}
        for seed in arguments.seeds:
            cases = c.made(arguments.shared, c.SHIFTS, seed, count)
            cases = c.derived(f"{change.__name__}-seed{seed}-n{count}", cases, change)
            by_seed[seed] = program.ask_all([Question.of(case) for case in cases])
            add(f"{title}, seed {seed}", by_seed[seed])
        rows = [row for of in by_seed.values() for row in of]
        add(f"{title}, mean", rows)
        for named in (True, False):
            add(f"- whose message {'names' if named else 'does not name'} the commit",
                [r for r in rows if r.question.case.truth["revert_names_commit"] == named])
        asked = [row.question.case for row in rows]
        untold = program.ask_all([Question.of(case, deploys=case.folder / FEWER) for case in asked])
        add("- the same where the revert is not in the deploy file", untold)
        kept += rows + untold
    f.show("Reverts", ("cases", "n", "top 1", "top 3", "MRR", "P(culprit)"), lines)
    return kept
