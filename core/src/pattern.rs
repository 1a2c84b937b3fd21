//! Patterns with `*` and `?`, as configurations use them for names.

use core::str::Chars;

/// Whether a pattern fits the whole text: `*` stands for any characters, also none, `?` for exactly one. Case counts, and
/// nothing else has a meaning of its own. The effort is at most the product of both lengths.
///
/// ```
/// use spanline_core::pattern_fits;
/// assert!(pattern_fits("io.*", "io.shop.orders"));
/// assert!(!pattern_fits("io.?", "io.shop"));
/// ```
pub fn pattern_fits(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // What stands behind the last star, and what that star has not swallowed yet.
    let mut star: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let (mut next_pattern, mut next_text) = (pattern.clone(), text.clone());
        match (next_pattern.next(), next_text.next()) {
            (Some('*'), _) => {
                star = Some((next_pattern.clone(), text.clone()));
                pattern = next_pattern;
            }
            (None, None) => return true,
            (Some(asked), Some(found)) if asked == '?' || asked == found => {
                (pattern, text) = (next_pattern, next_text);
            }
            _ => {
                let Some((behind, left)) = &mut star else {
                    return false;
                };
                if left.next().is_none() {
                    return false;
                }
                (pattern, text) = (behind.clone(), left.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::pattern_fits;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    #[test]
    fn patterns() {
        for (pattern, text, fits) in [
            ("", "", true),
            ("", "a", false),
            ("a", "", false),
            ("*", "", true),
            ("**", "a", true),
            ("*", "any.thing", true),
            ("host.*", "host.name", true),
            ("host.*", "host.", true),
            ("host.*", "hostname", false),
            ("h?st.name", "host.name", true),
            ("host.?", "host.", false),
            ("host.??", "host.a", false),
            ("*.name", "process.executable.name", true),
            ("*.name", "process.executable.named", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("Host.*", "host.name", false),
            ("?", "\u{e9}", true),
            ("??", "\u{e9}", false),
            ("host.name", "host.name", true),
            ("host.name", "host-name", false),
            ("[h]ost", "host", false),
            ("\\*", "*", false),
        ] {
            assert_eq!(pattern_fits(pattern, text), fits, "{pattern} {text}");
        }
    }

    /// The same by recursion, which is plain but may take for ever.
    fn plain(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], _) => text.is_empty(),
            (['*', rest @ ..], _) => (0..=text.len()).any(|taken| plain(rest, &text[taken..])),
            ([_, ..], []) => false,
            ([c, rest @ ..], [t, others @ ..]) => (*c == '?' || c == t) && plain(rest, others),
        }
    }

    proptest! {
        #[test]
        fn patterns_fit_as_the_plain_way_says(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(pattern_fits(&pattern, &text), plain(&chars(&pattern), &chars(&text)));
        }
    }
}
