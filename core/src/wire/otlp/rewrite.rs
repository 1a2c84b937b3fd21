//! Visits what a span says in its user's words, and tells what is to change.

use super::SpanEdit;
use super::frame::{EVENT_ATTRIBUTES, LINK_ATTRIBUTES, SPAN_ATTRIBUTES, SPAN_EVENTS, SPAN_LINKS};
use super::value::push_attribute;
use super::value_view::{ValueView, pair};
use super::view::SpanView;
use crate::wire::proto::{Reader, Sink};
use crate::{OwnedValue, ValueLimits};
use alloc::{string::String, vec::Vec};

/// Where something stands in a span. Events and links are counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Place {
    /// The span's name.
    Name,
    /// The message of its status.
    StatusMessage,
    /// One of its attributes.
    Attribute,
    /// The name of an event.
    EventName(usize),
    /// An attribute of an event.
    EventAttribute(usize),
    /// An attribute of a link.
    LinkAttribute(usize),
}

/// What a visit sees.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Visited<'a> {
    /// Where it stands.
    pub place: Place,
    /// The attribute's key; names and messages have none.
    pub key: &'a str,
    /// The value; names and messages are text.
    pub value: ValueView<'a>,
}

/// What becomes of what was visited.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Rewrite {
    /// It stays.
    #[default]
    Keep,
    /// The attribute goes; a name or message becomes empty. Nothing counts as dropped: that is what limits do.
    Remove,
    /// This takes its place, within the limits of values. Where a text belongs, anything else counts as the empty text.
    Replace(OwnedValue),
}

/// A field that becomes another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldChange<'a> {
    /// How many fields of the same number stand in front of it.
    pub at: usize,
    /// The whole field as it was.
    pub old: &'a [u8],
    /// The whole field as it shall be; empty: it goes.
    pub new: Vec<u8>,
}

/// What is to change in a span.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct SpanChanges<'a> {
    /// Its new name.
    pub name: Option<String>,
    /// The new message of its status.
    pub status_message: Option<String>,
    /// Its attributes.
    pub attributes: Vec<FieldChange<'a>>,
    /// Its events.
    pub events: Vec<FieldChange<'a>>,
    /// Its links.
    pub links: Vec<FieldChange<'a>>,
}

impl<'a> SpanChanges<'a> {
    /// Shows everything in the span that has a key or is a text of the user's, and collects the answers: the name, the
    /// attributes, then each event with its name and attributes and each link with its attributes, and the message of the
    /// status. Empty texts are not shown.
    ///
    /// ```
    /// use spanline_core::{SpanId, TraceId, ValueLimits};
    /// use spanline_core::wire::otlp::{Place, Rewrite, SpanChanges, SpanEdit, SpanParts, SpanView};
    /// let parts = SpanParts::new(TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]));
    /// let mut message = vec![0; parts.encoded_len()];
    /// parts.write_to(&mut message);
    /// let message = SpanEdit::new(SpanView::ours(&message)).set_attribute("password", "s3cret".into()).finish();
    /// let span = SpanView::ours(&message);
    /// let changes = SpanChanges::visit(span, &ValueLimits::default(), &mut |visited| {
    ///     match (visited.place, visited.key) {
    ///         (Place::Attribute, "password") => Rewrite::Replace("REDACTED".into()),
    ///         _ => Rewrite::Keep,
    ///     }
    /// });
    /// let changed = changes.apply_to(span);
    /// assert_eq!(SpanView::ours(&changed).attribute("password").unwrap().as_str(), Some("REDACTED"));
    /// ```
    pub fn visit(
        span: SpanView<'a>,
        limits: &ValueLimits,
        visit: &mut dyn FnMut(Visited<'_>) -> Rewrite,
    ) -> Self {
        let mut walk = Walk { limits, visit };
        let mut changes = Self {
            name: walk.text(Place::Name, span.name()),
            ..Self::default()
        };
        let (mut attributes, mut events, mut links) = (0, 0, 0);
        for field in Reader::new(span.as_bytes()) {
            let Ok(body) = field.bytes() else { continue };
            let (list, count, new) = match field.number {
                9 => {
                    let new = walk.attribute(SPAN_ATTRIBUTES, Place::Attribute, body);
                    (&mut changes.attributes, &mut attributes, new)
                }
                11 => {
                    let new = walk.message(SPAN_EVENTS, body, &|part| match part {
                        2 => Some((None, Place::EventName(events))),
                        3 => Some((Some(EVENT_ATTRIBUTES), Place::EventAttribute(events))),
                        _ => None,
                    });
                    (&mut changes.events, &mut events, new)
                }
                13 => {
                    let new = walk.message(SPAN_LINKS, body, &|part| match part {
                        4 => Some((Some(LINK_ATTRIBUTES), Place::LinkAttribute(links))),
                        _ => None,
                    });
                    (&mut changes.links, &mut links, new)
                }
                _ => continue,
            };
            if let Some(new) = new {
                let (at, old) = (*count, field.raw);
                list.push(FieldChange { at, old, new });
            }
            *count += 1;
        }
        changes.status_message = walk.text(Place::StatusMessage, span.status().1);
        changes
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// A copy of the span that was visited, with these changes.
    pub fn apply_to(&self, span: SpanView<'_>) -> Vec<u8> {
        let source = span.as_bytes();
        let mut out = Vec::with_capacity(source.len());
        let mut lists = [(9, &self.attributes), (11, &self.events), (13, &self.links)]
            .map(|(number, changes)| (number, Changing::new(changes)));
        for field in Reader::new(source) {
            match lists.iter_mut().find(|(number, _)| *number == field.number) {
                Some((_, changing)) if field.bytes().is_ok() => out.put(changing.next(field.raw)),
                _ => out.put(field.raw),
            }
        }
        if self.name.is_none() && self.status_message.is_none() {
            return out;
        }
        let mut edit = SpanEdit::new(SpanView::ours(&out));
        if let Some(name) = &self.name {
            edit.set_name(name);
        }
        if let Some(message) = &self.status_message {
            edit.set_status(span.status().0, message);
        }
        edit.finish()
    }
}

/// A copy of fields that all have the same number, with these changes. A field that is not any more what it was when it
/// was visited stays as it is.
pub fn change_fields(fields: &[u8], changes: &[FieldChange<'_>]) -> Vec<u8> {
    let mut changing = Changing::new(changes);
    let mut out = Vec::with_capacity(fields.len());
    for field in Reader::new(fields) {
        out.put(changing.next(field.raw));
    }
    out
}

/// Goes through fields and their changes side by side.
struct Changing<'c> {
    changes: core::iter::Peekable<core::slice::Iter<'c, FieldChange<'c>>>,
    at: usize,
}

impl<'c> Changing<'c> {
    fn new(changes: &'c [FieldChange<'c>]) -> Self {
        Self {
            changes: changes.iter().peekable(),
            at: 0,
        }
    }

    /// What stands for the next field.
    fn next(&mut self, raw: &'c [u8]) -> &'c [u8] {
        let at = self.at;
        self.at += 1;
        match self.changes.next_if(|change| change.at == at) {
            Some(change) if change.old == raw => &change.new,
            _ => raw,
        }
    }
}

struct Walk<'w> {
    limits: &'w ValueLimits,
    visit: &'w mut dyn FnMut(Visited<'_>) -> Rewrite,
}

impl Walk<'_> {
    /// What takes the place of a text.
    fn text(&mut self, place: Place, text: &str) -> Option<String> {
        if text.is_empty() {
            return None;
        }
        let value = ValueView::Str(text);
        match (self.visit)(Visited {
            place,
            key: "",
            value,
        }) {
            Rewrite::Keep => None,
            Rewrite::Replace(OwnedValue::Str(new)) => Some(new.into_owned()),
            Rewrite::Remove | Rewrite::Replace(_) => Some(String::new()),
        }
    }

    /// What takes the place of the field of an attribute.
    fn attribute(&mut self, tag: u8, place: Place, body: &[u8]) -> Option<Vec<u8>> {
        let (key, value) = pair(body);
        let mut field = Vec::new();
        match (self.visit)(Visited { place, key, value }) {
            Rewrite::Keep => return None,
            Rewrite::Remove => {}
            Rewrite::Replace(new) => push_attribute(tag, key, new.as_value(), self.limits, &mut field),
        }
        Some(field)
    }

    /// What takes the place of the field of an event or link. `part` tells of a number what has it: an attribute, by its
    /// tag, or else a text.
    fn message(
        &mut self,
        tag: u8,
        body: &[u8],
        part: &dyn Fn(u32) -> Option<(Option<u8>, Place)>,
    ) -> Option<Vec<u8>> {
        let mut out: Option<Vec<u8>> = None;
        let mut end = 0;
        for field in Reader::new(body) {
            let begin = end;
            end += field.raw.len();
            let new = match (part(field.number), field.bytes()) {
                (Some((Some(tag), place)), Ok(body)) => self.attribute(tag, place, body),
                (Some((None, place)), Ok(bytes)) => {
                    let text = core::str::from_utf8(bytes).unwrap_or_default();
                    self.text(place, text).map(|text| {
                        let mut field = Vec::new();
                        // The name of an event, the only text there is.
                        field.optional(0x12, text.as_bytes());
                        field
                    })
                }
                _ => None,
            };
            if let Some(new) = new {
                let before = || body.get(..begin).unwrap_or_default().into();
                out.get_or_insert_with(before).put(&new);
            } else if let Some(out) = &mut out {
                out.put(field.raw);
            }
        }
        out.map(|body| {
            let mut field = Vec::with_capacity(body.len() + 4);
            field.framed(tag, &body);
            field
        })
    }
}
