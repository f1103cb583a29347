//! Answers built by hand, so that no test here depends on the statistics.

use chrono::DateTime;
use chrono_tz::Tz;

use crate::model::{
    Answer, BaseRate, Better, Caveat, Change, ChangeKind, Curve, Deploy, DeployList, Direction, Evidence, Excluded,
    Given, Interval, MetricChange, MetricList, MetricSummary, Moment, MomentInterval, NextStep, NoneParts, PValueScope,
    Picture, Placebo, PriorPart, Question, Reckoned, Reckoning, Scan, ScanQuestion, Series, SeriesSummary, Step,
    Suspect, Verdict, WhyAnswer, WithMetric, moment_at,
};
use crate::report::Style;

pub(super) const ZONE: Tz = Tz::Europe__Oslo;

/// A moment in Oslo, from a time in UTC such as `2023-11-23T06:40:00`.
pub(super) fn at(utc: &str) -> Moment {
    DateTime::parse_from_rfc3339(&format!("{utc}Z")).unwrap().with_timezone(&ZONE)
}

/// Plain output that goes to no terminal.
pub(super) fn style() -> Style {
    Style {
        width: None,
        color: false,
        ascii: false,
        top: 10,
        columns: Vec::new(),
        raw: false,
        explain: false,
        chart: false,
        picture: None,
        commit_url: Some("https://git.example.com/{repo}/commit/{commit}".to_owned()),
    }
}

pub(super) fn deploy(id: &str, utc: &str, app: &str, author: &str, message: &str) -> Deploy {
    Deploy {
        id: Some(id.to_owned()),
        app: Some(app.to_owned()),
        environment: Some("production".to_owned()),
        repo: Some(format!("acme/{app}")),
        commit: Some(format!("{:x}9c1e77aa04", 0x4f2a_0000_u64 + id.bytes().map(u64::from).sum::<u64>())),
        branch: Some("main".to_owned()),
        message: Some(message.to_owned()),
        author: Some(author.to_owned()),
        status: Some("success".to_owned()),
        extra: [("team".to_owned(), format!("team-{app}"))].into(),
        ..Deploy::at(at(utc))
    }
}

pub(super) fn change() -> Change {
    Change {
        at: at("2023-11-22T23:00:00"),
        granularity: Step::Day,
        onset: at("2023-11-23T12:20:00"),
        interval: MomentInterval { from: at("2023-11-23T07:10:00"), to: at("2023-11-23T17:30:00"), level: 0.9 },
        kind: ChangeKind::Level,
        until: None,
        young: false,
        direction: Direction::Down,
        verdict: Verdict::Worse,
        before: Some(1234.5),
        after: Some(900.1),
        difference: Some(-334.4),
        relative: Some(-0.270_879),
        relative_interval: Some(Interval { from: -0.33, to: -0.21, level: 0.95 }),
        p_value: 1e-9,
        p_value_scope: PValueScope::Near,
    }
}

pub(super) fn earlier_change() -> Change {
    Change {
        at: at("2023-09-11T22:00:00"),
        onset: at("2023-09-12T08:00:00"),
        interval: MomentInterval { from: at("2023-09-11T22:00:00"), to: at("2023-09-13T04:00:00"), level: 0.9 },
        direction: Direction::Up,
        verdict: Verdict::Better,
        before: Some(1100.0),
        after: Some(1234.5),
        difference: Some(134.5),
        relative: Some(0.122),
        relative_interval: Some(Interval { from: 0.08, to: 0.16, level: 0.95 }),
        p_value: 0.0021,
        ..change()
    }
}

fn suspect(rank: usize, probability: f64, lag_seconds: i64, deploy: Deploy) -> Suspect {
    Suspect {
        rank,
        probability,
        lag_seconds: Some(lag_seconds),
        group: None,
        prior: 0.075,
        prior_parts: vec![PriorPart { name: "average_deployment", factor: 0.075 }],
        log_likelihood_ratio: Some((probability / 0.075_f64).ln() + 20.0),
        fit: Some(probability),
        rank_without_priors: rank,
        reasons: Vec::new(),
        deploy,
    }
}

pub(super) fn suspects() -> Vec<Suspect> {
    let first = deploy(
        "d1",
        "2023-11-23T08:40:00",
        "domains",
        "Ingrid Solberg",
        "Serve landing pages from the new domains\n\nThe old ones stay for a month.\nSee the runbook, \"Domains\".",
    );
    let second =
        deploy("d2", "2023-11-22T14:05:00", "phishing-web", "José Núñez", "登録フォームの検証を修正 | fix the form");
    let again = Deploy { deployed_at: at("2023-11-23T13:00:00"), ..first.clone() };
    let fourth = deploy("d4", "2023-11-21T06:15:00", "notifier", "dependabot[bot]", "Bump axum from 1.13.2 to 1.14.0");
    let mut all = vec![
        suspect(1, 0.81, 13_200, first),
        suspect(2, 0.04, 80_100, second),
        suspect(3, 0.03, -2400, again),
        suspect(4, 0.004, 194_700, fourth),
    ];
    for i in [0, 2] {
        all[i].group = Some("domains 4f2a".to_owned());
    }
    all[0].reasons = vec![
        "went out 4 h before the likeliest start, within its 90 % interval".to_owned(),
        "explains the partial drop of Thu 2023-11-23: 60 % of the full one, with 62 % of it left".to_owned(),
    ];
    all
}

/// A supported change with four suspects.
pub(super) fn why() -> WhyAnswer {
    let failed = Deploy {
        status: Some("failed".to_owned()),
        ..deploy("d9", "2023-11-23T07:00:00", "domains", "Zoya", "Try it")
    };
    WhyAnswer {
        schema: "shiptrace/answer/1",
        question: Question {
            metric: "confirmed_interactions".to_owned(),
            on: "2023-11-24".to_owned(),
            apps: Vec::new(),
            window_seconds: 259_200,
            timezone: ZONE.name().to_owned(),
        },
        series: SeriesSummary {
            from: at("2023-07-31T22:00:00"),
            to: at("2023-12-28T23:00:00"),
            granularity: Step::Day,
            buckets: 150,
            missing: 2,
            seasonality: vec!["week"],
            better: Some(Better::Up),
            unit: None,
        },
        as_of: at("2024-01-01T09:00:00"),
        change: Some(change()),
        evidence: Some(Evidence { at: change().at, direction: Direction::Down, p_value: 1e-9 }),
        suspects: suspects(),
        none_of_these: 0.116,
        none: NoneParts { something_else: 0.11, nothing_happened: 0.006 },
        reckoning: reckoning(),
        with: vec![
            WithMetric {
                metric: "signups".to_owned(),
                change: Some(Change { relative: Some(-0.08), ..change() }),
                together: true,
                evidence: Some(Evidence { at: change().at, direction: Direction::Down, p_value: 1e-6 }),
                weight: 0.4,
            },
            WithMetric {
                metric: "page_views".to_owned(),
                change: None,
                together: false,
                evidence: Some(Evidence { at: change().at, direction: Direction::Up, p_value: 0.44 }),
                weight: 0.9,
            },
            WithMetric {
                metric: "report_clicks".to_owned(),
                change: Some(earlier_change()),
                together: false,
                evidence: Some(Evidence { at: change().at, direction: Direction::Up, p_value: 0.002 }),
                weight: 0.9,
            },
        ],
        base_rate: Some(BaseRate {
            dates: 147,
            deployments_median: 4.0,
            share_of_dates_with_any: 0.98,
            placebo: Some(Placebo { tried: 146, as_good: 54 }),
        }),
        excluded: vec![
            Excluded { deploy: failed.clone(), reason: "failed" },
            Excluded { deploy: failed.clone(), reason: "environment" },
            Excluded { deploy: failed, reason: "environment" },
        ],
        other_changes: vec![earlier_change()],
        caveats: vec![Caveat::new("gaps", "2 of 150 days have no value; they count as missing.")],
        next: vec![
            NextStep {
                purpose: "look further back".to_owned(),
                command: "shiptrace why confirmed_interactions --on 2023-11-24 --window 7d".to_owned(),
            },
            NextStep {
                purpose: "a document to share".to_owned(),
                command: "shiptrace why confirmed_interactions --on 2023-11-24 -o answer.md".to_owned(),
            },
        ],
        command: "shiptrace why confirmed_interactions --on 2023-11-24 --as-of 2024-01-01T10:00:00+01:00".to_owned(),
        picture: picture(&["confirmed_interactions", "signups", "page_views"]),
    }
}

/// 150 days of each of these metrics, from local midnight to local midnight, two of them missing; it falls where [`change`] says.
fn curve(metric: &str) -> Curve {
    let first = chrono::NaiveDate::from_ymd_opt(2023, 8, 1).unwrap();
    let midnight = |i: i64| moment_at(ZONE, (first + chrono::TimeDelta::days(i)).and_hms_opt(0, 0, 0).unwrap());
    let edges: Vec<i64> = (0..=150).map(|i| midnight(i).timestamp()).collect();
    let week = [60.0, 40.0, 20.0, 30.0, 0.0, -80.0, -70.0];
    let value = |i: usize| match i {
        50 | 51 => f64::NAN,
        _ if i < 42 => 1100.0 + week[(i + 1) % 7],
        _ if i < 114 => 1234.5 + week[(i + 1) % 7],
        114 => 1034.0,
        _ => 900.1 + week[(i + 1) % 7],
    };
    let series = Series::new(metric, ZONE, Step::Day, edges, (0..150).map(value).collect()).unwrap();
    Curve { series, unit: None }
}

fn picture(metrics: &[&str]) -> Picture {
    let more = |id, utc, app| deploy(id, utc, app, "Priya Raman", "Tidy up");
    let mut deploys: Vec<Deploy> = suspects().into_iter().map(|s| s.deploy).collect();
    deploys.extend([
        more("d5", "2023-09-12T08:00:00", "domains"),
        more("d6", "2023-10-20T10:00:00", "admin"),
        more("d7", "2023-11-28T10:00:00", "notifier"),
    ]);
    deploys.sort_by_key(|d| d.deployed_at);
    Picture { curves: metrics.iter().map(|metric| curve(metric)).collect(), deploys }
}

fn reckoning() -> Reckoning {
    let given = |name, value, source: &str| Given { name, value, source: source.to_owned() };
    Reckoning {
        something_else: Reckoned { prior: 0.2, log_likelihood_ratio: Some(18.4) },
        nothing_happened: Reckoned { prior: 0.5, log_likelihood_ratio: Some(0.0) },
        uncovered: 0.25,
        priors: vec![
            given("nothing_happened", 0.5, "default"),
            given("not_a_deployment", 0.3, "shiptrace.toml"),
            given("spike_not_a_deployment", 0.8, "default"),
        ],
        days_late: [(0, 14), (1, 12)].into(),
        lags: [("mobile-app".to_owned(), 172_800.0)].into(),
        lag: None,
    }
}

/// No change is supported near the date, one is elsewhere.
pub(super) fn unsupported() -> WhyAnswer {
    let mut answer = why();
    answer.change = None;
    answer.evidence = Some(Evidence { at: at("2023-11-24T23:00:00"), direction: Direction::Down, p_value: 0.31 });
    answer.none_of_these = 0.97;
    answer.none = NoneParts { something_else: 0.07, nothing_happened: 0.9 };
    answer.suspects.truncate(2);
    for (suspect, probability) in answer.suspects.iter_mut().zip([0.02, 0.01]) {
        suspect.probability = probability;
        suspect.lag_seconds = None;
        suspect.reasons.clear();
    }
    answer.excluded.clear();
    answer
}

/// A supported change, and nothing is known of deployments.
pub(super) fn without_deployments() -> WhyAnswer {
    WhyAnswer {
        suspects: Vec::new(),
        excluded: Vec::new(),
        other_changes: Vec::new(),
        none_of_these: 1.0,
        none: NoneParts { something_else: 1.0, nothing_happened: 0.0 },
        ..why()
    }
}

/// A change without suspects, and two that are one event.
pub(super) fn scan() -> Scan {
    let spike = Change {
        kind: ChangeKind::Spike,
        until: Some(at("2023-09-13T22:00:00")),
        verdict: Verdict::Unknown,
        relative: None,
        ..earlier_change()
    };
    let vague = Change {
        at: at("2023-11-23T23:00:00"),
        granularity: Step::Hours(1),
        verdict: Verdict::Unknown,
        before: Some(18.2),
        after: Some(15.1),
        difference: Some(-3.1),
        relative: Some(-0.1703),
        relative_interval: Some(Interval { from: -0.26, to: -0.08, level: 0.95 }),
        p_value: 0.0024,
        ..change()
    };
    let one = |metric: &str, event, change, q_value, suspects: Vec<Suspect>| {
        let none_of_these = if suspects.is_empty() { 1.0 } else { 0.116 };
        let none = NoneParts { something_else: none_of_these, nothing_happened: 0.0 };
        MetricChange { metric: metric.to_owned(), event, change, q_value, suspects, none_of_these, none }
    };
    Scan {
        schema: "shiptrace/scan/1",
        question: ScanQuestion {
            metrics: ["confirmed_interactions", "page_views", "report_clicks", "signups"].map(str::to_owned).into(),
            apps: Vec::new(),
            window_seconds: 259_200,
            timezone: ZONE.name().to_owned(),
            fdr: 0.05,
            fdr_method: "bh",
            since: None,
            until: None,
            min_effect: None,
        },
        as_of: at("2024-01-01T09:00:00"),
        changes: vec![
            one("page_views", 1, spike, 0.0031, Vec::new()),
            one("confirmed_interactions", 2, change(), 2e-9, suspects().into_iter().take(2).collect()),
            one("report_clicks", 2, vague, 0.012, suspects().into_iter().take(1).collect()),
        ],
        caveats: vec![Caveat::new("skipped_metric", "signups was skipped: it has 5 days, and 8 are needed.")],
        command: "shiptrace scan --as-of 2024-01-01T10:00:00+01:00".to_owned(),
        picture: picture(&["confirmed_interactions", "page_views", "report_clicks"]),
    }
}

pub(super) fn deploys() -> DeployList {
    DeployList {
        schema: "shiptrace/deploys/1",
        timezone: ZONE.name().to_owned(),
        deploys: suspects().into_iter().map(|s| s.deploy).collect(),
        caveats: Vec::new(),
    }
}

pub(super) fn metrics() -> MetricList {
    let metric = |name: &str, last, unit: Option<&str>| MetricSummary {
        metric: name.to_owned(),
        from: at("2023-07-31T22:00:00"),
        to: at("2023-12-28T23:00:00"),
        granularity: Step::Day,
        buckets: 150,
        missing: 2,
        last,
        ratio: name == "conversion",
        apps: vec!["domains".to_owned(), "phishing-web".to_owned()],
        better: Some(Better::Up),
        unit: unit.map(str::to_owned),
    };
    MetricList {
        schema: "shiptrace/metrics/1",
        timezone: ZONE.name().to_owned(),
        metrics: vec![
            metric("confirmed_interactions", Some(911.0), None),
            metric("conversion", Some(0.034_217), None),
            metric("revenue", None, Some("EUR")),
        ],
        caveats: Vec::new(),
        picture: picture(&["confirmed_interactions"]),
    }
}

/// Every kind of answer, by a name for its snapshots.
pub(super) fn all() -> Vec<(&'static str, Answer)> {
    vec![
        ("why", Answer::Why(Box::new(why()))),
        ("unsupported", Answer::Why(Box::new(unsupported()))),
        ("without_deployments", Answer::Why(Box::new(without_deployments()))),
        ("scan", Answer::Scan(Box::new(scan()))),
        ("deploys", Answer::Deploys(deploys())),
        ("metrics", Answer::Metrics(metrics())),
    ]
}
