//! What the script of a page draws, as JSON.

use std::io;

use serde_json::{Value, json};

use crate::model::Verdict;
use crate::report::chart::{Band, COLOURS, LADDER, Panel, SYMBOLS, Scene, Unit, offsets};
use crate::report::svg::View;

/// The scene as the script reads it. Marks are in the order of the rows of the table of all deployments.
///
/// `near` is the stretch around the change, Unix seconds.
pub(super) fn data(scene: &Scene<'_>, view: &View, near: Option<(i64, i64)>) -> Value {
    let ladder: Vec<Value> = LADDER.iter().map(|(unit, n, seconds)| json!([unit_name(*unit), n, seconds])).collect();
    let near_by = |lane: usize| scene.marks.iter().any(|mark| mark.lane == lane && mark.place.is_some());
    let lanes = scene.lanes.iter().enumerate().map(|(i, lane)| {
        json!({ "name": lane.name, "on": view.lanes.contains(&i), "near": near_by(i), "marks": lane.marks })
    });
    let marks: Vec<Value> =
        scene.marks.iter().map(|mark| json!([mark.at, mark.lane, mark.place.unwrap_or_default()])).collect();
    let panels: Vec<Value> = view.panels.iter().filter_map(|i| scene.panels.get(*i)).map(panel).collect();
    const { assert!(COLOURS == SYMBOLS.len(), "the script steps through both by one number") };
    json!({
        "offsets": offsets(scene.zone, scene.span.0 - 86_400, scene.span.1 + 86_400),
        "ladder": ladder,
        "symbols": SYMBOLS,
        "colours": COLOURS,
        "numbers": view.numbers,
        "span": scene.span,
        "near": near,
        "asOf": scene.as_of,
        "panels": panels,
        "lanes": lanes.collect::<Vec<_>>(),
        "marks": marks,
    })
}

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Minute => "minute",
        Unit::Day => "day",
        Unit::Month => "month",
    }
}

fn panel(panel: &Panel<'_>) -> Value {
    let edges = panel.series.edges();
    let mut runs: Vec<(i64, usize)> = Vec::new();
    for pair in edges.windows(2) {
        let length = pair[1] - pair[0];
        match runs.last_mut() {
            Some((last, n)) if *last == length => *n += 1,
            _ => runs.push((length, 1)),
        }
    }
    let values: Vec<Option<f64>> = panel.series.values().iter().map(|v| Some(*v).filter(|v| v.is_finite())).collect();
    let slopes: Vec<Value> = panel.slopes.iter().map(|s| json!([s.from.0, s.from.1, s.to.0, s.to.1])).collect();
    json!({
        "name": panel.name,
        "unit": panel.unit,
        "step": panel.series.step(),
        "first": edges.first(),
        "runs": runs,
        "values": values,
        "bands": panel.bands.iter().map(band).collect::<Vec<_>>(),
        "slopes": slopes,
        "through": panel.through,
    })
}

fn band(band: &Band) -> Value {
    let verdict = match band.verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Unknown => "unknown",
    };
    json!({
        "from": band.from,
        "to": band.to,
        "onset": band.onset,
        "verdict": verdict,
        "effect": band.effect,
        "meant": band.meant,
    })
}

/// The JSON as the content of a script element, which nothing in it can end.
pub(super) fn embedded(data: &Value) -> io::Result<String> {
    let json = serde_json::to_string(data)?;
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            _ => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_data_cannot_end_its_element_and_reads_back() {
        let data = json!({ "name": "</script><!--<script>&\u{2028}\"" });
        let text = embedded(&data).unwrap();
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), data);
    }
}
