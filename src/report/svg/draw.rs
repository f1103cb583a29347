//! Draws a scene as the elements of an SVG.

use std::collections::BTreeSet;
use std::fmt::Write;

use unicode_segmentation::UnicodeSegmentation;

use super::escape;
use super::frame::Frame;
pub(in crate::report) use super::frame::View;
use crate::model::Verdict;
use crate::report::chart::{
    Band, Mark, Panel, SYMBOLS, Scale, Scene, date_ticks, lines, number_label, number_range, number_ticks, symbol,
};
use crate::report::phrase::clock;
use crate::report::row::said;
use crate::report::text;

/// Pixels for a date on the axis.
const DATE: f64 = 76.0;
/// Numbers of deployments stand at least so many pixels apart; of those that do not, the likeliest has its number.
const APART: f64 = 20.0;
/// As much where they stand above their deployments.
const APART_ABOVE: f64 = 14.0;
/// Pixels that the size of a change takes.
const SIZE: f64 = 46.0;
/// Pixels from bucket to bucket from which on each has a point.
const SPARSE: f64 = 9.0;
/// Buckets in a pixel from which on a line is paler, as it fills the plot.
const DENSE: f64 = 2.0;
/// Pixels of a character of small text, roughly.
const CHARACTER: f64 = 6.4;

/// The elements of a picture, and how high they are.
pub(in crate::report) fn draw(scene: &Scene<'_>, view: &View) -> (String, f64) {
    let frame = Frame::new(view);
    let mut drawing = Drawing { scene, view, frame, out: String::new() };
    drawing.dates();
    for (i, panel) in view.panels.iter().enumerate() {
        if let Some(panel) = scene.panels.get(*panel) {
            drawing.panel(i, panel);
        }
    }
    drawing.lanes();
    drawing.bands();
    (drawing.out, drawing.frame.height)
}

/// The shape and colour of a lane, as a picture of its own in a text.
pub(in crate::report) fn swatch(lane: usize) -> String {
    let (shape, colour) = symbol(lane);
    format!(
        "<svg class=\"chart swatch\" viewBox=\"0 0 12 12\" width=\"12\" height=\"12\" aria-hidden=\"true\"><path class=\"mark c{colour}\" \
         d=\"M6,6{}\"/></svg>",
        SYMBOLS[shape]
    )
}

struct Drawing<'a> {
    scene: &'a Scene<'a>,
    view: &'a View,
    frame: Frame,
    out: String,
}

impl Drawing<'_> {
    /// The axis of time, with a line up through all panels at each date.
    fn dates(&mut self) {
        let frame = &self.frame;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few dates")]
        let most = ((frame.right - frame.left) / DATE).max(1.0) as usize;
        let (from, to) = self.view.span;
        for tick in date_ticks(self.scene.zone, from, to, most) {
            let x = frame.x.at(tick.at as f64);
            let _ = writeln!(
                self.out,
                "<path class=\"grid\" d=\"M{x:.1},0V{:.1}\"/><text class=\"tick date\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                frame.axis,
                frame.axis + 15.0,
                escape(&tick.label)
            );
        }
        let _ =
            writeln!(self.out, "<path class=\"axis\" d=\"M{:.1},{:.1}H{:.1}\"/>", frame.left, frame.axis, frame.right);
    }

    fn panel(&mut self, i: usize, panel: &Panel<'_>) {
        let (top, bottom) = self.frame.panels[i];
        let (left, right) = (self.frame.left, self.frame.right);
        let unit = if panel.unit.is_empty() { String::new() } else { format!(" ({})", panel.unit) };
        let step = panel.series.step();
        let name = cut(&format!("{}{unit} per {step}", panel.name), right - left);
        let _ =
            writeln!(self.out, "<text class=\"name\" x=\"{left:.1}\" y=\"{:.1}\">{}</text>", top - 7.0, escape(&name));
        let Some(values) = number_range(panel.seen(self.view.span)) else {
            let _ = writeln!(
                self.out,
                "<text class=\"said\" x=\"{:.1}\" y=\"{:.1}\">no values</text>",
                left + 8.0,
                bottom - 8.0
            );
            return;
        };
        let y = Scale::new(values, (bottom, top));
        let (ticks, step) = number_ticks(values, if bottom - top > 120.0 { 5 } else { 4 });
        for tick in ticks {
            let at = y.at(tick);
            let _ = writeln!(
                self.out,
                "<path class=\"grid\" d=\"M{left:.1},{at:.1}H{right:.1}\"/><text class=\"tick number\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                left - 7.0,
                at + 4.0,
                number_label(tick, step)
            );
        }
        let dense = self.line(panel, &y);
        for slope in &panel.slopes {
            let place = |(at, value): (i64, f64)| (self.frame.x.at(at as f64), y.at(value));
            let ((x1, y1), (x2, y2)) = (place(slope.from), place(slope.to));
            // A level that begins or ends outside is cut at the edge of the plot.
            let along = Scale::new((x1, x2), (y1, y2));
            let (a, b) = (x1.max(left), x2.min(right));
            if a < b {
                let path = format!("M{a:.1},{:.1}L{b:.1},{:.1}", along.at(a), along.at(b));
                // A rim of paper keeps it apart from a line that fills the plot.
                let rim = if dense { format!("<path class=\"rim\" d=\"{path}\"/>") } else { String::new() };
                let _ = writeln!(self.out, "{rim}<path class=\"level\" d=\"{path}\"/>");
            }
        }
    }

    /// The line of a metric; buckets that were not over are dotted. Tells whether it fills the plot.
    fn line(&mut self, panel: &Panel<'_>, y: &Scale) -> bool {
        let (from, to) = (self.view.span.0 as f64, self.view.span.1 as f64);
        let over = panel.series.edges()[1..].partition_point(|end| *end <= self.scene.as_of);
        let drawn = |range: std::ops::Range<usize>| {
            let some = panel.points().skip(range.start).take(range.len()).filter(|(at, _)| *at >= from && *at <= to);
            let mut path = String::new();
            for line in lines(some.map(|(at, value)| (self.frame.x.at(at), y.at(value)))) {
                for (i, (x, y)) in line.iter().enumerate() {
                    let _ = write!(path, "{}{x:.1},{y:.1}", if i == 0 { 'M' } else { 'L' });
                }
                if line.len() == 1 {
                    path.push_str("h0");
                }
            }
            path
        };
        let (finished, open) = (drawn(0..over), drawn(over.saturating_sub(1)..panel.series.len()));
        let seen = panel.points().filter(|(at, _)| *at >= from && *at <= to).count() as f64;
        let dense = seen > DENSE * (self.frame.right - self.frame.left);
        let paler = if dense { " dense" } else { "" };
        let _ = writeln!(self.out, "<path class=\"line{paler}\" d=\"{finished}\"/>");
        self.points(panel, y);
        if over < panel.series.len() {
            let _ = writeln!(self.out, "<path class=\"line open\" d=\"{open}\"/>");
        }
        dense
    }

    /// A point for each bucket, where they are few.
    fn points(&mut self, panel: &Panel<'_>, y: &Scale) {
        let (from, to) = (self.view.span.0 as f64, self.view.span.1 as f64);
        let places: Vec<(f64, f64)> = panel
            .points()
            .filter(|(at, _)| *at >= from && *at <= to)
            .map(|(at, value)| (self.frame.x.at(at), y.at(value)))
            .collect();
        if places.is_empty() || (self.frame.right - self.frame.left) / (places.len() as f64) < SPARSE {
            return;
        }
        let known = places.iter().filter(|(_, y)| !y.is_nan());
        let mut path = String::new();
        for (x, y) in known {
            let _ = write!(path, "M{x:.1},{y:.1}h0");
        }
        let _ = writeln!(self.out, "<path class=\"points\" d=\"{path}\"/>");
    }

    /// When the changes began: those that are meant as bands through everything, others as thin lines.
    fn bands(&mut self) {
        let axis = self.frame.axis;
        for (i, panel) in self.view.panels.iter().enumerate() {
            let Some(panel) = self.scene.panels.get(*panel) else { continue };
            let (top, bottom) = self.frame.panels[i];
            let mut free = f64::NEG_INFINITY;
            for band in &panel.bands {
                let through = panel.through && band.meant;
                self.band(band, (top, if through { axis } else { bottom }), &mut free);
            }
        }
    }

    /// A band, with its size beside it where the one before leaves room.
    fn band(&mut self, band: &Band, (top, bottom): (f64, f64), free: &mut f64) {
        let frame = &self.frame;
        let (from, to) = (frame.x.at(band.from as f64), frame.x.at(band.to as f64));
        let onset = frame.x.at(band.onset as f64);
        if to < frame.left || from > frame.right {
            return;
        }
        let verdict = match band.verdict {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Unknown => "unknown",
        };
        let kind = if band.meant { verdict } else { "other" };
        let (from, to) = (from.max(frame.left), to.min(frame.right));
        let width = (to - from).max(1.5);
        if band.meant {
            let _ = writeln!(
                self.out,
                "<rect class=\"band {kind}\" x=\"{from:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{:.1}\"/>",
                bottom - top
            );
        }
        if onset >= frame.left && onset <= frame.right {
            let near_end = onset > frame.right - 60.0;
            let (x, anchor) = if near_end { (onset - 5.0, "end") } else { (onset + 5.0, "start") };
            let _ = writeln!(self.out, "<path class=\"onset {kind}\" d=\"M{onset:.1},{top:.1}V{bottom:.1}\"/>");
            if onset < *free {
                return;
            }
            *free = onset + SIZE;
            let _ = writeln!(
                self.out,
                "<text class=\"effect {kind}\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
                top + 11.0,
                escape(&band.effect)
            );
        }
    }

    fn lanes(&mut self) {
        let (left, right) = (self.frame.left, self.frame.right);
        for (row, &lane) in self.view.lanes.iter().enumerate() {
            let Some(of) = self.scene.lanes.get(lane) else { continue };
            let y = self.frame.lanes + self.frame.lane * (row as f64 + if self.view.is_roomy() { 0.7 } else { 0.5 });
            let name = cut_within(&of.name, left - 24.0);
            let (shape, colour) = symbol(lane);
            let _ = writeln!(
                self.out,
                "<path class=\"grid\" d=\"M{left:.1},{y:.1}H{right:.1}\"/><path class=\"mark c{colour}\" d=\"M10,{y:.1}{}\"/>\
                 <text class=\"lane\" x=\"20\" y=\"{:.1}\">{}</text>",
                SYMBOLS[shape],
                y + 4.0,
                escape(&name)
            );
            self.marks(lane, y);
        }
    }

    /// The deployments of a lane, one shape for those in one place; suspects are drawn last and have their number.
    fn marks(&mut self, lane: usize, y: f64) {
        let (from, to) = self.view.span;
        let (shape, colour) = symbol(lane);
        let own: Vec<&Mark<'_>> =
            self.scene.marks.iter().filter(|m| m.lane == lane && m.at >= from && m.at <= to).collect();
        #[expect(clippy::cast_possible_truncation, reason = "pixels")]
        let places: BTreeSet<i64> = own.iter().map(|m| (2.0 * self.frame.x.at(m.at as f64)).round() as i64).collect();
        if !places.is_empty() {
            let mut path = String::new();
            for x in &places {
                let _ = write!(path, "M{:.1},{y:.1}{}", *x as f64 / 2.0, SYMBOLS[shape]);
            }
            let _ = writeln!(self.out, "<path class=\"mark c{colour}\" d=\"{path}\"/>");
        }
        let mut numbered: Vec<(usize, &Mark<'_>)> = own.iter().filter_map(|m| Some((m.place?, *m))).collect();
        numbered.sort_by_key(|(place, mark)| (*place, mark.at));
        let mut labels = String::new();
        let mut taken: Vec<f64> = Vec::new();
        for (place, mark) in numbered {
            let x = self.frame.x.at(mark.at as f64);
            let deploy = mark.deploy;
            let told = format!(
                "#{place} {} {}: {}",
                self.scene.lanes[lane].name,
                clock(&deploy.deployed_at),
                said(deploy, text::visible)
            );
            let _ = writeln!(
                self.out,
                "<path class=\"mark suspect c{colour}\" d=\"M{x:.1},{y:.1}{}\"><title>{}</title></path>",
                SYMBOLS[shape],
                escape(&text::cut(&told, 300, "…"))
            );
            let roomy = self.view.is_roomy();
            let apart = if roomy { APART_ABOVE } else { APART };
            if place > self.view.numbers || taken.iter().any(|other| (other - x).abs() <= apart) {
                continue;
            }
            taken.push(x);
            let (class, x, y) = if roomy { ("place above", x, y - 7.0) } else { ("place", x + 6.0, y + 4.0) };
            let _ = writeln!(labels, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{place}</text>");
        }
        self.out.push_str(&labels);
    }
}

/// A text that takes about so many pixels.
fn cut(label: &str, pixels: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few characters")]
    text::cut(label, (pixels / CHARACTER).max(3.0) as usize, "…")
}

/// Of a name that is cut so many letters stay at its end, which often tell it from others.
const END: usize = 4;

/// A name that takes about so many pixels, cut before its end.
fn cut_within(name: &str, pixels: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few characters")]
    let most = (pixels / CHARACTER).max(3.0) as usize;
    let letters: Vec<&str> = name.graphemes(true).collect();
    if letters.len() <= most {
        return name.to_owned();
    }
    let end = END.min(most / 2);
    [&letters[..most - 1 - end], &["…"], &letters[letters.len() - end..]].concat().concat()
}
