//! Making a message: one line, bounded, without control characters.

use std::fmt::{self, Write};

/// The longest message, in bytes.
pub(super) const MAX_MESSAGE: usize = 1_024;
/// The longest piece of a user's text inside a message, in bytes.
const MAX_USER_TEXT: usize = 200;

/// Text that is not ours (a name, an answer of a server) in a message: quoted, cut to 200 bytes, with control
/// characters replaced. Not for values that may be secret: those are never logged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UserText<'a>(pub(crate) &'a str);

impl fmt::Display for UserText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        let cut = floor_char_boundary(self.0, MAX_USER_TEXT);
        for character in self.0[..cut].chars() {
            f.write_char(match character {
                // Where a quote is, the text ends.
                '"' => '\'',
                _ if character.is_control() => ' ',
                _ => character,
            })?;
        }
        f.write_str(if cut < self.0.len() { "...\"" } else { "\"" })
    }
}

/// What somebody else said, behind what they said it with: nothing when they said nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a>(pub(crate) &'a str);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.trim() {
            "" => Ok(()),
            said => write!(f, " {}", UserText(said)),
        }
    }
}

/// The largest length up to `most` that does not cut a character.
fn floor_char_boundary(text: &str, most: usize) -> usize {
    let mut cut = most.min(text.len());
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    cut
}

/// Collects text up to the bound, each control character as a space.
struct OneLine(String);

impl fmt::Write for OneLine {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if self.0.len() + character.len_utf8() > MAX_MESSAGE {
                return Err(fmt::Error);
            }
            self.0.push(if character.is_control() { ' ' } else { character });
        }
        Ok(())
    }
}

/// The message as one line of at most [`MAX_MESSAGE`] bytes.
pub(super) fn one_line(message: fmt::Arguments<'_>) -> String {
    let mut line = OneLine(String::new());
    // An error is the bound, or a Display that gave up: what there is, is the message.
    let _ = line.write_fmt(message);
    line.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_bounded_line() {
        assert_eq!(one_line(format_args!("a\nb\u{7f}{}", 3)), "a b 3");
        let long = "\u{20ac}".repeat(1_000);
        let line = one_line(format_args!("{long}"));
        assert_eq!(line.len(), 1_023);
    }

    #[test]
    fn what_others_say_is_quoted_without_confusion_or_left_out() {
        let said = Said("nothing at \"/\"");
        assert_eq!(format!("404{said}"), "404 \"nothing at '/'\"");
        assert_eq!(format!("404{}", Said(" ")), "404");
    }

    #[test]
    fn user_text_is_quoted_cleaned_and_cut() {
        assert_eq!(UserText("a\u{1b}[31m\n").to_string(), "\"a [31m \"");
        let long = format!("x{}", "\u{20ac}".repeat(100));
        let shown = UserText(&long).to_string();
        assert_eq!(shown.len(), 1 + 199 + 4);
        assert!(shown.ends_with("...\""));
    }
}
