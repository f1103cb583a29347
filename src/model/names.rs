/// The up to `most` names most like `wanted`, the most alike first; none that is not alike at all.
///
/// Likeness is the greater of Jaro-Winkler's, which favours a common beginning, and Damerau-Levenshtein's, which knows swapped letters;
/// case does not matter.
#[must_use]
pub fn nearest_names<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>, most: usize) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    let likeness = |name: &str| {
        let name = name.to_lowercase();
        strsim::jaro_winkler(&wanted, &name).max(strsim::normalized_damerau_levenshtein(&wanted, &name))
    };
    let mut alike: Vec<(f64, &str)> = names.into_iter().map(|name| (likeness(name), name)).collect();
    alike.retain(|(likeness, _)| *likeness > ALIKE);
    alike.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    alike.into_iter().take(most).map(|(_, name)| name.to_owned()).collect()
}

/// Names less alike than this are not worth a mention.
const ALIKE: f64 = 0.6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swapped_letters_and_endings_are_found_and_strangers_are_not() {
        let names = ["web", "checkout-api", "mobile"];
        assert_eq!(nearest_names("wbe", names, 1), ["web"]);
        assert_eq!(nearest_names("Checkout", names, 2), ["checkout-api"]);
        assert!(nearest_names("zzz", names, 3).is_empty());
    }
}
