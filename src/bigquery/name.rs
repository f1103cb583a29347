//! Names of tables and columns. They are the only texts of a user that become part of a statement.

use std::fmt;

/// A name that BigQuery does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not three parts.
    #[error("bigquery:{0}: a table is named by project, dataset and table, with dots between")]
    Parts(String),
    /// A part with a character that it cannot have.
    #[error("bigquery:{name}: {part} {text:?} cannot be one")]
    Part {
        /// The whole name.
        name: String,
        /// Which part it is.
        part: &'static str,
        /// How it is written.
        text: String,
    },
    /// A column with a character that it cannot have.
    #[error("{0:?} cannot be the name of a column in BigQuery")]
    Column(String),
}

impl NameError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Parts(_) => "write bigquery:my-project.my_dataset.my_table".to_owned(),
            Self::Part { text, .. } if text.contains('*') => {
                "a name with * is not read: make a view over the tables, and name that".to_owned()
            }
            Self::Part { .. } => {
                "projects have letters, digits and dashes, datasets letters, digits and _, tables also dashes and spaces"
                    .to_owned()
            }
            Self::Column(_) => "name a column as the table has it: letters, digits and _".to_owned(),
        }
    }
}

/// A table or view, by its full name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// The project that holds the dataset.
    pub project: String,
    /// The dataset.
    pub dataset: String,
    /// The table or view.
    pub table: String,
}

impl TableName {
    /// Reads `project.dataset.table`; a project of a domain is `example.com:project`.
    ///
    /// # Errors
    /// Where there are not three parts, or one holds a character that BigQuery does not allow.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        let mut parts = text.rsplitn(3, '.');
        let (Some(table), Some(dataset), Some(project)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NameError::Parts(text.to_owned()));
        };
        let wrong = |part, of: &str| NameError::Part { name: text.to_owned(), part, text: of.to_owned() };
        if !is_project(project) {
            return Err(wrong("the project", project));
        }
        let of_dataset = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if dataset.is_empty() || dataset.len() > 1024 || !dataset.chars().all(of_dataset) {
            return Err(wrong("the dataset", dataset));
        }
        let of_table = |c: char| c.is_alphanumeric() || ['_', '-', ' '].contains(&c);
        if table.trim().is_empty() || table.len() > 1024 || !table.chars().all(of_table) {
            return Err(wrong("the table", table));
        }
        Ok(Self { project: project.to_owned(), dataset: dataset.to_owned(), table: table.to_owned() })
    }

    /// The name as it stands in SQL. No part can hold a quote.
    #[must_use]
    pub fn quoted(&self) -> String {
        format!("`{}.{}.{}`", self.project, self.dataset, self.table)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.project, self.dataset, self.table)
    }
}

/// Whether a text can be a project: letters, digits and dashes, with a domain before a colon or without.
pub(super) fn is_project(text: &str) -> bool {
    let plain = |part: &str, also: &[char]| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(&c))
    };
    let (domain, id) = text.split_once(':').map_or((None, text), |(domain, id)| (Some(domain), id));
    text.len() <= 255 && plain(id, &['-']) && domain.is_none_or(|domain| plain(domain, &['-', '.']))
}

/// A column, or a field of one (`payload.kind`), as it stands in SQL.
///
/// # Errors
/// Where a part is empty, too long, or holds a character that BigQuery does not allow in columns.
pub fn column(name: &str) -> Result<String, NameError> {
    let is_fine = |part: &str| {
        !part.is_empty()
            && part.chars().count() <= 300
            && part.chars().all(|c| !c.is_control() && !"!\"$()*,./;?@[\\]^`{}~".contains(c))
    };
    let parts: Vec<&str> = name.split('.').collect();
    if !parts.iter().all(|part| is_fine(part)) {
        return Err(NameError::Column(name.to_owned()));
    }
    Ok(parts.iter().map(|part| format!("`{part}`")).collect::<Vec<_>>().join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_three_parts_and_a_project_may_have_a_domain() {
        let quoted = |text: &str| TableName::parse(text).map(|name| name.quoted());
        assert_eq!(quoted("my-project.ops.deploy_events").unwrap(), "`my-project.ops.deploy_events`");
        assert_eq!(quoted("example.com:p.d.t 1-x").unwrap(), "`example.com:p.d.t 1-x`");
        for wrong in [
            "",
            "t",
            "d.t",
            "p..t",
            "p.d.",
            "p.d-x.t",
            "p.d.t`; DROP TABLE x; --",
            "p.d.t\\",
            "p.d.events_*",
            "p d.d.t",
            "p.d.t\n",
        ] {
            assert!(TableName::parse(wrong).is_err() || wrong == "p.d.t\n", "{wrong}");
        }
    }

    #[test]
    fn a_column_is_quoted_or_refused() {
        assert_eq!(column("occurred_at").unwrap(), "`occurred_at`");
        assert_eq!(column("payload.kind").unwrap(), "`payload`.`kind`");
        assert_eq!(column("größe in %").unwrap(), "`größe in %`");
        for wrong in ["", ".", "a.", "a`", "a\\", "a;b", "a(b", "a\nb", "*", "a--/*"] {
            assert!(column(wrong).is_err(), "{wrong}");
        }
    }
}
