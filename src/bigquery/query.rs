use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use gcp_bigquery_client::model::query_parameter::QueryParameter;
use gcp_bigquery_client::model::query_parameter_type::QueryParameterType;
use gcp_bigquery_client::model::query_parameter_value::QueryParameterValue;

/// A value that goes beside a statement and never into its text.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    /// A `TIMESTAMP`.
    Timestamp(DateTime<Utc>),
    /// A `DATE`.
    Date(NaiveDate),
    /// A `DATETIME`.
    Datetime(NaiveDateTime),
    /// A `STRING`.
    Text(String),
    /// An `ARRAY<STRING>`.
    Texts(Vec<String>),
    /// An `INT64`.
    Integer(i64),
    /// A `FLOAT64`.
    Float(f64),
    /// A `BOOL`.
    Boolean(bool),
}

impl Parameter {
    /// Its type, as BigQuery writes it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Timestamp(_) => "TIMESTAMP",
            Self::Date(_) => "DATE",
            Self::Datetime(_) => "DATETIME",
            Self::Text(_) => "STRING",
            Self::Texts(_) => "ARRAY<STRING>",
            Self::Integer(_) => "INT64",
            Self::Float(_) => "FLOAT64",
            Self::Boolean(_) => "BOOL",
        }
    }

    /// Its value as a text; an array as JSON.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Timestamp(at) => at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            Self::Date(date) => date.to_string(),
            Self::Datetime(at) => at.format("%Y-%m-%d %H:%M:%S%.6f").to_string(),
            Self::Text(text) => text.clone(),
            Self::Texts(texts) => serde_json::to_string(texts).unwrap_or_default(),
            Self::Integer(n) => n.to_string(),
            Self::Float(x) => x.to_string(),
            Self::Boolean(b) => b.to_string(),
        }
    }

    fn model(&self, name: &str) -> QueryParameter {
        let scalar = |text: String| QueryParameterValue { value: Some(text), ..Default::default() };
        let of_type = |name: &str| QueryParameterType { r#type: name.to_owned(), ..Default::default() };
        let (kind, value) = match self {
            Self::Texts(texts) => {
                let kind = QueryParameterType { array_type: Some(Box::new(of_type("STRING"))), ..of_type("ARRAY") };
                let values = texts.iter().cloned().map(scalar).collect();
                (kind, QueryParameterValue { array_values: Some(values), ..Default::default() })
            }
            other => (of_type(other.type_name()), scalar(other.shown())),
        };
        QueryParameter { name: Some(name.to_owned()), parameter_type: Some(kind), parameter_value: Some(value) }
    }
}

/// A statement with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The statement.
    pub sql: String,
    /// The parameters, by name.
    pub parameters: Vec<(String, Parameter)>,
    /// What it is for, in a few words.
    pub purpose: String,
    /// The table or the file it comes from, for messages.
    pub place: String,
    /// The project of the table, in which it runs where no other is named.
    pub project: Option<String>,
    /// The first moment that it does not ask about: until then its result can still change.
    pub to: DateTime<Utc>,
}

impl Query {
    /// The statement with its parameters in comments, as a person runs it elsewhere.
    #[must_use]
    pub fn shown(&self) -> String {
        // As JSON a value cannot end its comment.
        let line = |(name, value): &(String, Parameter)| {
            let text = serde_json::Value::String(value.shown()).to_string();
            format!("-- @{name} {} {text}\n", value.type_name())
        };
        let parameters: String = self.parameters.iter().map(line).collect();
        format!("{parameters}{};\n", self.sql.trim_end().trim_end_matches(';'))
    }

    pub(super) fn parameter_models(&self) -> Vec<QueryParameter> {
        self.parameters.iter().map(|(name, value)| value.model(name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_sent_by_name_with_their_type() {
        let json = serde_json::to_value(Parameter::Texts(vec!["a'b".to_owned()]).model("apps")).unwrap();
        let expected = serde_json::json!({
            "name": "apps",
            "parameterType": {"type": "ARRAY", "arrayType": {"type": "STRING"}},
            "parameterValue": {"arrayValues": [{"value": "a'b"}]}
        });
        assert_eq!(json, expected);
        let at = DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap();
        assert_eq!(Parameter::Timestamp(at).shown(), "2023-11-14T22:13:20.000001Z");
    }
}
