//! A row of a table of suspects: one deployment, or a group that is shown together.

use std::borrow::Cow;

use super::phrase::{Safe, ahead, clock, probability, until, whole};
use super::{fields, text};
use crate::model::{Deploy, EventKind, Suspect, grouped, together};

/// Deployments of one row, the likeliest first.
pub(super) struct Row<'a> {
    /// The place of the row, from 1.
    pub(super) place: usize,
    members: Vec<&'a Suspect>,
}

/// The rows of all suspects, likeliest first.
pub(super) fn rows(suspects: &[Suspect]) -> Vec<Row<'_>> {
    let row = |(i, members)| Row { place: i + 1, members };
    grouped(suspects).into_iter().enumerate().map(row).collect()
}

impl<'a> Row<'a> {
    /// The probability that one of them did it.
    pub(super) fn probability(&self) -> f64 {
        together(&self.members)
    }

    /// How many deployments it is.
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// The deployments, the likeliest first.
    pub(super) fn members(&self) -> &[&'a Suspect] {
        &self.members
    }

    /// The likeliest of them.
    pub(super) fn likeliest(&self) -> Option<&'a Suspect> {
        self.members.first().copied()
    }

    /// The first that went out.
    pub(super) fn first(&self) -> Option<&'a Suspect> {
        self.members.iter().min_by_key(|s| s.deploy.deployed_at).copied()
    }

    /// When the first of them went out.
    pub(super) fn when(&self) -> String {
        self.first().map(|s| clock(&s.deploy.deployed_at)).unwrap_or_default()
    }

    /// The cells that begin the row, and one for each column of the deployments: those always shown and those asked for.
    pub(super) fn cells(&self, asked: &[String], show: impl Fn(&str, &Deploy, &str) -> String) -> Vec<String> {
        let own = [
            self.place.to_string(),
            probability(self.probability()),
            self.when(),
            self.first().map(|s| ahead(s.lag_seconds)).unwrap_or_default(),
        ];
        let columns = ["app", "commit", "author"].into_iter().chain(asked.iter().map(String::as_str));
        let cell = |name: &str| self.cell(name, |deploy, value| show(name, deploy, value));
        own.into_iter().chain(columns.map(cell)).collect()
    }

    /// A column of them: the value of the likeliest that has one, and how many others there are, as in `web +2`.
    pub(super) fn cell(&self, name: &str, show: impl Fn(&Deploy, &str) -> String) -> String {
        let mut values: Vec<Cow<'_, str>> = Vec::new();
        let mut shown = String::new();
        for suspect in &self.members {
            let Some(value) = fields::field(&suspect.deploy, name).filter(|v| !v.is_empty()) else { continue };
            if values.is_empty() {
                shown = show(&suspect.deploy, &value);
            }
            if !values.contains(&value) {
                values.push(value);
            }
        }
        if values.len() > 1 { format!("{shown} +{}", values.len() - 1) } else { shown }
    }

    /// What the likeliest says, after how many deployments it stands for.
    pub(super) fn message(&self, safe: Safe) -> String {
        let message = self.likeliest().map(|s| said(&s.deploy, safe)).unwrap_or_default();
        let last = self.members.iter().map(|s| s.deploy.deployed_at).max();
        match (self.first(), last.filter(|_| self.len() > 1)) {
            (Some(first), Some(last)) => {
                let until = until(&first.deploy.deployed_at, &last);
                format!("({} until {until}) {message}", whole(self.len()))
            }
            _ => message,
        }
    }
}

/// The first line of the message, after what sort of event it is, where it is no deployment: `(campaign) Spring mailing`.
pub(super) fn said(deploy: &Deploy, safe: Safe) -> String {
    let message = fields::message(deploy, safe);
    let kind = kind(deploy, safe);
    if kind.is_empty() { message } else { format!("({kind}) {message}") }
}

/// What sort of event it is, where it is no deployment.
pub(super) fn kind(deploy: &Deploy, safe: Safe) -> String {
    let kind = deploy.kind.as_deref().filter(|k| EventKind::named(k) != Some(EventKind::Deploy));
    kind.map(|k| safe(&text::first_line(k).0)).unwrap_or_default()
}
