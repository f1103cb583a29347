//! The statements that are made, as they were read, and whatever names and values come.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use serde_json::Value as Json;
use sqlparser::dialect::BigQueryDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::rows::{Asked, Wanted};
use super::*;
use crate::bigquery::{BigQueryError, Column, Page, Partition, Priced, Query, RowError, Table, TableName, Warehouse};
use crate::model::{Span, Step};
use crate::sources::SourceError;
use crate::sources::definition::{Comparison, Condition, Definition, Literal, Value};

/// Knows one table and notes what it is asked.
#[derive(Debug)]
struct Fake {
    table: Table,
    asked: Mutex<Vec<Query>>,
}

impl Warehouse for Fake {
    fn table(&self, _: &TableName) -> Result<Table, BigQueryError> {
        Ok(self.table.clone())
    }

    fn dry_run(&self, query: &Query) -> Result<Priced, BigQueryError> {
        self.asked.lock().unwrap().push(query.clone());
        Ok(Priced { bytes: 0, cost: 0.0, columns: Vec::new(), location: None })
    }

    fn run(&self, query: &Query, _: &mut dyn FnMut(&Page)) -> Result<(), BigQueryError> {
        self.asked.lock().unwrap().push(query.clone());
        Ok(())
    }

    fn insert(&self, _: &TableName, _: &[(String, Json)]) -> Result<Vec<RowError>, BigQueryError> {
        Ok(Vec::new())
    }
}

fn column(name: &str, kind: &str) -> Column {
    Column { name: name.to_owned(), kind: kind.to_owned(), repeated: false }
}

fn table(columns: Vec<Column>, partition: Option<Partition>) -> Table {
    Table { columns, partition, rows: None, kind: "TABLE".to_owned(), location: None }
}

fn moment(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// What is asked of a table by `ask`, as one text.
fn asked(
    name: &str,
    table: Table,
    ask: impl Fn(&BigQuerySource) -> Result<(), SourceError>,
) -> Result<Query, SourceError> {
    let fake = Arc::new(Fake { table, asked: Mutex::default() });
    let span = Span { from: moment("2024-01-31T23:00:00Z"), to: moment("2024-03-01T23:00:00Z") };
    let session = Session::new(Arc::clone(&fake) as Arc<dyn Warehouse>, span, Tz::Europe__Oslo, vec!["web".to_owned()]);
    let place = Place::Table(TableName::parse(name).map_err(BigQueryError::from)?);
    ask(&BigQuerySource::new(place).connected(Arc::new(session)))?;
    let query = fake.asked.lock().unwrap().pop();
    Ok(query.expect("a query"))
}

fn events() -> Table {
    let columns = vec![
        column("occurred_at", "TIMESTAMP"),
        column("event", "STRING"),
        column("country", "STRING"),
        column("user", "STRING"),
        column("amount", "FLOAT64"),
        column("items", "INT64"),
        column("is_new", "BOOL"),
        column("day", "DATE"),
        column("local", "DATETIME"),
    ];
    table(columns, Some(Partition::Column("day".to_owned())))
}

fn definition(condition: Option<&str>, value: &str, by: &[&str]) -> Definition {
    Definition {
        time: "occurred_at".to_owned(),
        condition: condition.map(|text| Condition::parse(text).unwrap()),
        value: Value::parse(value).unwrap(),
        by: by.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn series(definitions: &[Definition], step: Step) -> String {
    let definitions: Vec<&Definition> = definitions.iter().collect();
    let query = asked("my-project.analytics.events", events(), |source| counted(source, &definitions, step).map(drop));
    query.unwrap().shown()
}

#[test]
fn several_metrics_are_told_by_one_scan() {
    let all = [
        definition(Some("event = 'confirmed'"), "count", &[]),
        definition(Some("event IN ('a', 'b') AND NOT (country = 'NO' OR country IS NULL)"), "sum(amount)", &[]),
        definition(None, "mean(items)", &[]),
        definition(Some("event LIKE 'sign%' AND items BETWEEN 1 AND 3"), "ratio(is_new AND items != 2.5)", &[]),
    ];
    insta::assert_snapshot!("several_metrics", series(&all, Step::Week));
}

#[test]
fn a_metric_is_split_by_its_dimensions() {
    let split = [definition(Some("event = 'x'"), "count", &["country", "is_new"])];
    insta::assert_snapshot!("by_dimensions", series(&split, Step::Hours(6)));
}

#[test]
fn values_are_compared_as_what_the_column_holds() {
    let text = "occurred_at >= '2024-02-01' AND day < '2024-02-20' AND local > '2024-02-01 10:00:00' AND user = 5 AND items IN (1, 2)";
    insta::assert_snapshot!("typed_values", series(&[definition(Some(text), "count", &[])], Step::Day));
}

#[test]
fn what_cannot_be_added_up_is_counted_in_the_bucket_itself() {
    let distinct = [definition(None, "distinct(user)", &[]), definition(None, "approx_distinct(user)", &[])];
    let bucket = |step| {
        let sql = series(&distinct, step);
        sql.lines()
            .find(|line| line.contains("occurred_at") && line.contains("UNIX_SECONDS"))
            .unwrap()
            .trim()
            .to_owned()
    };
    let steps = [
        Step::Minutes(1),
        Step::Minutes(15),
        Step::Hours(1),
        Step::Hours(6),
        Step::Day,
        Step::Week,
        Step::Months(1),
        Step::Months(2),
        Step::Months(3),
        Step::Months(12),
    ];
    let all: Vec<String> = steps.iter().map(|step| format!("{step}: {}", bucket(*step))).collect();
    insta::assert_snapshot!("exact_buckets", all.join("\n"));
}

#[test]
fn ready_values_and_deploy_events_are_asked_for_in_their_time() {
    let long =
        table(vec![column("timestamp", "DATETIME"), column("metric", "STRING"), column("value", "NUMERIC")], None);
    let values = asked("p.d.t", long, |source| {
        let table = Asked::open(source, "timestamp", Wanted::Metrics, Some(Step::Week))?;
        table.read(&["timestamp", "value", "metric"], Some(("metric", &["a'b".to_owned()]))).map(drop)
    });
    insta::assert_snapshot!("ready_values", values.unwrap().shown());
    let columns = vec![column("deployed_at", "TIMESTAMP"), column("app", "STRING"), column("labels", "STRUCT")];
    let deploys = asked("p.d.t", table(columns, Some(Partition::Ingestion { days: 1 })), |source| {
        let table = Asked::open(source, "deployed_at", Wanted::Deploys, None)?;
        table.read(&["deployed_at", "app", "labels"], None).map(drop)
    });
    insta::assert_snapshot!("deploy_events", deploys.unwrap().shown());
}

#[test]
fn messages_of_cloud_build_are_recognised() {
    let names = [("data", "BYTES"), ("message_id", "STRING"), ("publish_time", "TIMESTAMP"), ("attributes", "JSON")];
    let messages = table(names.map(|(name, kind)| column(name, kind)).to_vec(), None);
    let builds = asked("p.d.t", messages, |source| {
        Asked::open(source, "deployed_at", Wanted::Deploys, None)?.read(&["app"], None).map(drop)
    });
    let sql = builds.unwrap().shown();
    assert!(sql.contains("SAFE.PARSE_JSON(SAFE_CONVERT_BYTES_TO_STRING(`data`)) AS build,"), "{sql}");
    assert!(sql.contains("`publish_time` >= @from AND `publish_time` < @to") && sql.contains("`p.d.t`"), "{sql}");
}

#[test]
fn what_does_not_fit_is_refused_before_it_is_sent() {
    let refused = |condition: Option<&str>, value: &str| {
        let definition = definition(condition, value, &[]);
        let asked = asked("p.d.t", events(), |source| counted(source, &[&definition], Step::Day).map(drop));
        asked.unwrap_err().to_string()
    };
    assert_eq!(refused(Some("evnt = 'x'"), "count"), "bigquery:p.d.t: there is no column \"evnt\"");
    assert!(refused(Some("amount = 'x'"), "count").contains("is of the type FLOAT64"));
    assert!(refused(Some("day = 'soon'"), "count").contains("of the type DATE, and \"soon\" is none"));
    assert!(refused(Some("items LIKE 'x'"), "count").contains("LIKE wants a STRING"));
    assert!(refused(None, "sum(is_new)").contains("wants numbers"));
}

/// The tokens of a statement, names and values all alike; it must be one statement that can be parsed.
fn structure(sql: &str) -> Vec<String> {
    let parsed = Parser::parse_sql(&BigQueryDialect {}, sql).unwrap_or_else(|e| panic!("{e}\n{sql}"));
    assert_eq!(parsed.len(), 1, "{sql}");
    let tokens = Tokenizer::new(&BigQueryDialect {}, sql).tokenize().unwrap();
    let kind = |token: Token| match token {
        Token::Whitespace(_) => None,
        Token::Word(word) if word.quote_style.is_some() => Some("name".to_owned()),
        // One value is one parameter, however often it is used.
        other if other.to_string().starts_with("@p") => Some("value".to_owned()),
        other => Some(other.to_string()),
    };
    let kinds: Vec<String> = tokens.into_iter().filter_map(kind).collect();
    // A field of a column is one name.
    let mut joined: Vec<String> = Vec::with_capacity(kinds.len());
    for (at, kind) in kinds.iter().enumerate() {
        let of_field = kind == "." || (kind == "name" && at > 0 && kinds[at - 1] == ".");
        if !of_field {
            joined.push(kind.clone());
        }
    }
    joined
}

/// A definition that uses these texts everywhere, over a table that has a column of that name.
fn of_texts(project: &str, name: &str, text: &str, pattern: &str) -> Result<Query, SourceError> {
    let columns = vec![column("at", "TIMESTAMP"), column(name, "STRING"), column("n", "INT64")];
    let compare = Condition::Compare {
        column: name.to_owned(),
        operator: Comparison::Equal,
        literal: Literal::Text(text.to_owned()),
    };
    let like = Condition::Like { column: name.to_owned(), pattern: pattern.to_owned(), negated: true };
    let list =
        Condition::In { column: name.to_owned(), literals: vec![Literal::Text(text.to_owned())], negated: false };
    let definition = Definition {
        time: "at".to_owned(),
        condition: Some(Condition::And(vec![compare, like, Condition::Not(Box::new(list))])),
        value: Value::Distinct(name.to_owned()),
        by: vec![name.to_owned()],
    };
    asked(&format!("{project}.d.t"), table(columns, None), |source| {
        counted(source, &[&definition], Step::Day).map(drop)
    })
}

#[test]
fn known_attacks_change_no_statement() {
    let plain = structure(&of_texts("my-project", "event", "text", "pat").unwrap().sql);
    for attack in [
        "'; DROP TABLE x; --",
        "`",
        "\\",
        "*/ SELECT 1 /*",
        "@from",
        "\u{0}",
        "/* end of values */",
        "\" OR 1=1",
        "a\nb",
    ] {
        assert_eq!(structure(&of_texts("my-project", "event", attack, attack).unwrap().sql), plain, "{attack}");
        if let Ok(query) = of_texts("my-project", attack, "text", "pat") {
            assert_eq!(structure(&query.sql), plain, "{attack}");
        }
        assert!(of_texts(attack, "event", "text", "pat").is_err() || attack.is_empty(), "{attack}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_name_and_no_value_changes_the_structure_of_a_statement(
        project in "[a-z.:`'\"\\\\;\\- ]{1,12}", name in "\\PC{1,12}|[a-z`\\\\/*;'@-]{1,8}", text in "\\PC{0,20}", pattern in "\\PC{0,20}"
    ) {
        let plain = structure(&of_texts("my-project", "event", "text", "pat").unwrap().sql);
        for query in [of_texts(&project, "event", &text, &pattern), of_texts("my-project", &name, &text, &pattern)].into_iter().flatten() {
            prop_assert_eq!(&structure(&query.sql), &plain);
        }
    }
}
