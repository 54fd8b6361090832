//! What somebody meant who wrote another word.

/// The candidate that `word` is a slip of, if there is one: a third of the name may be wrong.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|known| (strsim::osa_distance(word, known), known))
        .filter(|(distance, known)| *distance <= last(known).len().div_ceil(3))
        .min()
        .map(|(_, known)| known)
}

/// The name of a key without its section.
pub(crate) fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
