//! Statements of `queries/`, with the names of tables and columns put in.
//!
//! A statement stands in its file as it can be run, with example names. What differs from question to question stands between two comments,
//! and only what [`super::sql`] makes of checked names takes its place; every value is a parameter.

/// A statement of `queries/`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Template(&'static str);

pub(super) const ROWS: Template = Template(include_str!("../../../queries/rows_of_a_series.sql"));
pub(super) const NAMES: Template = Template(include_str!("../../../queries/names_of_metrics.sql"));
pub(super) const DEPLOYS: Template = Template(include_str!("../../../queries/deploy_events.sql"));
pub(super) const SERIES: Template = Template(include_str!("../../../queries/series_of_metrics.sql"));
pub(super) const BUILDS: Template = Template(include_str!("../../../queries/deploy_events_from_cloud_build.sql"));

impl Template {
    /// The statement with these parts in place of the examples, each indented as they were.
    pub(super) fn with(self, parts: &[(&str, &str)]) -> String {
        let mut sql = self.0.to_owned();
        for (name, part) in parts {
            let (begin, end) = (format!("/* {name} */"), format!("/* end of {name} */"));
            let (Some(from), Some(to)) = (sql.find(&begin), sql.find(&end)) else { continue };
            let indent = sql[..from].rsplit('\n').next().unwrap_or_default().to_owned();
            let text = part.replace('\n', &format!("\n{indent}"));
            // A part that is empty leaves no empty line.
            let from = if part.is_empty() { sql[..from].trim_end().len() } else { from };
            sql.replace_range(from..to + end.len(), &text);
        }
        sql
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_take_the_place_of_the_examples() {
        let sql = NAMES.with(&[("table", "`p.d.t`"), ("columns", "`a` AS c0,\n`b` AS c1"), ("time", "TRUE")]);
        let statement = sql.split("each once.\n").nth(1).unwrap();
        assert_eq!(statement, "SELECT DISTINCT\n  `a` AS c0,\n  `b` AS c1\nFROM\n  `p.d.t`\nWHERE\n  TRUE\n");
        let view = include_str!("../../../queries/create_deploy_events_view.sql").split("\nAS\n").nth(1).unwrap();
        let builds = BUILDS.with(&[
            ("data", "SAFE.PARSE_JSON(`data`) AS build,"),
            ("table", "`my-project.ops.cloud_builds`"),
            ("time", "TRUE"),
        ]);
        let unbounded = builds.replace("    WHERE\n      TRUE\n", "");
        assert_eq!(view, &unbounded[unbounded.find("WITH\n").unwrap()..], "the view tells what the query tells");
        assert!(!ROWS.with(&[("names", ""), ("time", "TRUE")]).contains("UNNEST"));
    }
}
