//! The receiver.
#![allow(clippy::doc_markdown, reason = "the doc comments are the help, where backticks would be shown")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::environment::Environment;
use crate::cli::resolve::Resolved;
use crate::cli::{CliError, Outcome};
use crate::collect::Provider;
use crate::collect::outbox::Sender;
use crate::collect::receiver::{self, GOOGLE_KEYS, KeySource, Keys, Limits, Push, Secret, Settings, Verifier};

use super::IntoArguments;
use super::store::StoreName;

/// Receive messages over HTTP.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Receiver")]
pub(super) struct ReceiverArguments {
    /// Receive messages over HTTP at this address, such as 127.0.0.1:8080: POST /v1/PROVIDER
    ///
    /// There are also GET /healthz and GET /metrics. Put a proxy that speaks TLS before it. SIGTERM and Ctrl-C stop it when all that is in
    /// flight is answered.
    #[arg(long, value_name = "ADDRESS")]
    pub(super) listen: Option<String>,

    /// Receive from this provider only, as PROVIDER does; repeatable [default: those that have a secret]
    #[arg(long, value_name = "PROVIDER", requires = "listen")]
    from: Vec<String>,

    /// A file with the secrets of a provider, one a line; repeatable. Also SHIPTRACE_SECRET_PROVIDER
    #[arg(long, value_name = "PROVIDER=FILE", requires = "listen")]
    secret_file: Vec<String>,

    /// Whom pushes of Pub/Sub must be for, as the subscription says (cloud-build); repeatable
    #[arg(long, value_name = "AUDIENCE", requires = "listen")]
    push_audience: Vec<String>,

    /// The service account that pushes, as the subscription says (cloud-build); repeatable
    #[arg(long, value_name = "EMAIL", requires = "listen")]
    push_account: Vec<String>,

    /// Where the keys are with which pushes are signed: a JSON Web Key Set [default: those of Google]
    #[arg(long, value_name = "URL|FILE", requires = "listen")]
    push_keys: Option<String>,

    /// Who signs pushes; repeatable [default: Google]
    #[arg(long, value_name = "ISSUER", requires = "listen")]
    push_issuer: Vec<String>,

    /// Believe every sender that has no secret; only at a loopback address
    #[arg(long, requires = "listen")]
    insecure: bool,

    /// Largest body in bytes; a larger one is answered with 413
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().body, requires = "listen")]
    max_body: usize,

    /// Requests answered at once; further ones are answered with 503
    #[arg(long, value_name = "N", default_value_t = Limits::default().requests, requires = "listen")]
    max_requests: usize,

    /// How long a sender may take for its headers, and again for its body
    #[arg(long, value_name = "DURATION", default_value = "10s", requires = "listen")]
    max_time: humantime::Duration,

    /// The size in bytes that the database may have; beyond that senders are told to come again
    #[arg(long, value_name = "BYTES", requires = "listen")]
    max_store: Option<u64>,
}

/// Who signs for Google.
const GOOGLE: [&str; 2] = ["https://accounts.google.com", "accounts.google.com"];

impl ReceiverArguments {
    /// Receives until it is asked to stop.
    pub(super) fn run(
        &self,
        provider: Option<Provider>,
        into: &IntoArguments,
        environment: &Environment,
    ) -> Result<Outcome, CliError> {
        let data = into.data();
        let resolved = Resolved::new(&data, &into.output, environment)?;
        let address = self.listen.as_deref().unwrap_or_default();
        let hint = "write an address and a port, such as 127.0.0.1:8080";
        let address: SocketAddr =
            address.parse().map_err(|_| CliError::option("--listen", address, "is no address with a port", hint))?;
        if into.dry_run {
            let hint = "leave one of them out";
            return Err(CliError::option("--dry-run", "--listen", "what was received must be kept", hint));
        }
        let store = StoreName::new((into.into.as_deref(), into.outbox.as_deref()), &resolved, environment)?;
        let verifiers = self.verifiers((address, provider), &resolved, environment)?;
        let database = store.open()?;
        if let Some(bytes) = self.max_store {
            database.limit_bytes(bytes)?;
        }
        let outbox = store.outbox(&database, &resolved)?;
        let time = *self.max_time;
        let settings = Settings {
            address,
            verifiers,
            mapping: resolved.mapping(),
            limits: Limits {
                body: self.max_body,
                bodies: Limits::default().bodies.max(self.max_body),
                requests: self.max_requests.max(1),
                header_time: time,
                body_time: time,
                ..Limits::default()
            },
            target: store.table.as_ref().map(ToString::to_string),
            quiet: into.output.quiet,
        };
        let sender = outbox.map(|outbox| Sender::start(outbox, Box::new(tell)));
        let received = receiver::receive(settings, database);
        if let Some(sender) = sender {
            sender.stop();
        }
        Ok(received.map(|()| Outcome::Answered)?)
    }

    /// Who may send. Nobody who cannot prove who it is, unless that was asked for where only this machine can reach us.
    fn verifiers(
        &self,
        (address, only): (SocketAddr, Option<Provider>),
        resolved: &Resolved<'_>,
        environment: &Environment,
    ) -> Result<BTreeMap<Provider, Verifier>, CliError> {
        let mut verifiers: BTreeMap<Provider, Verifier> = BTreeMap::new();
        for (provider, secrets) in self.secrets(resolved, environment)? {
            verifiers.insert(provider, Verifier::Secrets(provider, secrets));
        }
        if let Some(push) = self.push(resolved, environment)? {
            verifiers.insert(Provider::CloudBuild, Verifier::Push(Box::new(push)));
        }
        if self.insecure && !address.ip().is_loopback() {
            let hint = "listen at 127.0.0.1, or give each provider its secret";
            return Err(CliError::option(
                "--listen",
                &address.to_string(),
                "--insecure, and others than this machine can reach the address",
                hint,
            ));
        }
        let mut named = self.from.iter().map(|name| sender("--from", name)).collect::<Result<Vec<_>, _>>()?;
        named.extend(only.map(|provider| sender("PROVIDER", provider.name())).transpose()?);
        if self.insecure {
            let all = if named.is_empty() { &Provider::ALL[..] } else { &named };
            for provider in all.iter().filter(|provider| **provider != Provider::Auto) {
                verifiers.entry(*provider).or_insert(Verifier::Trusting);
            }
        }
        if let Some(provider) = named.iter().find(|provider| !verifiers.contains_key(provider)) {
            return Err(without_secret(*provider));
        }
        if !named.is_empty() {
            verifiers.retain(|provider, _| named.contains(provider));
        }
        if verifiers.is_empty() {
            let hint = "set SHIPTRACE_SECRET_GITHUB or the like, or --secret-file github=FILE; for cloud-build --push-audience and --push-account";
            return Err(CliError::option("--listen", &address.to_string(), "no provider has a secret", hint));
        }
        Ok(verifiers)
    }

    /// The secrets of each provider, from files and the environment.
    fn secrets(
        &self,
        resolved: &Resolved<'_>,
        environment: &Environment,
    ) -> Result<BTreeMap<Provider, Vec<Secret>>, CliError> {
        let mut secrets: BTreeMap<Provider, Vec<Secret>> = BTreeMap::new();
        for given in &self.secret_file {
            let hint = "write PROVIDER=FILE, such as github=/run/secrets/github";
            let (name, file) = given
                .split_once('=')
                .ok_or_else(|| CliError::option("--secret-file", given, "names no provider", hint))?;
            let provider = sender("--secret-file", name)?;
            secrets.entry(provider).or_default().extend(of_file(Path::new(file))?);
        }
        for (provider, places) in &resolved.senders().secrets {
            let of_provider = secrets.entry(*provider).or_default();
            for file in &places.files {
                of_provider.extend(of_file(&resolved.beside_config(file))?);
            }
            let set = places.variables.iter().filter_map(|name| environment.get(name));
            of_provider.extend(set.flat_map(Secret::of_lines));
        }
        for provider in Provider::ALL {
            let variable = format!("SECRET_{}", provider.name().replace('-', "_").to_ascii_uppercase());
            if let Some(text) = environment.option(&variable) {
                secrets.entry(provider).or_default().extend(Secret::of_lines(text));
            }
        }
        if secrets.remove(&Provider::CloudBuild).is_some() {
            let problem = "pushes of Pub/Sub are signed by Google and have no secret";
            return Err(CliError::option("cloud-build", "secret", problem, "give --push-audience and --push-account"));
        }
        secrets.remove(&Provider::Auto);
        secrets.retain(|_, secrets| !secrets.is_empty());
        for (provider, secrets) in &secrets {
            if secrets.iter().any(Secret::is_short) {
                tell(&format!("warning: a secret of {provider} is shorter than 16 bytes and may be guessed"));
            }
        }
        Ok(secrets)
    }

    /// How pushes of Pub/Sub are verified; none where nothing was said of them.
    fn push(&self, resolved: &Resolved<'_>, environment: &Environment) -> Result<Option<Push>, CliError> {
        let set = &resolved.senders().push;
        let audiences = several(&self.push_audience, environment.option("PUSH_AUDIENCE"), &set.audience);
        let accounts = several(&self.push_account, environment.option("PUSH_ACCOUNT"), &set.account);
        match (audiences.is_empty(), accounts.is_empty()) {
            (true, true) => return Ok(None),
            (false, false) => {}
            (false, true) => {
                let problem = "without --push-account whoever has an account at Google could push";
                return Err(CliError::option(
                    "--push-audience",
                    &audiences.join(", "),
                    problem,
                    "name the service account",
                ));
            }
            (true, false) => {
                let problem = "without --push-audience a push for somebody else could be sent here";
                return Err(CliError::option("--push-account", &accounts.join(", "), problem, "name the audience"));
            }
        }
        let keys = self.push_keys.as_deref().or_else(|| environment.option("PUSH_KEYS"));
        let keys = keys.or(set.keys.as_deref()).unwrap_or(GOOGLE_KEYS);
        let failed =
            |reason: String| CliError::option("--push-keys", keys, reason, "give the address or the file of a key set");
        let keys_read = Keys::new(source(keys).map_err(failed)?).map_err(failed)?;
        let google = GOOGLE.map(str::to_owned);
        let issuers = several(&self.push_issuer, None, if set.issuer.is_empty() { &google } else { &set.issuer });
        Ok(Some(Push::new(keys_read, &audiences, &accounts, &issuers)))
    }
}

/// Where a key set is. Over plain HTTP anybody on the way could put their own key in.
fn source(text: &str) -> Result<KeySource, String> {
    let loopback = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    if text.starts_with("https://") || loopback.iter().any(|start| text.starts_with(start)) {
        return Ok(KeySource::Url(text.to_owned()));
    }
    if text.contains("://") {
        return Err("keys are fetched over https only".to_owned());
    }
    let file = PathBuf::from(text);
    fs::metadata(&file).map(|_| KeySource::File(file)).map_err(|e| e.to_string())
}

/// What a flag says, or the variable that stands for it, with commas between, or the configuration.
fn several(flags: &[String], variable: Option<&str>, configured: &[String]) -> Vec<String> {
    match (flags, variable) {
        ([], Some(text)) => {
            text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
        }
        ([], None) => configured.to_vec(),
        (flags, _) => flags.to_vec(),
    }
}

fn sender(option: &str, name: &str) -> Result<Provider, CliError> {
    let known = "shiptrace collect --help lists the providers";
    match name.parse() {
        Ok(Provider::Auto) => Err(CliError::option(option, name, "a receiver is told who sends", known)),
        Ok(provider) => Ok(provider),
        Err(unknown) => Err(CliError::option(option, name, format!("{unknown}"), known)),
    }
}

fn of_file(file: &Path) -> Result<Vec<Secret>, CliError> {
    let wrong = |problem: &str| {
        let hint = "write the secret into the file, one a line";
        CliError::option("--secret-file", &file.display().to_string(), problem, hint)
    };
    let text = fs::read_to_string(file).map_err(|e| wrong(&e.to_string()))?;
    let secrets = Secret::of_lines(&text);
    if secrets.is_empty() { Err(wrong("there is no secret in it")) } else { Ok(secrets) }
}

fn without_secret(provider: Provider) -> CliError {
    let hint = if provider == Provider::CloudBuild {
        "give --push-audience and --push-account, or --insecure at a loopback address".to_owned()
    } else {
        let variable = provider.name().replace('-', "_").to_ascii_uppercase();
        format!("set SHIPTRACE_SECRET_{variable} or --secret-file {provider}=FILE, or --insecure at a loopback address")
    };
    CliError::option("--listen", provider.name(), "has no secret, and anybody could send in its name", &hint)
}

/// A line for whoever runs this.
fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{}", crate::report::visible(line));
}
