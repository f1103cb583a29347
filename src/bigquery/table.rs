use serde::Deserialize;

/// A column of a table or of a result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type by its name in SQL: `TIMESTAMP`, `STRING`, `INT64` ...
    pub kind: String,
    /// Whether it holds a list.
    pub repeated: bool,
}

/// How a table is cut into partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Partition {
    /// By this column.
    Column(String),
    /// By the time at which rows came in, `_PARTITIONTIME`: the start of a stretch that is no longer than so many days.
    Ingestion {
        /// Days in a partition, at most.
        days: u32,
    },
}

/// What is known of a table or view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// Its partitions by time; none where it has none, or is a view.
    pub partition: Option<Partition>,
    /// Rows, as far as that is known; none for a view.
    pub rows: Option<u64>,
    /// `TABLE`, `VIEW`, `MATERIALIZED_VIEW`, `EXTERNAL` ...
    pub kind: String,
    /// Where it lies.
    pub location: Option<String>,
}

impl Table {
    /// A column by its name, in any case, as BigQuery takes them.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn of(answer: Answer) -> Self {
        let days = |kind: &str| match kind {
            "MONTH" => 31,
            "YEAR" => 366,
            _ => 1,
        };
        let partition = answer.time_partitioning.map(|partitioning| match partitioning.field {
            Some(field) => Partition::Column(field),
            None => Partition::Ingestion { days: days(&partitioning.kind) },
        });
        Self {
            columns: answer.schema.map(Schema::columns).unwrap_or_default(),
            partition,
            rows: answer.num_rows.as_deref().and_then(|rows| rows.parse().ok()),
            kind: answer.kind.unwrap_or_else(|| "TABLE".to_owned()),
            location: answer.location,
        }
    }
}

/// What the service says of a table. Only what is needed is read, so that news of the service do no harm.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    schema: Option<Schema>,
    time_partitioning: Option<Partitioning>,
    num_rows: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    location: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Partitioning {
    #[serde(rename = "type", default)]
    kind: String,
    field: Option<String>,
}

/// The columns of a table or of a result, as the service names them.
#[derive(Debug, Deserialize)]
pub(super) struct Schema {
    #[serde(default)]
    fields: Vec<Field>,
}

#[derive(Debug, Deserialize)]
struct Field {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    mode: Option<String>,
}

impl Schema {
    pub(super) fn columns(self) -> Vec<Column> {
        self.fields.into_iter().map(Field::column).collect()
    }
}

impl Field {
    fn column(self) -> Column {
        // The interface still uses the old names of some types.
        let kind = match self.kind.as_str() {
            "INTEGER" => "INT64",
            "FLOAT" => "FLOAT64",
            "BOOLEAN" => "BOOL",
            "RECORD" => "STRUCT",
            other => other,
        };
        let repeated = self.mode.is_some_and(|mode| mode.eq_ignore_ascii_case("REPEATED"));
        Column { kind: kind.to_owned(), name: self.name, repeated }
    }
}
