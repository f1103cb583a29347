//! `[collect]`: which messages are deployments of which app.

use glob::Pattern;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Reader;
use super::senders::{self, SendersConfig};
use crate::cli::CliError;
use crate::collect::{Generic, Mapping, Pick, Rename, Rule};

const COLLECT: [&str; 13] = [
    "into",
    "apps",
    "environments",
    "generic",
    "cloud-build",
    "github",
    "gitlab",
    "circleci",
    "azure-devops",
    "argocd",
    "cdevents",
    "vercel",
    "netlify",
];
const RULE: [&str; 8] = ["app", "ignore", "provider", "repo", "workflow", "environment", "branch", "name"];
const GENERIC: [&str; 21] = [
    "source",
    "id",
    "deployed_at",
    "changed_at",
    "app",
    "environment",
    "repo",
    "commit",
    "branch",
    "message",
    "author",
    "status",
    "url",
    "kind",
    "workflow",
    "extra",
    "in_progress",
    "succeeded",
    "failed",
    "secret_file",
    "secret_env",
];
/// Fields that no two messages share.
const OWN: [&str; 3] = ["id", "deployed_at", "changed_at"];

/// What `[collect]` says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::cli) struct CollectConfig {
    /// The store, where `--into` does not say.
    pub(in crate::cli) into: Option<String>,
    pub(in crate::cli) mapping: Mapping,
    /// How senders prove to the receiver who they are.
    pub(in crate::cli) senders: SendersConfig,
}

impl CollectConfig {
    pub(super) fn read(reader: &Reader<'_>, table: &Spanned<DeValue<'_>>) -> Result<Self, CliError> {
        let mut collect = Self::default();
        for (key, value) in reader.table(table)? {
            let name = reader.known(key, &COLLECT, "collect.")?;
            if let Some(provider) = senders::named(name) {
                collect.senders.read(reader, provider, value)?;
            }
            match name {
                "into" => collect.into = Some(reader.string(value)?),
                "apps" => collect.mapping.rules = rules(reader, value)?,
                "environments" => collect.mapping.environments = renames(reader, value)?,
                "generic" => collect.mapping.generic = generic(reader, value)?,
                _ => {}
            }
        }
        Ok(collect)
    }
}

/// `[[collect.apps]]`, in the order of the file.
fn rules(reader: &Reader<'_>, value: &Spanned<DeValue<'_>>) -> Result<Vec<Rule>, CliError> {
    let Some(all) = value.get_ref().as_array() else {
        let problem = "collect.apps is not a list of rules".to_owned();
        return Err(reader.wrong(&value.span(), problem, Some("write each rule under [[collect.apps]]".to_owned())));
    };
    all.iter().map(|rule| read_rule(reader, rule)).collect()
}

fn read_rule(reader: &Reader<'_>, table: &Spanned<DeValue<'_>>) -> Result<Rule, CliError> {
    let mut rule = Rule { line: reader.line(&table.span()), ..Rule::default() };
    for (key, value) in reader.table(table)? {
        let patterns = || patterns(reader, value);
        match reader.known(key, &RULE, "collect.apps.")? {
            "app" => rule.app = Some(reader.string(value)?),
            "ignore" => {
                rule.ignore = value.get_ref().as_bool().ok_or_else(|| reader.expected(value, "true or false"))?;
            }
            "provider" => rule.provider = patterns()?,
            "repo" => rule.repo = patterns()?,
            "workflow" => rule.workflow = patterns()?,
            "environment" => rule.environment = patterns()?,
            "branch" => rule.branch = patterns()?,
            _ => rule.name = patterns()?,
        }
    }
    if rule.app.is_none() && !rule.ignore {
        let problem = "a rule of collect.apps says neither app nor ignore".to_owned();
        let hint = "write app = \"NAME\", or ignore = true for what is no deployment";
        return Err(reader.wrong(&table.span(), problem, Some(hint.to_owned())));
    }
    if rule.app.is_some() && rule.ignore {
        let problem = "a rule of collect.apps says both app and ignore".to_owned();
        return Err(reader.wrong(&table.span(), problem, Some("leave one of them out".to_owned())));
    }
    Ok(rule)
}

fn patterns(reader: &Reader<'_>, value: &Spanned<DeValue<'_>>) -> Result<Vec<Pattern>, CliError> {
    let texts = reader.strings(value)?;
    texts.iter().map(|text| pattern(reader, &value.span(), text)).collect()
}

fn pattern(reader: &Reader<'_>, place: &std::ops::Range<usize>, text: &str) -> Result<Pattern, CliError> {
    Pattern::new(text).map_err(|error| {
        let hint = "`*` stands for any text, `?` for a letter, `[ab]` for one of them, and `[*]` for a star itself";
        reader.wrong(place, format!("{text:?} is no pattern: {}", error.msg), Some(hint.to_owned()))
    })
}

/// `[collect.environments]`, in the order of the file.
fn renames(reader: &Reader<'_>, value: &Spanned<DeValue<'_>>) -> Result<Vec<Rename>, CliError> {
    let mut entries: Vec<_> = reader.table(value)?.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let rename = |(key, to): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
        Ok(Rename { from: pattern(reader, &key.span(), key.get_ref())?, to: reader.string(to)? })
    };
    entries.into_iter().map(rename).collect()
}

/// `[collect.generic]`.
fn generic(reader: &Reader<'_>, table: &Spanned<DeValue<'_>>) -> Result<Generic, CliError> {
    let mut generic = Generic::default();
    for (key, value) in reader.table(table)? {
        match reader.known(key, &GENERIC, "collect.generic.")? {
            "source" => generic.source = reader.string(value)?,
            "in_progress" => generic.in_progress = reader.strings(value)?,
            "succeeded" => generic.succeeded = reader.strings(value)?,
            "failed" => generic.failed = reader.strings(value)?,
            "secret_file" | "secret_env" => {}
            "extra" => generic.fields.extend(extra(reader, reader.table(value)?)?),
            field => generic.fields.push((field.to_owned(), picks(reader, value, field)?)),
        }
    }
    Ok(generic)
}

/// Further columns.
fn extra(reader: &Reader<'_>, table: &DeTable<'_>) -> Result<Vec<(String, Vec<Pick>)>, CliError> {
    let one = |(key, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
        let name = key.get_ref().to_string();
        if GENERIC.contains(&name.as_str()) {
            let problem = format!("collect.generic.extra.{name} is no further column");
            let hint = format!("write it as {name} under [collect.generic]");
            return Err(reader.wrong(&key.span(), problem, Some(hint)));
        }
        let places = picks(reader, value, &name)?;
        Ok((name, places))
    };
    table.iter().map(one).collect()
}

/// A place or several, of which the first that is there counts: a text that begins with a slash is a JSON pointer, any other the value.
fn picks(reader: &Reader<'_>, value: &Spanned<DeValue<'_>>, field: &str) -> Result<Vec<Pick>, CliError> {
    let pick = |text: String| {
        if text.starts_with('/') {
            return Ok(Pick::Pointer(text));
        }
        if OWN.contains(&field) {
            let problem = format!("collect.generic.{field} = {text:?} would be the same for every message");
            let hint = format!("write a JSON pointer such as \"/build/{field}\"");
            return Err(reader.wrong(&value.span(), problem, Some(hint)));
        }
        Ok(Pick::Fixed(text))
    };
    reader.strings(value)?.into_iter().map(pick).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    fn told(text: &str) -> String {
        Config::parse("shiptrace.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn rules_renames_and_places_are_read_in_the_order_of_the_file() {
        let text = "[collect]\ninto = \"d.db\"\n[collect.environments]\n\"z*\" = \"production\"\n\"a*\" = \"staging\"\n\
            [[collect.apps]]\nworkflow = \"*test*\"\nignore = true\n[[collect.apps]]\nrepo = [\"acme/web\", \"acme/site\"]\napp = \"web\"\n\
            [collect.generic]\ndeployed_at = [\"/end\", \"/start\"]\nenvironment = \"production\"\nextra = { job = \"/job\" }\n";
        let collect = Config::parse("f", text).unwrap().collect;
        let mapping = collect.mapping;
        assert_eq!(collect.into.as_deref(), Some("d.db"));
        assert_eq!(mapping.environments.iter().map(|r| r.from.as_str()).collect::<Vec<_>>(), ["z*", "a*"]);
        assert_eq!(
            mapping.rules.iter().map(|r| (r.line, r.ignore, r.repo.len())).collect::<Vec<_>>(),
            [(6, true, 0), (9, false, 2)]
        );
        assert_eq!(
            mapping.generic.fields.iter().map(|(name, places)| (name.as_str(), places.len())).collect::<Vec<_>>(),
            [("deployed_at", 2), ("environment", 1), ("job", 1)]
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        assert_eq!(told("[collect]\nap = 1\n"), "shiptrace.toml, line 2: unknown key collect.ap; the nearest is apps");
        assert!(
            told("[[collect.apps]]\nrepos = \"a\"\n")
                .contains("line 2: unknown key collect.apps.repos; the nearest is repo")
        );
        assert!(
            told("\n[[collect.apps]]\nrepo = \"a\"\n")
                .contains("line 2: a rule of collect.apps says neither app nor ignore")
        );
        assert!(told("[[collect.apps]]\nrepo = \"a[\"\napp = \"a\"\n").contains("line 2: \"a[\" is no pattern"));
        assert!(told("[collect.apps]\nrepo = \"a\"\n").contains("line 1: collect.apps is not a list of rules"));
        assert!(told("[[collect.apps]]\nignore = \"yes\"\n").contains("line 2: expected true or false"));
        assert!(
            told("[collect.generic]\nid = \"build\"\n")
                .contains("line 2: collect.generic.id = \"build\" would be the same")
        );
        assert!(
            told("[collect.generic]\nextra = { id = \"/x\" }\n")
                .contains("collect.generic.extra.id is no further column")
        );
    }
}
