//! "Did you mean ...?"

use alloc::{vec, vec::Vec};

/// Names longer than this get no hint: the effort grows with the square of the length.
const LONGEST: usize = 100;

/// Of `known` the name that is closest to `unknown`: the smallest edit distance (insert, delete, replace, swap of
/// neighbours; case ignored), the first of equals. `None` when that is more than a third of the length of `unknown`,
/// rounded up.
///
/// ```
/// use spanline_engine::options::closest;
/// let known = ["always_on", "always_off"];
/// assert_eq!(closest("alwyas_on", known), Some("always_on"));
/// assert_eq!(closest("magic", known), None);
/// ```
pub fn closest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    within(unknown.chars().count().div_ceil(3), unknown, known)
}

/// The same with another bound of the distance.
pub(super) fn within<'a>(
    most: usize,
    unknown: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let unknown = folded(unknown);
    if unknown.len() > LONGEST {
        return None;
    }
    let mut best = None;
    for name in known {
        let distance = distance(&unknown, &folded(name));
        if distance <= most && best.is_none_or(|(smallest, _)| distance < smallest) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

fn folded(name: &str) -> Vec<char> {
    name.chars().flat_map(char::to_lowercase).collect()
}

/// The optimal string alignment distance, in three rows.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut row = vec![0; b.len() + 1];
    for i in 1..=a.len() {
        row[0] = i;
        for j in 1..=b.len() {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        core::mem::swap(&mut before, &mut above);
        core::mem::swap(&mut above, &mut row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "acb", 1),
            ("kitten", "sitting", 3),
            // Optimal string alignment: no part is edited twice.
            ("ca", "abc", 3),
        ] {
            assert_eq!(distance(&folded(a), &folded(b)), expected, "{a} {b}");
        }
    }

    #[test]
    fn the_bound_is_a_third_rounded_up() {
        assert_eq!(closest("ab", ["cb"]), Some("cb"));
        assert_eq!(closest("abc", ["abxy"]), None);
        assert_eq!(closest("abcd", ["abxy"]), Some("abxy"));
        assert_eq!(closest("", ["a"]), None);
    }

    #[test]
    fn the_first_of_equals_and_case_ignored() {
        assert_eq!(closest("cat", ["bat", "hat"]), Some("bat"));
        assert_eq!(closest("OTPL", ["none", "otlp"]), Some("otlp"));
    }

    #[test]
    fn long_names_are_refused_without_effort() {
        let long = "x".repeat(1 << 20);
        assert_eq!(closest(&long, ["x"]), None);
    }
}
