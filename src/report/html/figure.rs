//! Charts on a page, and the table that holds each of their marks.

use super::page::Page;
use crate::model::Deploy;
use crate::report::chart::{Scene, symbol};
use crate::report::phrase::{clock, count};
use crate::report::row::said;
use crate::report::svg::{View, draw, escape, swatch};
use crate::report::{Style, fields, text};

/// A chart that the script makes one to zoom: `whole` or `near`. `plain` ones stay pictures.
pub(super) fn figure(page: &mut Page, kind: &'static str, label: &str, (scene, view): (&Scene<'_>, &View)) {
    let (drawn, height) = draw(scene, view);
    match kind {
        "whole" => page.raw("<div class=\"figure\" data-view=\"whole\">"),
        "near" => page.raw("<div class=\"figure\" data-view=\"near\">"),
        _ => page.raw("<div class=\"figure plain\" tabindex=\"0\" role=\"group\" aria-label=\"Chart\">"),
    };
    let head = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {} {height:.0}\" role=\"img\" aria-label=\"{}\">\n",
        view.width,
        escape(&text::visible(label))
    );
    page.drawn(&head).drawn(&drawn).raw("</svg></div>\n");
}

/// How the charts are used; the script shows it.
pub(super) fn keys(page: &mut Page) {
    page.raw(
        "<p class=\"quiet keys scripted\" id=\"keys\" hidden>Drag over a stretch to zoom, or with the chart in focus: <kbd>+</kbd> \
         <kbd>-</kbd> zoom, <kbd>←</kbd> <kbd>→</kbd> move, <kbd>.</kbd> <kbd>,</kbd> next and previous deployment, <kbd>0</kbd> everything, \
         <kbd>Esc</kbd> hides the note.</p>\n",
    );
}

/// The switches of the apps, which the script fills.
pub(super) fn switches(page: &mut Page) {
    page.raw("<fieldset id=\"switches\" hidden><legend>Apps</legend></fieldset>\n");
}

/// Characters of a message in the table of all deployments; those of suspects are told in full elsewhere.
const MESSAGE: usize = 200;

/// The table of all deployments that the charts show, in the order of time.
pub(super) fn marks(page: &mut Page, scene: &Scene<'_>, style: &Style, open: bool) {
    page.raw("<section aria-labelledby=\"all\">\n<h2 id=\"all\">All deployments</h2>\n");
    if scene.marks.is_empty() {
        page.raw("<p>No deployments are recorded.</p>\n</section>\n");
        return;
    }
    page.raw(if open { "<details open>" } else { "<details>" });
    page.within("<summary>", &count(scene.marks.len(), "deployment"), " as a table</summary>\n");
    page.raw("<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"All deployments\">");
    page.raw("<table class=\"all\" id=\"deploys\"><thead><tr><th scope=\"col\">when</th><th scope=\"col\">app</th>");
    page.raw("<th scope=\"col\">commit</th><th scope=\"col\">author</th><th scope=\"col\">message</th></tr></thead>\n<tbody>\n");
    for mark in &scene.marks {
        let deploy = mark.deploy;
        page.within("<tr><td class=\"when\">", &clock(&deploy.deployed_at), "</td><td>");
        page.drawn(&swatch(mark.lane)).raw(" <bdi>");
        page.text(&scene.lanes[mark.lane].name).raw("</bdi></td><td class=\"code\">");
        commit(page, deploy, style);
        page.within("</td><td><bdi>", deploy.author.as_deref().unwrap_or_default(), "</bdi></td><td dir=\"auto\">");
        page.text(&text::cut(&said(deploy, text::visible), MESSAGE, "…")).raw("</td></tr>\n");
    }
    page.raw("</tbody></table></div></details>\n</section>\n");
}

/// The short commit, as a link where a template and what it needs are known.
pub(super) fn commit(page: &mut Page, deploy: &Deploy, style: &Style) {
    let Some(commit) = deploy.commit.as_deref().filter(|c| !c.is_empty()) else { return };
    let template = style.commit_url.as_deref();
    let address = template.and_then(|template| fields::commit_link(template, deploy.repo.as_deref(), commit));
    page.link(address.as_deref(), &fields::short_commit(commit));
}

/// The sign of the lane of a deployment.
pub(super) fn sign(page: &mut Page, scene: Option<&Scene<'_>>, deploy: &Deploy) {
    let mark = scene.and_then(|scene| scene.marks.iter().find(|mark| mark.deploy == deploy));
    if let Some(mark) = mark {
        debug_assert!(symbol(mark.lane).1 < 8);
        page.drawn(&swatch(mark.lane)).raw(" ");
    }
}
