//! The deployments before a change, likeliest first, with all that their commits say.

use super::figure::{commit, sign};
use super::page::Page;
use crate::model::{NoneParts, Suspect};
use crate::report::chart::Scene;
use crate::report::phrase::{ahead, clock, probability, remainder, until};
use crate::report::row::{Row, kind, rows};
use crate::report::{Style, fields, text};

/// A table of suspects: the first `top` of them, the others behind a line that tells how many and how likely they are, and *none of these*.
pub(super) fn table(
    page: &mut Page,
    suspects: &[Suspect],
    none: (f64, NoneParts),
    scene: Option<&Scene<'_>>,
    style: &Style,
) {
    let all = rows(suspects);
    let (first, rest) = all.split_at(all.len().min(style.top.max(1)));
    page.raw("<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"Deployments by probability\">");
    head(page);
    for row in first {
        one(page, row, scene, style);
    }
    let (none_of_these, parts) = none;
    page.raw(
        "<tr role=\"row\" class=\"none\"><td role=\"cell\" class=\"number\"></td><td role=\"cell\" class=\"prob\">",
    );
    bar(page, none_of_these);
    page.raw("</td><td role=\"cell\" class=\"what\"><span class=\"said\">None of these</span><div class=\"meta\">");
    page.within("something else ", &probability(parts.something_else), ", ");
    page.within("nothing happened ", &probability(parts.nothing_happened), "</div></td><td role=\"cell\"></td></tr>\n");
    page.raw("</tbody></table></div>\n");
    if let Some(told) = remainder(&all, first.len()) {
        page.within("<details><summary>", &told, "</summary>\n");
        page.raw("<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"Further deployments\">");
        head(page);
        for row in rest {
            one(page, row, scene, style);
        }
        page.raw("</tbody></table></div></details>\n");
    }
}

fn head(page: &mut Page) {
    page.raw("<table class=\"suspects\" role=\"table\"><thead role=\"rowgroup\"><tr role=\"row\"><th role=\"columnheader\" scope=\"col\" class=\"number\">#</th><th role=\"columnheader\" scope=\"col\">probability</th>");
    page.raw("<th role=\"columnheader\" scope=\"col\">deployment</th><th role=\"columnheader\" scope=\"col\">went out</th></tr></thead>\n<tbody role=\"rowgroup\">\n");
}

fn one(page: &mut Page, row: &Row<'_>, scene: Option<&Scene<'_>>, style: &Style) {
    let Some(suspect) = row.likeliest() else { return };
    let deploy = &suspect.deploy;
    page.within(
        "<tr role=\"row\"><td role=\"cell\" class=\"number\">",
        &row.place.to_string(),
        "</td><td role=\"cell\" class=\"prob\">",
    );
    bar(page, row.probability());
    page.raw("</td><td role=\"cell\" class=\"what\"><span class=\"said\" dir=\"auto\">");
    let kind = kind(deploy, text::visible);
    if !kind.is_empty() {
        page.within("(", &kind, ") ");
    }
    let (first, more) = deploy.message.as_deref().map(text::first_line).unwrap_or_default();
    let first = if first.is_empty() { "(no message)" } else { &first };
    page.text(&text::cut(first, LINE, "…")).raw("</span><div class=\"meta\">");
    about(page, row, scene, style);
    page.raw("</div>");
    if more > 0 || text::width(first) > LINE {
        page.raw("<details><summary>Whole message</summary><pre dir=\"auto\" tabindex=\"0\">");
        page.lines(deploy.message.as_deref().unwrap_or_default().trim()).raw("</pre></details>");
    }
    if !suspect.reasons.is_empty() {
        page.raw(if row.place == 1 {
            "<details open><summary>Why</summary><ul>"
        } else {
            "<details><summary>Why</summary><ul>"
        });
        for reason in &suspect.reasons {
            page.within("<li>", reason, "</li>");
        }
        page.raw("</ul></details>");
    }
    members(page, row, style);
    page.raw("</td><td role=\"cell\" class=\"when\">");
    went_out(page, row);
    page.raw("</td></tr>\n");
}

/// Of the first line of a message so much is shown before the rest has to be asked for.
const LINE: usize = 160;

/// App, commit, author, further columns, and links.
fn about(page: &mut Page, row: &Row<'_>, scene: Option<&Scene<'_>>, style: &Style) {
    let Some(deploy) = row.likeliest().map(|s| &s.deploy) else { return };
    sign(page, scene, deploy);
    page.within("<bdi>", &row.cell("app", |_, app| text::visible(app)), "</bdi>");
    if deploy.commit.as_deref().is_some_and(|c| !c.is_empty()) {
        page.raw(" · <code>");
        commit(page, deploy, style);
        page.raw("</code>");
    }
    if let Some(author) = deploy.author.as_deref().filter(|a| !a.is_empty()) {
        page.within(" · <bdi>", author, "</bdi>");
    }
    if let Some(url) = deploy.url.as_deref().filter(|u| !u.is_empty()) {
        page.raw(" · ").link(Some(url), "build");
    }
    for name in &style.columns {
        if let Some(value) = fields::field(deploy, name).filter(|v| !v.is_empty()) {
            page.within(" · ", name, ": ").within("<bdi>", &value, "</bdi>");
        }
    }
}

/// The other deployments that the row stands for.
fn members(page: &mut Page, row: &Row<'_>, style: &Style) {
    if row.len() < 2 {
        return;
    }
    page.within("<details><summary>", &row.len().to_string(), " deployments together</summary><ul>");
    for suspect in row.members() {
        let deploy = &suspect.deploy;
        page.within("<li>", &clock(&deploy.deployed_at), " <bdi>");
        page.text(deploy.app.as_deref().unwrap_or_default()).raw("</bdi> <code>");
        commit(page, deploy, style);
        page.within("</code> ", &probability(suspect.probability), "</li>");
    }
    page.raw("</ul></details>");
}

fn went_out(page: &mut Page, row: &Row<'_>) {
    let Some(first) = row.first() else { return };
    page.text(&row.when());
    let last = row.members().iter().map(|s| s.deploy.deployed_at).max().filter(|_| row.len() > 1);
    if let Some(last) = last {
        page.within("<br>until ", &until(&first.deploy.deployed_at, &last), "");
    }
    match ahead(first.lag_seconds) {
        lag if lag.is_empty() => {}
        lag if lag.ends_with("after") => {
            page.within("<div class=\"meta\">", &lag, "</div>");
        }
        lag => {
            page.within("<div class=\"meta\">", &lag, " before</div>");
        }
    }
}

/// A probability in words and as a bar.
fn bar(page: &mut Page, p: f64) {
    page.within("<b>", &probability(p), "</b>");
    let share = (100.0 * p).clamp(0.0, 100.0);
    let drawn = format!(
        "<svg class=\"bar\" viewBox=\"0 0 100 9\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"all\" width=\"100\" \
         height=\"9\"/><rect class=\"part\" width=\"{share:.1}\" height=\"9\"/></svg>"
    );
    page.drawn(&drawn);
}
