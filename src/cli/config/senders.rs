//! `[collect.PROVIDER]`: how senders prove to the receiver who they are. Secrets themselves are not in the configuration.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeValue;

use super::Reader;
use crate::cli::CliError;
use crate::collect::Provider;

/// The keys of a sender that shares a secret with us.
pub(super) const SECRETS: [&str; 2] = ["secret_file", "secret_env"];
/// The keys of Pub/Sub.
const PUSH: [&str; 4] = ["push_audience", "push_account", "push_keys", "push_issuer"];

/// What the configuration says of senders.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::cli) struct SendersConfig {
    /// Where the secrets of each are.
    pub(in crate::cli) secrets: BTreeMap<Provider, SecretPlaces>,
    /// How pushes of Pub/Sub are verified.
    pub(in crate::cli) push: PushConfig,
}

/// Where secrets are.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::cli) struct SecretPlaces {
    /// Files, relative to the folder of the configuration.
    pub(in crate::cli) files: Vec<String>,
    /// Variables of the environment.
    pub(in crate::cli) variables: Vec<String>,
}

/// As `--push-audience` and the others.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::cli) struct PushConfig {
    pub(in crate::cli) audience: Vec<String>,
    pub(in crate::cli) account: Vec<String>,
    pub(in crate::cli) keys: Option<String>,
    pub(in crate::cli) issuer: Vec<String>,
}

/// The providers that have a table of their own, by their names.
pub(super) fn named(name: &str) -> Option<Provider> {
    name.parse().ok().filter(|provider| *provider != Provider::Auto)
}

impl SendersConfig {
    /// Reads `[collect.PROVIDER]`. Of `generic`, which has other keys too, only those that are ours.
    pub(super) fn read(
        &mut self,
        reader: &Reader<'_>,
        provider: Provider,
        table: &Spanned<DeValue<'_>>,
    ) -> Result<(), CliError> {
        let prefix = format!("collect.{provider}.");
        for (key, value) in reader.table(table)? {
            let is_ours = SECRETS.contains(&key.get_ref().as_ref());
            if provider == Provider::Generic && !is_ours {
                continue;
            }
            let known = if provider == Provider::CloudBuild { &PUSH[..] } else { &SECRETS[..] };
            match reader.known(key, known, &prefix)? {
                "secret_file" => self.secrets.entry(provider).or_default().files = reader.strings(value)?,
                "secret_env" => self.secrets.entry(provider).or_default().variables = reader.strings(value)?,
                "push_audience" => self.push.audience = reader.strings(value)?,
                "push_account" => self.push.account = reader.strings(value)?,
                "push_keys" => self.push.keys = Some(reader.string(value)?),
                _ => self.push.issuer = reader.strings(value)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn senders_say_where_their_secrets_are_and_never_the_secrets() {
        let text = "[collect.github]\nsecret_file = [\"a\", \"b\"]\nsecret_env = \"HOOK\"\n\
                    [collect.generic]\nid = \"/n\"\nsecret_file = \"c\"\n\
                    [collect.cloud-build]\npush_audience = \"x\"\npush_account = \"y@z\"\n";
        let senders = Config::parse("f", text).unwrap().collect.senders;
        let github = &senders.secrets[&Provider::Github];
        assert_eq!((github.files.len(), &github.variables[..]), (2, &["HOOK".to_owned()][..]));
        assert_eq!(senders.secrets[&Provider::Generic].files, ["c"]);
        assert_eq!((&senders.push.audience[..], senders.push.keys), (&["x".to_owned()][..], None));
        let told = Config::parse("f", "[collect.github]\nsecret = \"hunter2\"\n").unwrap_err().to_string();
        assert!(told.contains("collect.github.secret") && !told.contains("hunter2"), "{told}");
    }
}
