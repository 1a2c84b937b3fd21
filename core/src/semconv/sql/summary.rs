//! What a query does, in a few words.

use super::dialect::SqlDialect;
use super::keywords::{
    AFTER_TABLES, BEFORE_TARGET, CONFLICTS, OBJECTS, Operation, PEOPLE, is_one_of, operation,
};
use super::lexer::{Kind, Lexer, Token};
use alloc::string::String;

/// Most characters of a summary.
pub const MAX_SUMMARY_CHARS: usize = 255;

/// Most bytes of a text that are read for its summary: 64 KiB.
pub const MAX_SUMMARY_READ: usize = 64 * 1024;

/// Parentheses within each other that are understood; deeper ones add nothing.
const MAX_DEPTH: usize = 24;

/// What a query does, as `db.query.summary` has it: its operations and what they are done to, in their order and
/// spelling, at most [`MAX_SUMMARY_CHARS`] characters. `None` when no operation is known. Of a text that is longer than
/// [`MAX_SUMMARY_READ`] the rest is not looked at.
///
/// ```
/// use spanline_core::semconv::{SqlDialect, summary};
/// let text = "INSERT INTO shipping_details (order_id) SELECT order_id FROM orders WHERE id = 4";
/// let summary = summary(text, SqlDialect::PostgreSql);
/// assert_eq!(summary.as_deref(), Some("INSERT shipping_details SELECT orders"));
/// ```
pub fn summary(text: &str, dialect: SqlDialect) -> Option<String> {
    let mut reader = Reader::new(text);
    for token in Lexer::new(text, dialect) {
        if token.kind == Kind::Rest || token.end > MAX_SUMMARY_READ || reader.full {
            break;
        }
        reader.token(token);
    }
    reader.commit();
    (!reader.out.is_empty()).then_some(reader.out)
}

/// What the next word of a level may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Expect {
    /// The beginning of a statement.
    Statement,
    /// The beginning of a statement within another.
    Query,
    /// The same below `WITH`, where it may write, too.
    Part,
    /// After an operation that others follow, one of them.
    Further,
    /// The name of a table. Names of functions are not wanted.
    Table,
    /// The target of an operation, perhaps after `INTO` and other words.
    Target,
    /// The rule for conflicts in `INSERT OR`.
    Conflict,
    /// The kind of an object to define.
    Object,
    /// Nothing that concerns us.
    Nothing,
}

impl Expect {
    fn wants_name(self) -> bool {
        matches!(self, Self::Table | Self::Target)
    }
}

/// What is between two parentheses, or outside all of them.
#[derive(Clone, Copy, Debug)]
struct Level {
    expect: Expect,
    /// The operation, once it is known.
    operation: Option<Operation>,
    /// Whether a comma leads to another table.
    tables: bool,
    /// Whether there was a `JOIN`, so that `USING` leads to columns.
    joined: bool,
}

impl Level {
    const fn new(expect: Expect) -> Self {
        Self {
            expect,
            operation: None,
            tables: false,
            joined: false,
        }
    }

    /// Whether `USING` leads to a table.
    fn reads_using(self) -> bool {
        matches!(self.operation, Some(Operation::Merge | Operation::Delete)) && !self.joined
    }
}

/// A name that may go on.
#[derive(Clone, Copy, Debug)]
struct Name {
    start: usize,
    end: usize,
    /// Whether a parenthesis makes it a function.
    table: bool,
}

/// Reads tokens.
#[derive(Clone, Debug)]
struct Reader<'a> {
    text: &'a str,
    out: String,
    chars: usize,
    full: bool,
    levels: [Level; MAX_DEPTH],
    depth: usize,
    name: Option<Name>,
    /// Whether the word before was `DISTINCT`.
    distinct: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            out: String::new(),
            chars: 0,
            full: false,
            levels: [Level::new(Expect::Statement); MAX_DEPTH],
            depth: 0,
            name: None,
            distinct: false,
        }
    }

    fn level(&mut self) -> Option<&mut Level> {
        self.levels.get_mut(self.depth)
    }

    fn expect(&mut self, expect: Expect) {
        if let Some(level) = self.level() {
            level.expect = expect;
        }
    }

    fn set_tables(&mut self, tables: bool) {
        if let Some(level) = self.level() {
            level.tables = tables;
        }
    }

    fn piece(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn push(&mut self, piece: &str) {
        let chars = piece.chars().count() + usize::from(self.chars > 0);
        if self.full || self.chars + chars > MAX_SUMMARY_CHARS {
            self.full = true;
            return;
        }
        if self.chars > 0 {
            self.out.push(' ');
        }
        self.chars += chars;
        self.out.push_str(piece);
    }

    /// The name that was begun is at its end.
    fn commit(&mut self) {
        if let Some(name) = self.name.take() {
            let piece = self.piece(name.start, name.end);
            self.push(piece);
        }
    }

    fn token(&mut self, token: Token) {
        if token.kind == Kind::Gap {
            return;
        }
        let piece = self.piece(token.start, token.end);
        if self.goes_on(token, piece) {
            return;
        }
        if piece == "(" && self.name.is_some_and(|name| name.table) {
            self.name = None;
        }
        self.commit();
        match token.kind {
            Kind::Word => self.word(piece, token),
            Kind::Quoted => self.target(token),
            Kind::Symbol => self.symbol(piece),
            _ => self.value(piece, token),
        }
        self.distinct = token.kind == Kind::Word && piece.eq_ignore_ascii_case("DISTINCT");
    }

    /// Whether the token belongs to the name before it: `a.b`, `a..b`.
    fn goes_on(&mut self, token: Token, piece: &str) -> bool {
        let Some(name) = self.name else { return false };
        let dotted = self.text.as_bytes().get(name.end.wrapping_sub(1)) == Some(&b'.');
        let part = dotted && matches!(token.kind, Kind::Word | Kind::Quoted);
        let goes_on = name.end == token.start && (piece == "." || part);
        if goes_on {
            self.name = Some(Name {
                end: token.end,
                ..name
            });
        }
        goes_on
    }

    /// A name, where one is wanted.
    fn target(&mut self, token: Token) {
        let Some(level) = self.level() else { return };
        let table = level.expect == Expect::Table;
        if table || level.expect == Expect::Target {
            level.expect = Expect::Nothing;
            self.name = Some(Name {
                start: token.start,
                end: token.end,
                table,
            });
        }
    }

    /// A literal or a parameter.
    fn value(&mut self, piece: &str, token: Token) {
        let Some(&mut level) = self.level() else { return };
        if level.expect == Expect::Table && piece.starts_with(['\'', '"']) {
            // Some databases take a string for a name.
            self.target(token);
        } else if level.expect.wants_name()
            // `EXEC @result = name`
            && !(token.kind == Kind::Parameter && level.operation == Some(Operation::Call))
        {
            self.expect(Expect::Nothing);
        }
    }

    fn symbol(&mut self, piece: &str) {
        match piece {
            "(" => self.open(),
            ")" => self.depth = self.depth.saturating_sub(1),
            ";" => {
                self.depth = 0;
                self.levels[0] = Level::new(Expect::Statement);
            }
            "," if self.level().is_some_and(|level| level.tables) => self.expect(Expect::Table),
            _ => {}
        }
    }

    fn open(&mut self) {
        let Some(level) = self.level() else {
            self.depth += 1;
            return;
        };
        let inner = match (level.expect, level.operation) {
            (Expect::Table, _) => Level {
                tables: true,
                ..Level::new(Expect::Table)
            },
            (Expect::Statement, None) => Level::new(Expect::Statement),
            (_, Some(Operation::With)) => Level::new(Expect::Part),
            _ => Level::new(Expect::Query),
        };
        if level.expect.wants_name() {
            level.expect = Expect::Nothing;
        }
        self.depth += 1;
        if let Some(level) = self.level() {
            *level = inner;
        }
    }

    fn word(&mut self, word: &str, token: Token) {
        let Some(&mut level) = self.level() else { return };
        let known = operation(word);
        match level.expect {
            Expect::Statement | Expect::Part => return self.begin(known, word),
            Expect::Query => {
                let query = matches!(known, Some(Operation::Select | Operation::With));
                return self.begin(known.filter(|_| query), word);
            }
            Expect::Further => {
                if known.is_some_and(Operation::has_target) {
                    self.begin(known, word);
                }
                return;
            }
            Expect::Object => return self.object(level, word, token),
            Expect::Conflict if is_one_of(word, CONFLICTS) => return self.expect(Expect::Target),
            _ => {}
        }
        let is = |other: &str| word.eq_ignore_ascii_case(other);
        let wanted = level.expect.wants_name();
        let reads = level.operation.is_some_and(Operation::has_target);
        let begins = match known {
            Some(Operation::Select) => level.operation != Some(Operation::Alone),
            Some(Operation::With) => level.expect == Expect::Table,
            Some(known) => level.operation == Some(Operation::With) && known.has_target(),
            None => false,
        };
        if begins {
            self.begin(known, word);
        } else if wanted && is("OR") {
            self.expect(Expect::Conflict);
        } else if (is("FROM") && reads && !self.distinct) || (is("USING") && level.reads_using()) {
            self.set_tables(true);
            self.expect(Expect::Table);
        } else if (is("JOIN") || is("APPLY")) && (reads || level.tables) {
            if let Some(level) = self.level() {
                (level.joined, level.expect) = (true, Expect::Table);
            }
        } else if wanted && is_one_of(word, BEFORE_TARGET) {
            // The name comes later.
        } else if is_one_of(word, AFTER_TABLES) {
            self.set_tables(false);
            self.expect(Expect::Nothing);
        } else if wanted && (is("ON") || is("AS")) {
            self.expect(Expect::Nothing);
        } else {
            self.target(token);
        }
    }

    /// The first word of a statement.
    fn begin(&mut self, known: Option<Operation>, word: &str) {
        let Some(level) = self.level() else { return };
        let expect = match known {
            Some(Operation::Select | Operation::With | Operation::Alone) | None => Expect::Nothing,
            Some(Operation::Define | Operation::Truncate) => Expect::Object,
            Some(Operation::Before) => Expect::Further,
            Some(_) => Expect::Target,
        };
        *level = Level {
            operation: known,
            tables: known == Some(Operation::Update),
            ..Level::new(expect)
        };
        if known.is_some_and(|known| known != Operation::With) {
            self.push(word);
        }
    }

    /// A word between `CREATE` and the name.
    fn object(&mut self, level: Level, word: &str, token: Token) {
        if is_one_of(word, OBJECTS) {
            self.push(word);
            self.expect(Expect::Target);
        } else if is_one_of(word, PEOPLE) {
            self.push(word);
            self.expect(Expect::Nothing);
        } else if level.operation == Some(Operation::Truncate) && !is_one_of(word, BEFORE_TARGET) {
            self.expect(Expect::Target);
            self.target(token);
        }
    }
}
