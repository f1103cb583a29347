use serde_json::{Value, json};

use crate::bigquery::shown_bytes;
use crate::cli::CliError;
use crate::cli::commands::print;
use crate::report::visible;
use crate::sources::Planned;

/// Writes queries that were not run, as SQL or as JSON.
pub(in crate::cli) fn print_plan(planned: &[Planned], format: Option<&str>) -> Result<(), CliError> {
    let text = if format == Some("json") { as_json(planned) } else { shown_plan(planned) };
    print(text.as_bytes())
}

/// The queries as SQL, with what they scan in comments.
pub(in crate::cli) fn shown_plan(planned: &[Planned]) -> String {
    if planned.is_empty() {
        return "-- Nothing would be asked of BigQuery.\n".to_owned();
    }
    let one = |planned: &Planned| {
        let (query, priced) = (&planned.query, &planned.priced);
        let head = format!(
            "-- {} of {}: scans {}, about {:.4} USD",
            query.purpose,
            query.place,
            shown_bytes(priced.bytes),
            priced.cost
        );
        // What a user's file holds may act on a terminal; line breaks and tabs stay.
        let sql = query.shown().lines().map(|line| visible(line) + "\n").collect::<String>();
        format!("{}\n{sql}", visible(&head))
    };
    planned.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn as_json(planned: &[Planned]) -> String {
    let one = |planned: &Planned| -> Value {
        let parameters = planned.query.parameters.iter();
        let parameters: Vec<Value> = parameters
            .map(|(name, value)| json!({"name": name, "type": value.type_name(), "value": value.shown()}))
            .collect();
        json!({
            "purpose": planned.query.purpose,
            "place": planned.query.place,
            "sql": planned.query.sql,
            "parameters": parameters,
            "bytes": planned.priced.bytes,
            "cost_usd": planned.priced.cost,
        })
    };
    let queries: Vec<Value> = planned.iter().map(one).collect();
    let whole = json!({"schema": "shiptrace/queries/1", "queries": queries});
    format!("{whole:#}\n")
}
