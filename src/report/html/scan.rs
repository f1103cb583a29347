//! The page of `scan`: a summary on top, then all metrics that changed, then each event with its deployments.

use super::page::Page;
use super::{Body, caveats, data, figure, reproduced, suspects};
use crate::model::{MetricChange, Scan};
use crate::report::chart::{Scene, sparkline};
use crate::report::phrase::{self, clock, effect, first_visible, number};
use crate::report::svg::View;
use crate::report::{Style, text};

/// Width of the pictures in pixels.
const WIDTH: f64 = 1100.0;
/// So many metrics without a change are drawn.
const QUIET: usize = 200;

pub(super) fn body(scan: &Scan, style: &Style) -> Body {
    let mut page = Page::default();
    let title = phrase::found(scan);
    page.within("<h1>", &title, "</h1>\n");
    page.within("<p>Times in ", &phrase::zone(&scan.question.timezone, text::visible), ".</p>\n");
    let events = scan.events();
    summary(&mut page, scan, &events);
    let scene = Scene::of_scan(scan);
    let view = scene.as_ref().map(|scene| View::whole(scene, WIDTH));
    let drawn = scene.as_ref().zip(view.as_ref());
    if let Some((scene, view)) = drawn.filter(|_| !events.is_empty()) {
        page.raw("<section aria-labelledby=\"apps\">\n<h2 id=\"apps\">App view: the metrics that changed, and the deployments by app</h2>\n");
        figure::switches(&mut page);
        figure::figure(&mut page, "whole", &title, (scene, view));
        figure::keys(&mut page);
        if scene.panels.len() > view.panels.len() {
            let more = format!("{} more metrics are drawn below.", scene.panels.len() - view.panels.len());
            page.within("<p class=\"quiet\">", &more, "</p>\n");
        }
        page.raw("</section>\n");
    }
    for (i, event) in events.iter().enumerate() {
        one(&mut page, scan, (i + 1, event), style);
    }
    unchanged(&mut page, scan);
    if let Some((scene, _)) = drawn.filter(|_| !events.is_empty()) {
        figure::marks(&mut page, scene, style, false);
    }
    page.raw("<section aria-labelledby=\"notes\">\n<h2 id=\"notes\">Notes</h2>\n");
    caveats(&mut page, &scan.caveats);
    reproduced(&mut page, &scan.command, &clock(&scan.as_of));
    page.raw("</section>\n");
    let data = drawn.filter(|_| !events.is_empty()).map(|(scene, view)| data::data(scene, view, None));
    Body { title, content: page.finished(), data }
}

/// All changes in a table, each with the metric in small and a link to its event.
fn summary(page: &mut Page, scan: &Scan, events: &[Vec<&MetricChange>]) {
    if events.is_empty() {
        return;
    }
    page.raw("<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"All changes\"><table><thead><tr>");
    page.raw("<th scope=\"col\">first visible</th><th scope=\"col\">metric</th><th scope=\"col\" class=\"number\">change</th>");
    page.raw("<th scope=\"col\">before → after</th><th scope=\"col\" class=\"late\">the whole metric</th><th scope=\"col\">remarks</th>");
    page.raw("<th scope=\"col\" class=\"late\">q</th></tr></thead>\n<tbody>\n");
    for (i, event) in events.iter().enumerate() {
        for one in event {
            let change = &one.change;
            page.within("<tr><td class=\"when\"><a href=\"#event-", &(i + 1).to_string(), "\">");
            page.text(&first_visible(change)).raw("</a></td><td><bdi>").text(&one.metric).raw("</bdi></td>");
            page.within("<td class=\"number\">", &effect(change), "</td><td>");
            page.text(&number(change.before)).raw(" → ").text(&number(change.after)).raw("</td><td class=\"late\">");
            spark(page, scan, &one.metric, Some(change.at.timestamp()));
            page.within("</td><td>", &phrase::sort(change), "</td>");
            page.within("<td class=\"late\">", &phrase::q_alone(one.q_value), "</td></tr>\n");
        }
    }
    page.raw("</tbody></table></div>\n");
}

fn spark(page: &mut Page, scan: &Scan, metric: &str, at: Option<i64>) {
    if let Some(curve) = scan.picture.curve(metric) {
        page.drawn(&sparkline(&curve.series, at));
    }
}

/// An event: what moved, a chart of the surest change, and the deployments before it.
fn one(page: &mut Page, scan: &Scan, (i, event): (usize, &[&MetricChange]), style: &Style) {
    let Some(from) = phrase::judged_from(event) else { return };
    page.within("<section aria-labelledby=\"event-", &i.to_string(), "\">\n");
    page.within("<h2 id=\"event-", &i.to_string(), "\">");
    let at = event.iter().map(|one| &one.change).min_by_key(|change| change.at).map(first_visible).unwrap_or_default();
    match event {
        [one] => page.text(&format!("{}: {}, {at}", one.metric, effect(&one.change))),
        several => page.text(&format!("{} at one moment, {at}", phrase::count(several.len(), "metric"))),
    };
    page.raw("</h2>\n");
    if event.len() > 1 {
        let moved: Vec<String> = event.iter().map(|one| format!("{} {}", one.metric, effect(&one.change))).collect();
        page.within("<p>", &moved.join("; "), "</p>\n");
    }
    let scene = Scene::of_event(scan, from);
    if let Some(scene) = &scene {
        let view = View { numbers: usize::MAX, ..View::whole(scene, WIDTH) };
        let label = format!("{} around the change; the numbers are those of the table below.", from.metric);
        figure::figure(page, "plain", &label, (scene, &view));
    }
    if let Some(head) = phrase::judged(event, text::visible) {
        page.within("<p>The ", &head, "</p>\n");
    }
    suspects::table(page, &from.suspects, (from.none_of_these, from.none), scene.as_ref(), style);
    if let Some(others) = phrase::others_of(from) {
        page.within("<p>", &others, "</p>\n");
    }
    page.raw("</section>\n");
}

/// The metrics in which nothing is supported.
fn unchanged(page: &mut Page, scan: &Scan) {
    let changed = |name: &String| scan.changes.iter().any(|one| one.metric == *name);
    let quiet: Vec<&String> = scan.question.metrics.iter().filter(|name| !changed(name)).collect();
    if quiet.is_empty() {
        return;
    }
    page.raw("<section aria-labelledby=\"quiet\">\n<h2 id=\"quiet\">Metrics without a supported change</h2>\n");
    page.within("<details><summary>", &phrase::count(quiet.len(), "metric"), "</summary>\n");
    page.raw("<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"Metrics without a supported change\"><table><thead><tr>");
    page.raw("<th scope=\"col\">metric</th><th scope=\"col\">the whole metric</th></tr></thead>\n<tbody>\n");
    for name in quiet.iter().take(QUIET) {
        page.within("<tr><td><bdi>", name, "</bdi></td><td>");
        spark(page, scan, name, None);
        page.raw("</td></tr>\n");
    }
    page.raw("</tbody></table></div>\n");
    if quiet.len() > QUIET {
        page.within("<p>and ", &phrase::whole(quiet.len() - QUIET), " more</p>\n");
    }
    page.raw("</details>\n</section>\n");
}
