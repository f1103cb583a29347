"""Whether probabilities come true where the priors are learned from earlier questions: how they ended, how late they were asked, and the lag."""

from collections import Counter

import calibration
import cases as c
import figures as f

PAST_SEED = 31
PAST = (40, 200)  # earlier questions whose end is known
ENDS = {"shift": "deployment", "missing": "something_else", "null": "nothing"}


def configured(shared, mix, count):
    """A configuration that tells how so many other questions of the same mix ended, how late their dates were, and the mean lag."""
    past = c.made(shared, mix, PAST_SEED, max(PAST))[:count]
    ended = Counter(ENDS[calibration.question(case).kind] for case in past)
    late = Counter((case.asked_day() - began).days for case in past if (began := first_day(case)))
    path = c.DATA / f"past{count}{''.join(mix.options).replace('--', '_') or '_default'}.toml"
    ends = ", ".join(f"{end} = {ended[end]}" for end in ENDS.values())
    days = ", ".join(f"{days} = {n}" for days, n in sorted(late.items()))
    lag = f.mean(seconds for case in past if (seconds := lag_of(case)))
    path.write_text(f'[priors]\npast_questions = {{ {ends} }}\ndays_late = {{ {days} }}\nlag = "{lag:.0f}s"\n')
    return path


def lag_of(case):
    """Seconds from the deployment that moved the metric to its effect; none where that is in no deploy file."""
    if calibration.question(case).kind != "shift":
        return None
    culprit = next(row for row in c.read_rows(case.deploys) if row["commit"] == case.truth["culprit"])
    return (c.parse_time(case.truth["onset"]) - c.parse_time(culprit["deployed_at"])).total_seconds()


def first_day(case):
    """The day on which something began to move the metric; none where nothing did."""
    onset = case.truth.get("onset")
    return onset and c.parse_time(onset).replace(hour=0, minute=0, second=0, microsecond=0)


def run(program, arguments):
    kept, lines = [], []
    for mix in calibration.MIXES:
        if arguments.only not in mix.name:
            continue
        cases = [case for seed in arguments.seeds for case in c.made(arguments.shared, mix, seed, arguments.count)]
        for count in PAST:
            config = configured(arguments.shared, mix, count)
            rows = program.ask_all([calibration.question(case, config) for case in cases])
            kept += rows
            errors = [f.expected_error(f.bands(f.stated(rows, what))) for what in ("deployment", "none")]
            none = [f.mean(r.none for r in rows if r.kind == kind) for kind in ("null", "missing", "shift")]
            lines.append((mix.name, len(rows), count, *errors, f.log_loss(rows), *none))
    header = ("cases", "n", "past questions", "deployment, error", "none, error", "log loss", "P(none) null", "missing", "plain")
    f.show("Priors that were learned", header, lines)
    return kept
