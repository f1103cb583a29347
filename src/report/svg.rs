//! The app view as a picture of its own.

use std::fmt::Write;
use std::io;

use super::chart::Scene;
use super::phrase::{self, clock, probability};
use super::row::rows;
use super::{Exporter, Style, text};
use crate::model::{Answer, WhyAnswer};

pub(super) mod draw;
mod frame;

pub(super) use draw::{View, draw, swatch};

/// The whole metric with its changes and the deployments by app, and below it the likeliest of them. Light or dark as its reader is.
///
/// The style sheet of the chart is that of the HTML report. Nothing in it is fetched and nothing runs.
pub(super) struct Svg;

/// Its width in pixels, at which its texts have their size.
const WIDTH: f64 = 960.0;
/// So many suspects are told below the chart.
const TOLD: usize = 5;
/// Characters of a line of text.
const LINE: usize = 136;
const STYLE: &str = include_str!("html/chart.css");

impl Exporter for Svg {
    fn export(&self, answer: &Answer, style: &Style) -> io::Result<Vec<u8>> {
        let (above, below) = match answer {
            Answer::Why(answer) => (headline(answer), suspects(answer, style.top)),
            Answer::Scan(scan) => (vec![format!("{}.", phrase::found(scan))], Vec::new()),
            Answer::Deploys(list) => (vec![phrase::count(list.deploys.len(), "deployment")], Vec::new()),
            Answer::Metrics(list) => (vec![phrase::count(list.metrics.len(), "metric")], Vec::new()),
        };
        let scene = Scene::of(answer);
        let label = above.join(" ");
        let (chart, height) = match &scene {
            Some(scene) => draw(scene, &View::whole(scene, WIDTH)),
            None => (String::new(), 0.0),
        };
        let top = 20.0 * above.len() as f64 + 14.0;
        let all = top + height + 18.0 * below.len() as f64 + 16.0;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {all:.0}\" width=\"{WIDTH}\" height=\"{all:.0}\" \
             class=\"chart alone\" role=\"img\" aria-label=\"{}\">\n<style>{STYLE}</style>\n<rect class=\"paper\" width=\"100%\" \
             height=\"100%\"/>\n",
            escape(&label)
        );
        for (i, line) in above.iter().enumerate() {
            let _ = writeln!(out, "<text class=\"head\" x=\"10\" y=\"{}\">{}</text>", 24 + 20 * i, escape(line));
        }
        let _ = writeln!(out, "<g transform=\"translate(0,{top:.0})\">\n{chart}</g>");
        for (i, line) in below.iter().enumerate() {
            let y = top + height + 14.0 + 18.0 * i as f64;
            let _ = writeln!(out, "<text class=\"said\" x=\"10\" y=\"{y:.0}\">{}</text>", escape(line));
        }
        out.push_str("</svg>\n");
        Ok(out.into_bytes())
    }
}

/// The answer proper, in lines that fit.
fn headline(answer: &WhyAnswer) -> Vec<String> {
    phrase::headline(answer, text::visible).first().map(|said| text::wrap(said, LINE - 20)).unwrap_or_default()
}

/// The likeliest deployments, one a line, and that it was none.
fn suspects(answer: &WhyAnswer, top: usize) -> Vec<String> {
    let all = rows(&answer.suspects);
    let told = all.iter().take(top.min(TOLD)).map(|row| {
        let name = row.cell("app", |_, app| text::visible(app));
        let when = row.likeliest().map(|s| clock(&s.deploy.deployed_at)).unwrap_or_default();
        let line = format!(
            "#{} · {} · {when} · {name} · {}",
            row.place,
            probability(row.probability()),
            row.message(text::visible)
        );
        text::cut(&line, LINE, "…")
    });
    told.chain([phrase::none(answer.none_of_these, answer.none)]).collect()
}

/// A text as the content of an element or the value of an attribute, in XML and HTML alike.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // No character of XML.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}
