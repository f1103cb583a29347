use super::Suspect;

/// The suspects by group, each with its likeliest first; the groups by their probability together, equal ones as their first members stand.
///
/// One that is in no group is a group of its own.
#[must_use]
pub fn grouped(suspects: &[Suspect]) -> Vec<Vec<&Suspect>> {
    let mut groups: Vec<Vec<&Suspect>> = Vec::new();
    let mut places: std::collections::HashMap<&str, usize> = std::collections::HashMap::new();
    for suspect in suspects {
        let place = suspect.group.as_deref().map(|name| *places.entry(name).or_insert(groups.len()));
        match place.and_then(|place| groups.get_mut(place)) {
            Some(group) => group.push(suspect),
            None => groups.push(vec![suspect]),
        }
    }
    groups.sort_by(|a, b| together(b).total_cmp(&together(a)));
    groups
}

/// The probability that one of these did it.
#[must_use]
pub fn together(suspects: &[&Suspect]) -> f64 {
    suspects.iter().map(|suspect| suspect.probability).sum()
}
