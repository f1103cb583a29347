//! The pages of `deploys` and `metrics`.

use super::page::Page;
use super::{Body, caveats, data, figure};
use crate::model::{DeployList, MetricList};
use crate::report::chart::{Scene, sparkline};
use crate::report::phrase::{self, date, last_date, number};
use crate::report::svg::View;
use crate::report::{Style, text};

/// Width of the pictures in pixels.
const WIDTH: f64 = 1100.0;

pub(super) fn deploys(list: &DeployList, style: &Style) -> Body {
    let mut page = Page::default();
    let title = phrase::count(list.deploys.len(), "deployment");
    page.within("<h1>", &title, "</h1>\n");
    page.within("<p>Times in ", &phrase::zone(&list.timezone, text::visible), ".</p>\n");
    let scene = Scene::of_deploys(list);
    let view = scene.as_ref().map(|scene| View::whole(scene, WIDTH));
    if let Some((scene, view)) = scene.as_ref().zip(view.as_ref()) {
        page.raw("<section aria-labelledby=\"apps\">\n<h2 id=\"apps\">By app</h2>\n");
        figure::switches(&mut page);
        figure::figure(&mut page, "whole", "The deployments by app; they are in the table below.", (scene, view));
        figure::keys(&mut page);
        page.raw("</section>\n");
        figure::marks(&mut page, scene, style, true);
    }
    caveats(&mut page, &list.caveats);
    let data = scene.as_ref().zip(view.as_ref()).map(|(scene, view)| data::data(scene, view, None));
    Body { title, content: page.finished(), data }
}

pub(super) fn metrics(list: &MetricList) -> Body {
    let mut page = Page::default();
    let title = phrase::count(list.metrics.len(), "metric");
    page.within("<h1>", &title, "</h1>\n");
    page.within("<p>Times in ", &phrase::zone(&list.timezone, text::visible), ".</p>\n");
    page.raw("<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"Metrics\"><table><thead><tr><th scope=\"col\">metric</th>");
    page.raw("<th scope=\"col\">from</th><th scope=\"col\">to</th><th scope=\"col\">step</th><th scope=\"col\" class=\"number\">buckets</th>");
    page.raw("<th scope=\"col\" class=\"number\">missing</th><th scope=\"col\" class=\"number\">last</th><th scope=\"col\">the whole metric</th>");
    page.raw("</tr></thead>\n<tbody>\n");
    for metric in &list.metrics {
        let unit = metric.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
        page.within("<tr><td><bdi>", &metric.metric, "</bdi></td><td class=\"when\">").text(&date(&metric.from));
        page.within("</td><td class=\"when\">", &last_date(&metric.to), "</td><td>")
            .text(&metric.granularity.to_string());
        page.within("</td><td class=\"number\">", &phrase::whole(metric.buckets), "</td><td class=\"number\">");
        page.text(&phrase::whole(metric.missing)).raw("</td><td class=\"number\">");
        page.text(&metric.last.map(|last| number(Some(last)) + &unit).unwrap_or_default()).raw("</td><td>");
        if let Some(curve) = list.picture.curve(&metric.metric) {
            page.drawn(&sparkline(&curve.series, None));
        }
        page.raw("</td></tr>\n");
    }
    page.raw("</tbody></table></div>\n");
    caveats(&mut page, &list.caveats);
    Body { title, content: page.finished(), data: None }
}
