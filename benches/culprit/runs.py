"""Asks the program, as a user does, and reads its answers."""

import json
import math
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import cases as c

UNRANKED = 999
LEAST = 1e-4  # a lower probability is counted as this one in a log loss


@dataclass(frozen=True)
class Question:
    """One run: `kind` is shift, null or missing, and `culprit` the commit that did it, if it is in the deploy file."""

    case: c.Case
    kind: str
    culprit: str = None
    deploys: Path = None
    apps: tuple = ()
    more: tuple = ()
    config: Path = None

    @staticmethod
    def of(case, **more):
        return Question(case, case.truth["kind"], case.truth["culprit"], **{"deploys": case.deploys, **more})


@dataclass
class Row:
    """What came out."""

    question: Question
    none: float = 0.0
    parts: dict = field(default_factory=dict)
    shares: dict = field(default_factory=dict)  # of each commit, likeliest first
    failure: str = None
    rank: int = UNRANKED
    latest: int = UNRANKED
    oracle: int = UNRANKED
    candidates: int = 0

    @property
    def kind(self):
        return self.question.kind

    @property
    def granularity(self):
        return self.question.case.truth["granularity"]

    @property
    def truth_given(self):
        """The probability given to what really happened."""
        culprit = self.question.culprit
        return self.shares.get(culprit, 0.0) if culprit else self.none

    @property
    def loss(self):
        return -math.log(max(self.truth_given, LEAST))

    def for_json(self):
        case = self.question.case
        return {"cases": case.folder.parent.name, "case": case.folder.name, "truth": case.truth, "kind": self.kind,
                "culprit": self.question.culprit, "none": self.none, "parts": self.parts, "shares": self.shares,
                "rank": self.rank, "latest": self.latest, "oracle": self.oracle, "candidates": self.candidates,
                "failure": self.failure}


def place(what, among):
    return among.index(what) + 1 if what in among else UNRANKED


class Program:
    def __init__(self, binary, jobs, window_days):
        self.binary, self.jobs, self.days = binary.resolve(), jobs, window_days

    def knows(self, option):
        shown = subprocess.run([self.binary, "why", "--help"], capture_output=True, encoding="utf-8", check=True).stdout
        return any(line.split()[:1] == [option] for line in shown.splitlines())

    def ask_all(self, questions):
        with ThreadPoolExecutor(self.jobs) as pool:
            return list(pool.map(self.ask, questions))

    def ask(self, question):
        case = question.case
        command = [self.binary, "why", "m", "--on", case.truth["asked"], "--metrics", case.metrics,
                   "--deploys", question.deploys, "--window", f"{self.days}d", "--timezone", "UTC",
                   "--format", "json", *question.more]
        command += ["--config", question.config] if question.config else ["--no-config"]
        command += [word for app in question.apps for word in ("--app", app)]
        row = Row(question)
        try:
            run = subprocess.run(list(map(str, command)), capture_output=True, encoding="utf-8", timeout=60)
            if run.returncode:
                raise ValueError(f"exit code {run.returncode}: {run.stderr.strip()[-200:]}")
            row.none, row.parts, row.shares = read_answer(run.stdout)
        except (ValueError, KeyError, TypeError, subprocess.SubprocessError) as error:
            row.failure = repr(error)  # counted as the worst answer there is
        newest, told = c.candidates(case, question.deploys, self.days, question.apps)
        row.candidates = len(newest)
        if question.culprit:
            row.rank, row.latest = place(question.culprit, list(row.shares)), place(question.culprit, newest)
            row.oracle = place(question.culprit, told)
        return row


def read_answer(text):
    answer = json.loads(text)
    none, shares = answer["none_of_these"], {}
    for suspect in answer["suspects"]:
        commit = suspect["deploy"]["commit"]
        shares[commit] = shares.get(commit, 0.0) + suspect["probability"]
    stated = [none, *shares.values()]
    if not all(0 <= p <= 1 for p in stated) or abs(sum(stated) - 1) > 1e-6:
        raise ValueError(f"probabilities outside of 0 to 1, or adding up to {sum(stated)}")
    return none, answer["none"], shares
