//! SQL as tokens.

use super::dialect::{Backslash, Prefix, SqlDialect};
use super::quotes;

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// White space or a comment.
    Gap,
    /// A name or a keyword.
    Word,
    /// A name in quotes.
    Quoted,
    /// A value.
    Literal,
    /// What a value is put in for later.
    Parameter,
    /// One ASCII character of any other kind.
    Symbol,
    /// The rest of the text, of which it cannot be said what it is, or a literal that does not end.
    Rest,
}

/// A piece of the text. Tokens lie side by side: nothing is between them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// PostgreSQL numbers its parameters up to 65535.
const PARAMETER_DIGITS: usize = 5;

/// The tokens of a text.
#[derive(Clone, Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    dialect: SqlDialect,
    at: usize,
    /// Whether the token before was a name, so that a dot behind it does not begin a number.
    after_name: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str, dialect: SqlDialect) -> Self {
        Self {
            text,
            dialect,
            at: 0,
            after_name: false,
        }
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes().get(at).copied().unwrap_or(0)
    }

    fn before(&self) -> u8 {
        self.at.checked_sub(1).map_or(0, |at| self.byte(at))
    }

    /// What begins here, and where it ends. `None` for the end: the rest of the text.
    fn read(&self, first: u8) -> (Kind, Option<usize>) {
        let next = self.byte(self.at + 1);
        match first {
            0..=b' ' | 0x7f => (Kind::Gap, Some(self.while_true(self.at, is_space))),
            b'-' if next == b'-' => self.dashes(),
            b'/' if next == b'*' => self.comment(),
            // CQL and Cypher.
            b'/' if next == b'/' && self.dialect == SqlDialect::Unknown => self.unsure_line(),
            b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F'
                if self.dialect == SqlDialect::Unknown && quotes::is_uuid(self.bytes(), self.at) =>
            {
                (Kind::Literal, Some(self.at + quotes::UUID))
            }
            b'#' if self.dialect == SqlDialect::MySql => self.line(),
            b'#' if self.dialect == SqlDialect::Unknown => self.unsure_line(),
            b'\'' => self.string(self.at, self.dialect.backslash()),
            b'"' if self.dialect.double_quotes_hold_text() => self.string(self.at, self.dialect.backslash()),
            b'"' => self.name(b'"'),
            b'`' if self.dialect.has_backticks() => self.name(b'`'),
            b'[' if self.dialect == SqlDialect::Sqlite => {
                (Kind::Quoted, quotes::until(self.bytes(), self.at, b']'))
            }
            b'[' if self.dialect.has_brackets() => self.name(b']'),
            b'[' if self.dialect == SqlDialect::Unknown && self.is_unsure_bracket() => (Kind::Rest, None),
            b'$' => self.dollar(next),
            b'?' if self.dialect == SqlDialect::Sqlite => (
                Kind::Parameter,
                Some(self.while_true(self.at + 1, |byte| byte.is_ascii_digit())),
            ),
            b'?' => (Kind::Parameter, Some(self.at + 1)),
            b':' if self.before() != b':' && self.begins_name(next) => self.parameter(),
            b':' if next.is_ascii_digit() && self.dialect.numbers_colons() => self.parameter(),
            b'@' if self.dialect.names_at() && (self.begins_name(next) || next == b'@') => self.parameter(),
            b'%' if next == b's' && !self.belongs_to_name(self.byte(self.at + 2)) => {
                (Kind::Parameter, Some(self.at + 2))
            }
            b'0'..=b'9' => self.number(),
            b'.' if next.is_ascii_digit() && !self.after_name => self.number(),
            _ if self.begins_name(first) => self.word(),
            _ => (Kind::Symbol, Some(self.at + 1)),
        }
    }

    fn while_true(&self, from: usize, belongs: impl Fn(u8) -> bool) -> usize {
        let rest = self.bytes().get(from..).unwrap_or_default();
        from + rest.iter().take_while(|&&byte| belongs(byte)).count()
    }

    fn begins_name(&self, byte: u8) -> bool {
        byte == b'_'
            || byte.is_ascii_alphabetic()
            || byte >= 0x80
            || (byte == b'#' && self.dialect == SqlDialect::SqlServer)
    }

    fn belongs_to_name(&self, byte: u8) -> bool {
        byte == b'_'
            || byte == b'$'
            || byte.is_ascii_alphanumeric()
            || byte >= 0x80
            || (byte == b'#' && self.dialect.names_hash())
    }

    /// Two dashes.
    fn dashes(&self) -> (Kind, Option<usize>) {
        let ends_here = self.at + 2 >= self.bytes().len();
        let spaced = ends_here || is_space(self.byte(self.at + 2));
        match self.dialect {
            SqlDialect::MySql if !spaced => (Kind::Symbol, Some(self.at + 1)),
            SqlDialect::Unknown if !spaced => self.unsure_line(),
            _ => self.line(),
        }
    }

    /// A comment to the end of the line.
    fn line(&self) -> (Kind, Option<usize>) {
        (Kind::Gap, Some(quotes::line(self.bytes(), self.at)))
    }

    /// A comment in some dialects. Nothing in it is kept; what follows is read only if it is the same either way.
    fn unsure_line(&self) -> (Kind, Option<usize>) {
        let end = quotes::line(self.bytes(), self.at);
        match self.bytes().get(self.at..end).is_some_and(quotes::is_telling) {
            true => (Kind::Rest, None),
            false => (Kind::Gap, Some(end)),
        }
    }

    fn comment(&self) -> (Kind, Option<usize>) {
        let (end, within) = quotes::comment(self.bytes(), self.at, self.dialect.nests_comments());
        let end = end.unwrap_or(self.bytes().len());
        let content = self
            .bytes()
            .get(self.at + 2..end.max(self.at + 4) - 2)
            .unwrap_or_default();
        // MySQL runs what is in `/*! */`, where a quote may hide the end.
        let runs = content.first() == Some(&b'!') || content.get(..2) == Some(b"M!");
        let unsure = match self.dialect {
            SqlDialect::MySql => runs && quotes::is_telling(content),
            SqlDialect::Unknown => within || (runs && quotes::is_telling(content)),
            _ => false,
        };
        if unsure {
            (Kind::Rest, None)
        } else {
            (Kind::Gap, Some(end))
        }
    }

    fn string(&self, quote: usize, backslash: Backslash) -> (Kind, Option<usize>) {
        let close = self.byte(quote);
        // Three quotes begin a string of their own kind in some.
        let tripled = self.byte(quote + 1) == close && self.byte(quote + 2) == close;
        if self.dialect == SqlDialect::Unknown && tripled {
            return (Kind::Rest, None);
        }
        (
            Kind::Literal,
            quotes::quoted(self.bytes(), quote, close, backslash),
        )
    }

    fn name(&self, close: u8) -> (Kind, Option<usize>) {
        let end = quotes::quoted(self.bytes(), self.at, close, Backslash::Plain);
        if self.dialect == SqlDialect::Unknown {
            let content = end.and_then(|end| self.bytes().get(self.at + 1..end - 1));
            if content.is_none_or(quotes::is_telling) {
                return (Kind::Rest, None);
            }
        }
        (Kind::Quoted, end)
    }

    /// Whether a bracket would lead to another reading where it is a quote.
    fn is_unsure_bracket(&self) -> bool {
        let content = self.bytes().get(self.at + 1..).unwrap_or_default();
        // To the next bracket, so that no byte is looked at by two of them.
        let end = content.iter().position(|&byte| matches!(byte, b']' | b'['));
        let content = content.get(..end.unwrap_or(content.len())).unwrap_or_default();
        // Whole strings are as good as none.
        let quotes = content.iter().filter(|&&byte| byte == b'\'').count();
        let others = |byte: &u8| *byte != b'\'' && quotes::is_telling(core::slice::from_ref(byte));
        quotes % 2 == 1
            || content.iter().any(others)
            || content.contains(&b'#')
            || content.windows(2).any(|pair| matches!(pair, b"--" | b"/*"))
    }

    fn dollar(&self, next: u8) -> (Kind, Option<usize>) {
        let symbol = (Kind::Symbol, Some(self.at + 1));
        match self.dialect {
            SqlDialect::PostgreSql if next.is_ascii_digit() => {
                let end = self.while_true(self.at + 1, |byte| byte.is_ascii_digit());
                match end - self.at - 1 {
                    1..=PARAMETER_DIGITS => (Kind::Parameter, Some(end)),
                    _ => symbol,
                }
            }
            SqlDialect::PostgreSql => match quotes::dollar_tag(self.text, self.at) {
                Some(tag) => {
                    let content = self.at + tag.len();
                    let close = self.text.get(content..).and_then(|rest| rest.find(tag));
                    (Kind::Literal, close.map(|close| content + close + tag.len()))
                }
                None => symbol,
            },
            SqlDialect::Unknown if quotes::dollar_tag(self.text, self.at).is_some() => (Kind::Rest, None),
            SqlDialect::Sqlite if self.belongs_to_name(next) => self.parameter(),
            _ => symbol,
        }
    }

    /// One or more of a character and a name behind them.
    fn parameter(&self) -> (Kind, Option<usize>) {
        let sign = self.byte(self.at);
        let name = match sign {
            b'@' => self.while_true(self.at, |byte| byte == sign),
            _ => self.at + 1,
        };
        let end = self.while_true(name, |byte| self.belongs_to_name(byte));
        match self.byte(end) {
            // The name may be a part of the string.
            b'\'' => (Kind::Symbol, Some(self.at + 1)),
            _ => (Kind::Parameter, Some(end)),
        }
    }

    /// A number, together with letters right behind it.
    fn number(&self) -> (Kind, Option<usize>) {
        let mut end = self.at;
        let (mut decimal, mut exponent) = (true, false);
        loop {
            let byte = self.byte(end);
            let sign = exponent && matches!(byte, b'+' | b'-') && self.byte(end + 1).is_ascii_digit();
            if !(sign || matches!(byte, b'_' | b'.') || byte.is_ascii_alphanumeric() || byte >= 0x80) {
                break;
            }
            exponent = decimal && matches!(byte, b'e' | b'E');
            decimal &= matches!(byte, b'_' | b'.') || byte.is_ascii_digit();
            end += 1;
        }
        // The letters may belong to the string.
        let letters = !self.byte(end.saturating_sub(1)).is_ascii_digit();
        if self.byte(end) == b'\'' && letters {
            return (Kind::Rest, None);
        }
        (Kind::Literal, Some(end))
    }

    /// A word, or a string with a word in front.
    fn word(&self) -> (Kind, Option<usize>) {
        let end = self.while_true(self.at, |byte| self.belongs_to_name(byte));
        let word = self.bytes().get(self.at..end).unwrap_or_default();
        if self.byte(end) == b'\'' {
            match self.dialect.prefix(word) {
                Prefix::None => {}
                Prefix::Plain => return self.string(end, self.dialect.backslash()),
                Prefix::Escaped => return (Kind::Literal, self.escaped(end)),
                Prefix::Delimited => return (Kind::Literal, quotes::delimited(self.text, end)),
                Prefix::Unsure => return (Kind::Rest, None),
            }
        }
        let truth = word.eq_ignore_ascii_case(b"true") || word.eq_ignore_ascii_case(b"false");
        let kind = if truth && self.before() != b'.' {
            Kind::Literal
        } else {
            Kind::Word
        };
        (kind, Some(end))
    }

    /// A string with backslashes and its continuations on further lines.
    fn escaped(&self, quote: usize) -> Option<usize> {
        let mut end = quotes::quoted(self.bytes(), quote, b'\'', Backslash::Escapes)?;
        while let Some(quote) = quotes::continued(self.bytes(), end) {
            end = quotes::quoted(self.bytes(), quote, b'\'', Backslash::Escapes)?;
        }
        Some(end)
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let start = self.at;
        let first = *self.bytes().get(start)?;
        let (kind, end) = self.read(first);
        let length = self.bytes().len();
        // At least one byte is taken, whatever comes.
        let (kind, end) = match end {
            Some(end) => (kind, end.clamp(start + 1, length)),
            None => (Kind::Rest, length),
        };
        self.at = end;
        self.after_name = matches!(kind, Kind::Word | Kind::Quoted);
        Some(Token { kind, start, end })
    }
}

fn is_space(byte: u8) -> bool {
    byte <= b' ' || byte == 0x7f
}
