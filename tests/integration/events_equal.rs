//! The same random events as CSV and as Parquet, and conditions against a naive evaluation of them.

use std::cmp::Ordering;

use polars::prelude::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use shiptrace::model::Series as Metric;
use shiptrace::sources::definition::{Comparison, Condition, Definition, Literal, Value};
use shiptrace::sources::{Locator, MetricSource, read_metric};

use crate::world::World;

/// A row of events; every cell may be missing.
#[derive(Debug, Clone)]
struct Event {
    at: Option<i64>,
    kind: Option<&'static str>,
    n: Option<i64>,
    x: Option<f64>,
    flag: Option<bool>,
}

const KINDS: [&str; 6] = ["paid", "seen", "Paid", "a_b", "a%b", "æø"];
/// From a day before clocks change in Oslo to a day after.
const SPRING: i64 = 1_711_753_200;

fn event() -> impl Strategy<Value = Event> {
    let at = prop::option::weighted(0.95, (0..200_000_i64).prop_map(|s| SPRING + s));
    let kind = prop::option::weighted(0.85, prop::sample::select(&KINDS[..]));
    let n = prop::option::weighted(0.8, -3..8_i64);
    let x = prop::option::weighted(0.8, (-40..60_i32).prop_map(|q| f64::from(q) / 8.0));
    (at, kind, n, x, prop::option::weighted(0.8, any::<bool>())).prop_map(|(at, kind, n, x, flag)| Event {
        at,
        kind,
        n,
        x,
        flag,
    })
}

fn comparison() -> impl Strategy<Value = Comparison> {
    prop::sample::select(
        &[
            Comparison::Equal,
            Comparison::NotEqual,
            Comparison::Less,
            Comparison::LessOrEqual,
            Comparison::Greater,
            Comparison::GreaterOrEqual,
        ][..],
    )
}

fn text() -> impl Strategy<Value = Literal> {
    prop::sample::select(&KINDS[..]).prop_map(|kind| Literal::Text(kind.to_owned()))
}

fn number() -> impl Strategy<Value = Literal> {
    prop_oneof![(-3..8_i64).prop_map(Literal::Integer), (-40..60_i32).prop_map(|q| Literal::Float(f64::from(q) / 8.0))]
}

fn condition() -> impl Strategy<Value = Condition> {
    let column = |name: &'static str| Just(name.to_owned());
    let number_column = || prop::sample::select(&["n", "x"][..]).prop_map(str::to_owned);
    let leaf = prop_oneof![
        Just(Condition::Flag("flag".to_owned())),
        (comparison(), any::<bool>()).prop_map(|(operator, truth)| Condition::Compare {
            column: "flag".to_owned(),
            operator,
            literal: Literal::Boolean(truth)
        }),
        (column("kind"), comparison(), text()).prop_map(|(column, operator, literal)| Condition::Compare {
            column,
            operator,
            literal
        }),
        (number_column(), comparison(), number()).prop_map(|(column, operator, literal)| Condition::Compare {
            column,
            operator,
            literal
        }),
        (column("kind"), prop::collection::vec(text(), 1..4), any::<bool>())
            .prop_map(|(column, literals, negated)| Condition::In { column, literals, negated }),
        (number_column(), prop::collection::vec(number(), 1..4), any::<bool>())
            .prop_map(|(column, literals, negated)| Condition::In { column, literals, negated }),
        (number_column(), number(), number(), any::<bool>())
            .prop_map(|(column, low, high, negated)| Condition::Between { column, low, high, negated }),
        (prop::sample::select(&["kind", "n", "x", "flag"][..]), any::<bool>())
            .prop_map(|(column, negated)| Condition::IsNull { column: column.to_owned(), negated }),
        (prop::sample::select(&["p%", "%a%", "_aid", "a\\_b", "a\\%b", "__", "a.b", "", "%"][..]), any::<bool>())
            .prop_map(|(pattern, negated)| Condition::Like {
                column: "kind".to_owned(),
                pattern: pattern.to_owned(),
                negated
            }),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Condition::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Condition::Or),
            inner.prop_map(|part| Condition::Not(Box::new(part))),
        ]
    })
}

/// What SQL says of a row, evaluated as slowly and plainly as can be.
fn naive(condition: &Condition, event: &Event) -> Option<bool> {
    let not_if = |negated: bool, truth: Option<bool>| truth.map(|t| t != negated);
    match condition {
        Condition::Flag(_) => event.flag,
        Condition::Compare { column, operator, literal } => order(column, literal, event).map(|o| match operator {
            Comparison::Equal => o == Ordering::Equal,
            Comparison::NotEqual => o != Ordering::Equal,
            Comparison::Less => o == Ordering::Less,
            Comparison::LessOrEqual => o != Ordering::Greater,
            Comparison::Greater => o == Ordering::Greater,
            Comparison::GreaterOrEqual => o != Ordering::Less,
        }),
        Condition::In { column, literals, negated } => {
            let equal: Vec<_> = literals.iter().map(|l| order(column, l, event).map(Ordering::is_eq)).collect();
            let truth = if equal.contains(&Some(true)) { Some(true) } else { equal[0].map(|_| false) };
            not_if(*negated, truth)
        }
        Condition::Between { column, low, high, negated } => {
            let (low, high) = (order(column, low, event), order(column, high, event));
            not_if(*negated, low.zip(high).map(|(l, h)| l.is_ge() && h.is_le()))
        }
        Condition::IsNull { column, negated } => {
            let null = match column.as_str() {
                "kind" => event.kind.is_none(),
                "n" => event.n.is_none(),
                "x" => event.x.is_none(),
                _ => event.flag.is_none(),
            };
            Some(null != *negated)
        }
        Condition::Like { pattern, negated, .. } => {
            let pattern: Vec<char> = pattern.chars().collect();
            not_if(*negated, event.kind.map(|kind| like(&kind.chars().collect::<Vec<_>>(), &pattern)))
        }
        Condition::And(parts) => {
            let all: Vec<_> = parts.iter().map(|part| naive(part, event)).collect();
            if all.contains(&Some(false)) { Some(false) } else { (!all.contains(&None)).then_some(true) }
        }
        Condition::Or(parts) => {
            let all: Vec<_> = parts.iter().map(|part| naive(part, event)).collect();
            if all.contains(&Some(true)) { Some(true) } else { (!all.contains(&None)).then_some(false) }
        }
        Condition::Not(part) => naive(part, event).map(|truth| !truth),
    }
}

fn order(column: &str, literal: &Literal, event: &Event) -> Option<Ordering> {
    let value = match column {
        "n" => event.n.map(|n| n as f64),
        _ => event.x,
    };
    match literal {
        Literal::Text(text) => event.kind.map(|kind| kind.cmp(text)),
        Literal::Integer(n) => value.and_then(|v| v.partial_cmp(&(*n as f64))),
        Literal::Float(n) => value.and_then(|v| v.partial_cmp(n)),
        Literal::Boolean(truth) => event.flag.map(|flag| flag.cmp(truth)),
        other => panic!("{other:?}"),
    }
}

fn like(text: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|i| like(&text[i..], rest)),
        ['_', rest @ ..] => !text.is_empty() && like(&text[1..], rest),
        ['\\', c, rest @ ..] | [c, rest @ ..] => text.first() == Some(c) && like(&text[1..], rest),
    }
}

fn csv(events: &[Event]) -> String {
    let cell = |text: Option<String>| text.unwrap_or_default();
    let row = |(i, e): (usize, &Event)| {
        let at = e.at.map(|at| {
            let at = chrono::DateTime::from_timestamp(at, 0).unwrap();
            // Written in three zones, one after the other.
            match i % 3 {
                0 => at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
                1 => (at + chrono::TimeDelta::hours(2)).format("%Y-%m-%d %H:%M:%S+02:00").to_string(),
                _ => (at - chrono::TimeDelta::hours(4)).format("%Y-%m-%dT%H:%M:%S.5-04:00").to_string(),
            }
        });
        let kind = e.kind.map(str::to_owned);
        format!(
            "{},{},{},{},{}\n",
            cell(at),
            cell(kind),
            cell(e.n.map(|n| n.to_string())),
            cell(e.x.map(|x| x.to_string())),
            cell(e.flag.map(|f| f.to_string()))
        )
    };
    format!("at,kind,n,x,flag\n{}", events.iter().enumerate().map(row).collect::<String>())
}

fn parquet(events: &[Event], path: &std::path::Path) {
    let at: Int64Chunked = events.iter().map(|e| e.at.map(|at| at * 1_000_000)).collect();
    let at = at.with_name("at".into()).into_datetime(TimeUnit::Microseconds, Some(TimeZone::UTC));
    let columns = vec![
        at.into_column(),
        Column::new("kind".into(), events.iter().map(|e| e.kind).collect::<Vec<_>>()),
        Column::new("n".into(), events.iter().map(|e| e.n).collect::<Vec<_>>()),
        Column::new("x".into(), events.iter().map(|e| e.x).collect::<Vec<_>>()),
        Column::new("flag".into(), events.iter().map(|e| e.flag).collect::<Vec<_>>()),
    ];
    let mut frame = DataFrame::new(events.len(), columns).unwrap();
    ParquetWriter::new(std::fs::File::create(path).unwrap()).finish(&mut frame).unwrap();
}

fn read(world: &World, file: &str, definition: &Definition, every: shiptrace::model::Step) -> Option<Metric> {
    let source = MetricSource {
        locator: Locator::Path(world.path(file)),
        columns: std::collections::BTreeMap::new(),
        name: Some("m".to_owned()),
        ratio: None,
        every: Some(every),
        definition: Some(definition.clone()),
    };
    read_metric(&[source], "m", chrono_tz::Tz::Europe__Oslo).ok().map(|loaded| loaded.value)
}

fn definition(condition: Option<Condition>, value: Value) -> Definition {
    Definition { time: "at".to_owned(), condition, value, by: Vec::new() }
}

fn equal(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits() || (a - b).abs() <= 1e-12 * a.abs())
}

#[test]
fn a_condition_means_what_sql_says_on_csv_and_on_parquet() {
    let world = World::empty();
    let mut runner = TestRunner::new(Config { cases: 20, failure_persistence: None, ..Config::default() });
    let events = prop::collection::vec(event(), 2..60);
    let run = runner.run(&(events, prop::collection::vec(condition(), 4)), |(events, conditions)| {
        let world = &world;
        std::fs::write(world.path("e.csv"), csv(&events)).unwrap();
        parquet(&events, &world.path("e.parquet"));
        for condition in conditions {
            let counted = |e: &&Event| e.at.is_some() && naive(&condition, e) == Some(true);
            let expected = events.iter().filter(counted).count();
            let definition = definition(Some(condition.clone()), Value::Count);
            for file in ["e.csv", "e.parquet"] {
                let Some(series) = read(world, file, &definition, shiptrace::model::Step::Months(12)) else {
                    prop_assert!(events.iter().all(|e| e.at.is_none()), "{file}");
                    continue;
                };
                let found = series.values().iter().sum::<f64>();
                prop_assert!(
                    (found - expected as f64).abs() < 0.5,
                    "{}: {} for {} {:?}",
                    file,
                    found,
                    expected,
                    condition
                );
            }
        }
        Ok(())
    });
    run.unwrap();
}

#[test]
fn the_same_events_as_csv_and_as_parquet_make_the_same_series() {
    let world = World::empty();
    let mut runner = TestRunner::new(Config { cases: 6, failure_persistence: None, ..Config::default() });
    let steps = [shiptrace::model::Step::Day, shiptrace::model::Step::Hours(1), shiptrace::model::Step::Hours(6)];
    let run =
        runner.run(&(prop::collection::vec(event(), 2..200), prop::option::of(condition())), |(events, condition)| {
            std::fs::write(world.path("e.csv"), csv(&events)).unwrap();
            parquet(&events, &world.path("e.parquet"));
            let values = [
                Value::Count,
                Value::Sum("x".to_owned()),
                Value::Mean("n".to_owned()),
                Value::Distinct("kind".to_owned()),
                Value::Ratio(Condition::Flag("flag".to_owned())),
            ];
            for value in values {
                for step in steps {
                    let definition = definition(condition.clone(), value.clone());
                    let [csv, parquet] = ["e.csv", "e.parquet"].map(|file| read(&world, file, &definition, step));
                    let (Some(csv), Some(parquet)) = (csv, parquet) else { continue };
                    prop_assert_eq!(csv.edges(), parquet.edges());
                    prop_assert!(equal(csv.values(), parquet.values()), "{:?} {:?}\n{:?}", definition, csv, parquet);
                    let weights = |series: &Metric| series.denominators().map(<[f64]>::to_vec);
                    prop_assert_eq!(weights(&csv), weights(&parquet));
                }
            }
            Ok(())
        });
    run.unwrap();
}
