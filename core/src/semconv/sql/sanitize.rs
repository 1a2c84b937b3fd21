//! A text without its values.

use super::dialect::SqlDialect;
use super::lexer::{Kind, Lexer, Token};
use super::out::Out;
use alloc::borrow::Cow;

/// Most bytes that [`sanitize`] keeps of a text: 8 KiB.
pub const MAX_QUERY_BYTES: usize = 8 * 1024;

/// The text of a query without values, as `db.query.text` may have it: [`Sanitizer`] with its defaults.
///
/// ```
/// use spanline_core::semconv::{SqlDialect, sanitize};
/// let text = "SELECT * FROM users -- all\n WHERE name = 'O''Brien' AND id IN (1, 2, 3)";
/// assert_eq!(
///     sanitize(text, SqlDialect::PostgreSql),
///     "SELECT * FROM users WHERE name = ? AND id IN (?)"
/// );
/// ```
pub fn sanitize(text: &str, dialect: SqlDialect) -> Cow<'_, str> {
    Sanitizer::new(dialect).sanitize(text)
}

/// Takes the values out of SQL texts.
///
/// * Each literal becomes `?`: strings of every kind, numbers, `TRUE` and `FALSE`. `NULL` stays.
/// * Comments go, white space becomes one space. Names in quotes and parameters (`?`, `$1`, `:name`, `@name`, `%s`) stay.
/// * A list of values behind `IN` becomes `(?)`, however long it is; a `NULL` among them goes with them.
/// * What is over the limit is cut off between two tokens. What begins as a literal and does not end becomes `?` to the
///   end of the text; so does, in [`SqlDialect::Unknown`], what two dialects would read differently.
///
/// A text in which nothing has to change is not copied. The result is left as it is when it is sanitised again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sanitizer {
    /// How the text is read.
    pub dialect: SqlDialect,
    /// Most bytes of the result.
    pub max_bytes: usize,
}

impl Sanitizer {
    /// For a dialect, with results of at most [`MAX_QUERY_BYTES`].
    pub const fn new(dialect: SqlDialect) -> Self {
        Self {
            dialect,
            max_bytes: MAX_QUERY_BYTES,
        }
    }

    /// The text without values.
    pub fn sanitize<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut writer = Writer::new(text, self.max_bytes);
        for token in Lexer::new(text, self.dialect) {
            writer.token(token);
            if writer.is_done() {
                break;
            }
        }
        writer.out.finish()
    }
}

/// Where a list behind `IN` is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum List {
    /// Nowhere.
    No,
    /// The word was just there.
    Word,
    /// It is open: how much had been written before its first token, and whether it has a value.
    Open(usize, bool),
}

/// Writes tokens.
#[derive(Clone, Debug)]
struct Writer<'a> {
    text: &'a str,
    out: Out<'a>,
    space: bool,
    list: List,
}

impl<'a> Writer<'a> {
    fn new(text: &'a str, max_bytes: usize) -> Self {
        Self {
            text,
            out: Out::new(text, max_bytes),
            space: false,
            list: List::No,
        }
    }

    /// Nothing more can be written: a list that is open may still shrink.
    fn is_done(&self) -> bool {
        self.out.full && !matches!(self.list, List::Open(..))
    }

    fn token(&mut self, token: Token) {
        let piece = self.text.get(token.start..token.end).unwrap_or_default();
        match token.kind {
            Kind::Gap => {
                self.space |= self.out.len() > 0;
                return;
            }
            Kind::Literal | Kind::Rest => self.push("?"),
            // Together they would begin a comment.
            Kind::Symbol if piece == "-" && self.out.ends_with(b'-') => {
                self.space = true;
                self.push(piece);
            }
            Kind::Symbol if piece == ")" => self.close(),
            _ => self.push(piece),
        }
        self.list = match (self.list, token.kind) {
            (List::Word, Kind::Symbol) if piece == "(" && !self.out.full => List::Open(self.out.len(), false),
            (List::Open(mark, _), Kind::Literal | Kind::Parameter) => List::Open(mark, true),
            (List::Open(mark, some), Kind::Symbol) if matches!(piece, "," | "+" | "-") => {
                List::Open(mark, some)
            }
            (List::Open(mark, some), Kind::Word) if piece.eq_ignore_ascii_case("null") => {
                List::Open(mark, some)
            }
            (_, Kind::Word) if piece.eq_ignore_ascii_case("in") => List::Word,
            _ => List::No,
        };
    }

    fn push(&mut self, piece: &str) {
        self.out.push(self.space, piece);
        self.space = false;
    }

    /// A parenthesis closes; the list before it shrinks, if it is one.
    fn close(&mut self) {
        if let List::Open(mark, true) = self.list {
            self.out.cut(mark);
            self.space = false;
            self.push("?");
        }
        self.push(")");
    }
}
