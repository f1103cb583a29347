//! A folder with files, and the program run in it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) struct World {
    folder: TempDir,
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl World {
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A metric `m` of 60 days that falls by a third on 2024-02-10 at noon, and a deployment three hours before among a few more.
    pub(crate) fn with_a_fall() -> Self {
        Self::empty().file("metrics.csv", metric(60, fall)).file("deploys.csv", DEPLOYS)
    }

    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.path(name), content).unwrap();
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shiptrace"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SHIPTRACE_")) {
            command.env_remove(name);
        }
        command.env("NO_COLOR", "1").current_dir(self.folder.path()).args(arguments);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, b"", &[])
    }

    pub(crate) fn run_with(&self, arguments: &[&str], input: &[u8], variables: &[(&str, &str)]) -> Run {
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        Run {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// `why m --on 2024-02-10` on the files of [`World::with_a_fall`], with further arguments.
    pub(crate) fn why(&self, further: &[&str]) -> Run {
        let words = ["why", "m", "--on", "2024-02-10", "--metrics", "metrics.csv", "--deploys", "deploys.csv"];
        self.run(&[&words[..], further].concat())
    }
}

impl Run {
    /// The JSON that was written; the run must have succeeded.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.err);
        serde_json::from_str(&self.out).unwrap()
    }

    /// Checks that the run failed with code 2 and that its message holds all of these.
    pub(crate) fn refused(&self, parts: &[&str]) {
        assert_eq!((self.code, self.out.as_str()), (2, ""), "{}", self.err);
        for part in parts {
            assert!(self.err.contains(part), "{part:?} is not in:\n{}", self.err);
        }
    }
}

/// The codes of the caveats of an answer.
pub(crate) fn codes(answer: &Value) -> Vec<&str> {
    answer["caveats"].as_array().unwrap().iter().map(|c| c["code"].as_str().unwrap()).collect()
}

pub(crate) const DEPLOYS: &str = "deployed_at,app,commit,author,message\n\
    2024-02-05T10:00:00Z,web,9999aaaa,Al,Rename a page\n\
    2024-02-07T10:00:00Z,api,aaaa1111,Ann,Tidy the logs\n\
    2024-02-08T15:30:00Z,web,bbbb2222,Bo,New footer\n\
    2024-02-10T09:00:00Z,web,cccc3333,Cy,\"Ask for consent first\n\nAs the law wants.\"\n\
    2024-02-12T11:00:00Z,api,dddd4444,Di,Bump a library\n\
    2024-02-15T10:00:00Z,api,eeee5555,Ed,Another change\n";

/// A long file with the metric `m`, from 2024-01-01 on.
pub(crate) fn metric(days: u32, value: impl Fn(u32) -> f64) -> String {
    let mut text = "timestamp,metric,value\n".to_owned();
    for i in 0..days {
        let _ = writeln!(text, "{},m,{}", day(i), value(i));
    }
    text
}

pub(crate) fn day(i: u32) -> String {
    let first = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    (first + chrono::TimeDelta::days(i64::from(i))).to_string()
}

/// About 1,000, with noise of two percent that is the same in each run.
pub(crate) fn steady(i: u32) -> f64 {
    let mut x = i.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut sum = 0.0;
    for _ in 0..12 {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        sum += f64::from(x) / f64::from(u32::MAX);
    }
    (1000.0 * (1.0 + 0.02 * (sum - 6.0))).round()
}

/// A third less from 2024-02-10 at noon on.
pub(crate) fn fall(i: u32) -> f64 {
    match i {
        40 => (steady(i) * 5.0 / 6.0).round(),
        41.. => (steady(i) * 2.0 / 3.0).round(),
        _ => steady(i),
    }
}

pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
