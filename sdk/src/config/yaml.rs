//! From a text in YAML to a tree. JSON is YAML, too.

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput, Tag};
use spanline_engine::ErrorKind;
use spanline_engine::config::{
    Entry, Node, Position, Problem, Remark, Value, plain_scalar, substitute, undefined,
};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The largest text, in bytes. What aliases and variables add may be as much again.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// The deepest nesting. Whoever walks the tree may recurse.
const MOST_DEPTH: usize = 64;

/// What stands here belongs to another program, whose variables may follow other rules.
const PASSED_OVER: [&str; 2] = ["tracing", "collector"];

/// What a node costs beside its text: a list of 30,000 aliases must not become 30,000 large lists.
const NODE_COST: usize = 32;

/// Variables that are spoken of, each once; a line has no room for more.
const MOST_REMARKS: usize = 20;

/// Reads one document. Variables are replaced in values, never in keys.
pub(super) fn load(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Node, Problem> {
    load_and_remark(text, env).map(|(tree, _)| tree)
}

/// As [`load`], with what is to be said of variables that are not set.
pub(super) fn load_and_remark(
    text: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<(Node, Vec<Remark>), Problem> {
    if text.len() > MOST_BYTES {
        let wrong = format!("it has {} bytes; {MOST_BYTES} are the most", text.len());
        return Err(Problem::new(ErrorKind::Parse, "", None, wrong));
    }
    let mut parser = Parser::new(StrInput::new(text.strip_prefix('\u{feff}').unwrap_or(text)));
    let mut loader = Loader {
        env,
        open: Vec::new(),
        anchors: BTreeMap::new(),
        room: MOST_BYTES,
        document: None,
        remarks: Vec::new(),
    };
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|error| not_yaml(text, &error))?;
        loader.event(event, position(span.start))?;
    }
    Ok((loader.document.unwrap_or_default(), loader.remarks))
}

fn not_yaml(text: &str, error: &ScanError) -> Problem {
    let at = position(*error.marker());
    let line = text.lines().nth(at.line.saturating_sub(1)).unwrap_or_default();
    // The most common mistake of all: a reference has braces, which end plain text there.
    let advice = match line.contains("${") {
        true => "; within `{}` and `[]` a reference such as `${NAME}` stands in quotes only",
        false => "",
    };
    let wrong = format!("this is not YAML: {}{advice}", error.info());
    Problem::new(ErrorKind::Parse, "", Some(at), wrong)
}

fn position(marker: Marker) -> Position {
    Position {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

/// A collection that has not ended.
enum Open {
    List {
        at: Position,
        anchor: usize,
        cost: usize,
        items: Vec<Node>,
    },
    Map {
        at: Position,
        anchor: usize,
        cost: usize,
        entries: Vec<Entry>,
        keys: BTreeSet<String>,
        /// The key whose value comes next.
        key: Option<(String, Position)>,
    },
}

struct Loader<'a> {
    env: &'a dyn Fn(&str) -> Option<String>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, (Node, usize)>,
    /// Bytes that variables and aliases may still add.
    room: usize,
    document: Option<Node>,
    remarks: Vec<Remark>,
}

impl Loader<'_> {
    fn event(&mut self, event: Event<'_>, at: Position) -> Result<(), Problem> {
        match event {
            Event::DocumentStart(_) if self.document.is_some() => {
                Err(self.wrong(at, "a second document begins here; one is expected"))
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), "seq", at)?;
                self.enter(
                    at,
                    Open::List {
                        at,
                        anchor,
                        cost: NODE_COST,
                        items: Vec::new(),
                    },
                )
            }
            Event::MappingStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), "map", at)?;
                self.enter(
                    at,
                    Open::Map {
                        at,
                        anchor,
                        cost: NODE_COST,
                        entries: Vec::new(),
                        keys: BTreeSet::new(),
                        key: None,
                    },
                )
            }
            Event::SequenceEnd | Event::MappingEnd => self.leave(),
            Event::Scalar(text, style, anchor, tag) => self.scalar(text, style, anchor, tag.as_deref(), at),
            Event::Alias(anchor) => self.alias(anchor, at),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn enter(&mut self, at: Position, collection: Open) -> Result<(), Problem> {
        if self.expects_key() {
            return Err(self.wrong(at, "a key is text, not a list or a map"));
        }
        if self.open.len() >= MOST_DEPTH {
            return Err(self.wrong(at, format!("this is nested deeper than {MOST_DEPTH} levels")));
        }
        self.open.push(collection);
        Ok(())
    }

    fn leave(&mut self) -> Result<(), Problem> {
        let (value, at, anchor, cost) = match self.open.pop() {
            Some(Open::List {
                at,
                anchor,
                cost,
                items,
            }) => (Value::List(items), at, anchor, cost),
            Some(Open::Map {
                at,
                anchor,
                cost,
                entries,
                ..
            }) => (Value::Map(entries), at, anchor, cost),
            None => return Ok(()),
        };
        self.put(Node::at(value, Some(at)), anchor, cost);
        Ok(())
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        at: Position,
    ) -> Result<(), Problem> {
        if self.expects_key() {
            return self.key(text.into_owned(), at);
        }
        let text = if text.contains('$') && !self.is_passed_over() {
            let most = text.len() + self.room;
            let replaced = substitute(&text, self.env, most)
                .map_err(|wrong| self.wrong(at, format!("this value {wrong}")))?;
            for remark in undefined(&text, self.env, Some(at)) {
                let is_new = self.remarks.iter().all(|known| known.path != remark.path);
                if is_new && self.remarks.len() < MOST_REMARKS {
                    self.remarks.push(remark);
                }
            }
            self.room -= replaced.len().saturating_sub(text.len());
            Cow::Owned(replaced)
        } else {
            text
        };
        let value = self.value(&text, style == ScalarStyle::Plain, tag, at)?;
        let cost = text.len() + NODE_COST;
        self.put(Node::at(value, Some(at)).written(&text), anchor, cost);
        Ok(())
    }

    fn value(&self, text: &str, plain: bool, tag: Option<&Tag>, at: Position) -> Result<Value, Problem> {
        let Some(tag) = tag else {
            return Ok(if plain {
                plain_scalar(text)
            } else {
                Value::Str(text.to_owned())
            });
        };
        // `!` alone: text, whatever it looks like.
        let name = if tag.handle.is_empty() && tag.suffix == "!" {
            "str"
        } else {
            core_name(tag)
        };
        let value = match (name, plain_scalar(text)) {
            ("str", _) => Value::Str(text.to_owned()),
            ("null", value @ Value::Null)
            | ("bool", value @ Value::Bool(_))
            | ("int", value @ Value::Int(_))
            | ("float", value @ (Value::Int(_) | Value::Float(_))) => value,
            ("null" | "bool" | "int" | "float", _) => {
                return Err(self.wrong(at, format!("the value is not what its tag `{tag}` says")));
            }
            _ => return Err(self.wrong(at, format!("the tag `{tag}` is not known here"))),
        };
        Ok(value)
    }

    fn check_tag(&self, tag: Option<&Tag>, fits: &str, at: Position) -> Result<(), Problem> {
        match tag {
            Some(tag) if core_name(tag) != fits => {
                Err(self.wrong(at, format!("the tag `{tag}` is not known here")))
            }
            _ => Ok(()),
        }
    }

    fn key(&mut self, text: String, at: Position) -> Result<(), Problem> {
        let Some(Open::Map { keys, key, .. }) = self.open.last_mut() else {
            return Ok(());
        };
        if keys.insert(text.clone()) {
            *key = Some((text, at));
            return Ok(());
        }
        let wrong = format!("the key {text:?} stands here for the second time");
        Err(self.wrong(at, wrong))
    }

    fn alias(&mut self, anchor: usize, at: Position) -> Result<(), Problem> {
        if self.expects_key() {
            return Err(self.wrong(at, "an alias cannot be a key"));
        }
        let Some((node, cost)) = self.anchors.get(&anchor) else {
            return Err(self.wrong(at, "the anchor that this alias names has not ended before it"));
        };
        let (node, cost) = (node, *cost);
        let Some(room) = self.room.checked_sub(cost) else {
            let wrong =
                format!("aliases and variables make it longer than {MOST_BYTES} bytes more than it is");
            return Err(self.wrong(at, wrong));
        };
        if self.open.len() + depth(node) > MOST_DEPTH {
            return Err(self.wrong(at, format!("this is nested deeper than {MOST_DEPTH} levels")));
        }
        let node = node.clone();
        self.room = room;
        self.put(node, 0, cost);
        Ok(())
    }

    /// Puts a finished value where it belongs.
    fn put(&mut self, node: Node, name: usize, cost: usize) {
        if name > 0 {
            // The copy costs as much as an alias does.
            self.room = self.room.saturating_sub(cost);
            self.anchors.insert(name, (node.clone(), cost));
        }
        match self.open.last_mut() {
            Some(Open::List { items, cost: sum, .. }) => {
                *sum += cost;
                items.push(node);
            }
            Some(Open::Map {
                entries,
                key,
                cost: sum,
                ..
            }) => {
                if let Some((key, at)) = key.take() {
                    *sum += cost + key.len();
                    entries.push(Entry {
                        key,
                        at: Some(at),
                        value: node,
                    });
                }
            }
            None => self.document = Some(node),
        }
    }

    fn expects_key(&self) -> bool {
        matches!(self.open.last(), Some(Open::Map { key: None, .. }))
    }

    fn is_passed_over(&self) -> bool {
        let mut keys = self.open.iter().map(|open| match open {
            Open::Map {
                key: Some((key, _)), ..
            } => key.as_str(),
            _ => "",
        });
        PASSED_OVER.iter().all(|name| keys.next() == Some(name))
    }

    /// The path of the value that comes next.
    fn path(&self) -> String {
        let mut path = String::new();
        for open in &self.open {
            match open {
                Open::Map {
                    key: Some((key, _)), ..
                } => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(key);
                }
                Open::Map { key: None, .. } => {}
                Open::List { items, .. } => path.push_str(&format!("[{}]", items.len())),
            }
        }
        path
    }

    fn wrong(&self, at: Position, text: impl Into<String>) -> Problem {
        Problem::new(ErrorKind::Parse, self.path(), Some(at), text)
    }
}

/// The name of a tag of YAML's own; empty for another tag.
fn core_name(tag: &Tag) -> &str {
    if tag.is_yaml_core_schema() {
        &tag.suffix
    } else {
        ""
    }
}

/// How many levels a value has; the tree is never deeper than the bound.
fn depth(node: &Node) -> usize {
    let below = node.items().iter().map(depth);
    let below = below.chain(node.entries().iter().map(|entry| depth(&entry.value)));
    match node.value {
        Value::List(_) | Value::Map(_) => 1 + below.max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
