//! The page of `why`.

use super::page::Page;
use super::{Body, caveats, data, figure, reproduced, suspects};
use crate::model::{Verdict, WhyAnswer};
use crate::report::chart::Scene;
use crate::report::phrase::{self, clock};
use crate::report::svg::View;
use crate::report::{Style, text};

/// Width of the pictures in pixels, until the script knows how much there is.
const WIDTH: f64 = 1100.0;

pub(super) fn body(answer: &WhyAnswer, style: &Style) -> Body {
    let mut page = Page::default();
    let title = phrase::title(answer, text::visible);
    let said = phrase::headline(answer, text::visible);
    page.within("<h1>", &title, "</h1>\n");
    let verdict = answer.change.as_ref().map(|change| change.verdict);
    for (i, sentence) in said.iter().enumerate() {
        match (i, verdict) {
            (0, Some(Verdict::Worse)) => page.within("<p class=\"answer worse\">", sentence, "</p>\n"),
            (0, Some(Verdict::Better)) => page.within("<p class=\"answer better\">", sentence, "</p>\n"),
            (0, _) => page.within("<p class=\"answer\">", sentence, "</p>\n"),
            _ => page.within("<p>", sentence, "</p>\n"),
        };
    }
    for sentence in phrase::with(answer, text::visible) {
        page.within("<p>", &sentence, "</p>\n");
    }
    page.raw("<nav aria-label=\"Parts of this page\"><ul><li><a href=\"#apps\">App view</a></li><li><a href=\"#commits\">Commit view</a></li>");
    page.raw("<li><a href=\"#all\">All deployments</a></li><li><a href=\"#notes\">Notes</a></li></ul></nav>\n");
    let scene = Scene::of_why(answer);
    let views = scene.as_ref().map(|scene| (View::whole(scene, WIDTH), near(answer, scene)));
    let drawn = scene.as_ref().zip(views.as_ref());
    apps(&mut page, &said, drawn);
    commits(&mut page, answer, drawn, style);
    if let Some(scene) = &scene {
        figure::marks(&mut page, scene, style, false);
    }
    notes(&mut page, answer);
    let data = drawn.map(|(scene, (whole, near))| data::data(scene, whole, Some(near.span)));
    Body { title, content: page.finished(), data }
}

type Drawn<'a> = Option<(&'a Scene<'a>, &'a (View, View))>;

/// The whole metric and the deployments by app.
fn apps(page: &mut Page, said: &[String], drawn: Drawn<'_>) {
    page.raw("<section aria-labelledby=\"apps\">\n<h2 id=\"apps\">App view: the whole metric, and the deployments by app</h2>\n");
    let Some((scene, (whole, _))) = drawn else {
        page.raw("<p>There is nothing to draw.</p>\n</section>\n");
        return;
    };
    figure::switches(page);
    let label = format!("{} The deployments are in the table below.", said.first().map_or("", String::as_str));
    figure::figure(page, "whole", &label, (scene, whole));
    figure::keys(page);
    page.raw("<p class=\"quiet\">Dashed: the level before and after. Band: the interval in which the change began; line in it: the likeliest moment. ");
    page.raw("Numbers and a dark rim: the deployments of the commit view.</p>\n</section>\n");
}

/// The days around the change, with the commit messages, likeliest first.
fn commits(page: &mut Page, answer: &WhyAnswer, drawn: Drawn<'_>, style: &Style) {
    page.raw("<section aria-labelledby=\"commits\">\n<h2 id=\"commits\">Commit view: what went out before, likeliest first</h2>\n");
    if let Some((scene, (_, near))) = drawn {
        let label = "The days around the change, with the deployments of the table below by their numbers.";
        figure::figure(page, "near", label, (scene, near));
    }
    if answer.suspects.is_empty() {
        page.within("<p>", &phrase::nothing_recorded(answer, text::visible), "</p>\n");
    }
    let scene = drawn.map(|(scene, _)| scene);
    suspects::table(page, &answer.suspects, (answer.none_of_these, answer.none), scene, style);
    page.raw("</section>\n");
}

/// What helps to judge the answer, and how it is had again.
fn notes(page: &mut Page, answer: &WhyAnswer) {
    page.raw("<section aria-labelledby=\"notes\">\n<h2 id=\"notes\">Notes</h2>\n");
    let told = [phrase::base_rate(answer), phrase::excluded(answer)];
    for sentence in told.iter().flatten() {
        page.within("<p>", sentence, "</p>\n");
    }
    caveats(page, &answer.caveats);
    reproduced(page, &answer.command, &clock(&answer.as_of));
    page.raw("</section>\n");
}

/// The stretch with the change and all suspects, and some room on both sides.
fn near(answer: &WhyAnswer, scene: &Scene<'_>) -> View {
    let change = answer.change.iter().flat_map(|c| [c.interval.from.timestamp(), c.interval.to.timestamp()]);
    let evidence = answer.evidence.iter().map(|e| e.at.timestamp());
    let suspects = scene.marks.iter().filter(|mark| mark.place.is_some()).map(|mark| mark.at);
    let seen: Vec<i64> = change.chain(evidence).chain(suspects).collect();
    let (from, to) = seen.iter().fold((i64::MAX, i64::MIN), |(a, b), at| (a.min(*at), b.max(*at)));
    let (from, to) = if from > to { scene.span } else { (from, to) };
    #[expect(clippy::cast_possible_truncation, reason = "some buckets")]
    let room = ((to - from) / 6).max((2.5 * answer.series.granularity.seconds()) as i64);
    let lanes = (0..scene.lanes.len()).filter(|lane| scene.marks.iter().any(|m| m.lane == *lane && m.place.is_some()));
    let span = ((from - room).max(scene.span.0), (to + room).min(scene.span.1));
    View {
        width: WIDTH,
        span,
        panels: scene.panels.first().map(|_| 0).into_iter().collect(),
        lanes: lanes.collect(),
        numbers: usize::MAX,
    }
}
