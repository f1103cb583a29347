//! Bytes and what they cost.

/// Bytes of a TiB, by which queries are billed.
const TIB: f64 = 1_099_511_627_776.0;
/// A query is billed for no less.
const LEAST: u64 = 10 << 20;

/// Bytes as people read them, by 1024.
#[must_use]
pub fn shown_bytes(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1023.95 && unit + 1 < units.len() {
        size /= 1024.0;
        unit += 1;
    }
    if size >= 99.95 { format!("{size:.0} {}", units[unit]) } else { format!("{size:.1} {}", units[unit]) }
}

/// Bytes as people write them: `10GiB`, `500 MB`, `1.5TiB`, or a plain number of bytes; none where it is neither.
#[must_use]
pub fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(text.len());
    let number: f64 = text[..digits].replace('_', "").parse().ok()?;
    let unit: f64 = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        "k" | "kib" => 1024.0,
        "m" | "mib" => 1_048_576.0,
        "g" | "gib" => 1_073_741_824.0,
        "t" | "tib" => TIB,
        _ => return None,
    };
    let bytes = number * unit;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 2^60")]
    (1.0..=1_152_921_504_606_846_976.0).contains(&bytes).then_some(bytes as u64)
}

/// Bytes that are billed for scanning so many: at least 10 MiB, nothing for nothing.
pub(super) fn billed(bytes: u64) -> u64 {
    if bytes == 0 { 0 } else { bytes.max(LEAST) }
}

/// The estimated cost of scanning these bytes, at a price for each TiB.
pub(super) fn cost(bytes: u64, price_per_tib: f64) -> f64 {
    billed(bytes) as f64 / TIB * price_per_tib
}

/// A cost in US dollars, as people read it.
pub(super) fn shown_cost(cost: f64) -> String {
    if cost > 0.0 && cost < 0.01 { "less than 0.01 USD".to_owned() } else { format!("about {cost:.2} USD") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_and_shown() {
        for (text, bytes) in [("10GiB", 10 << 30), ("500 MB", 500_000_000), ("1.5k", 1536), ("1_000", 1000), ("7", 7)] {
            assert_eq!(parse_bytes(text), Some(bytes), "{text}");
        }
        for wrong in ["", "GiB", "-1GiB", "10 apples", "0", "1e9", "1.2.3"] {
            assert_eq!(parse_bytes(wrong), None, "{wrong}");
        }
        assert_eq!(
            ["1000", "10GiB", "1.5TiB"].map(|t| shown_bytes(parse_bytes(t).unwrap())),
            ["1000 B", "10.0 GiB", "1.5 TiB"]
        );
    }

    #[test]
    fn a_query_costs_at_least_ten_mebibytes() {
        assert_eq!(billed(1), 10 << 20);
        assert!((cost(1 << 40, 6.25) - 6.25).abs() < 1e-12);
        assert_eq!(shown_cost(cost(1, 6.25)), "less than 0.01 USD");
    }
}
