//! Jaeger's own format.

use super::{Getter, Setter, TextMapPropagator, ids, percent, token::is_token};
use crate::{
    Baggage, BaggageEntry, Context, Notice, SpanContext, SpanId, TraceFlags, TraceId, TraceState, hex,
    notice::Notices, tracestate_ref::trim_ows,
};
use alloc::{string::String, vec, vec::Vec};

const TRACE: &str = "uber-trace-id";
const BAGGAGE: &str = "uberctx-";
/// The longest value that is looked at. The parent's field may hold anything, and each character may be encoded.
const LONGEST: usize = 512;
/// The most entries of baggage, read or written.
const MAX_ENTRIES: usize = 180;
/// The most bytes of baggage, read or written: names without the prefix, and values as they stand in the carrier.
const MAX_BYTES: usize = 8192;
/// The most fields that are looked at for baggage: what does not fit is skipped, but not without end. Finding a field
/// may mean to look at all of them.
const MAX_FIELDS: usize = MAX_ENTRIES;

const SAMPLED: u8 = 1;
const DEBUG: u8 = 2;

/// Reads and writes `uber-trace-id`, and baggage as one `uberctx-` header per entry.
///
/// Short ids are padded with zeros. The parent's id is ignored, and written as 0. A context that asks for debugging is
/// [sampled and marked](Context::is_debug), and written as such again. Trace state and the random flag are not carried.
///
/// Baggage is read whether there are ids or not and is merged into that of the context, where the carrier's value wins;
/// names are made lower case and metadata is not carried. At most 180 entries and 8192 bytes are read and written; beyond
/// the first 180 fields of this kind none is looked at.
///
/// ```
/// use spanline_core::{Context, propagate::{JaegerPropagator, TextMapPropagator}};
/// let carrier = [("uber-trace-id", "5b8efff798038103:eee19b7ec3c1b174:0:1"), ("uberctx-user", "a%20b")];
/// let context = JaegerPropagator::new().extract(Context::EMPTY, &carrier);
/// assert!(context.span_context().is_sampled());
/// assert_eq!(context.baggage().get("user"), Some("a b"));
/// ```
#[derive(Debug, Default)]
pub struct JaegerPropagator {
    notices: Notices,
}

impl JaegerPropagator {
    /// The propagator; it has no options.
    pub const fn new() -> Self {
        Self {
            notices: Notices::new(),
        }
    }

    /// As [`TextMapPropagator::inject`], compiled for one type of carrier.
    #[inline]
    pub fn inject_into<S: Setter + ?Sized>(&self, context: &Context, carrier: &mut S) {
        if context.is_suppressed() {
            return;
        }
        let span = context.span_context();
        if span.is_valid() {
            let mut text = *b"00000000000000000000000000000000:0000000000000000:0:00";
            hex::write_lower(span.trace_id().as_bytes(), &mut text[..32]);
            hex::write_lower(span.span_id().as_bytes(), &mut text[33..49]);
            // Debug is 2 here as the random flag is in W3C's format, so no flags are copied.
            if context.is_debug() {
                text[53] = b'3';
            } else if span.is_sampled() {
                text[53] = b'1';
            }
            if let Ok(text) = core::str::from_utf8(&text) {
                carrier.set(TRACE, text);
            }
        }
        if !context.baggage().is_empty() {
            self.write_baggage(context.baggage(), carrier);
        }
    }

    /// As [`TextMapPropagator::extract`], compiled for one type of carrier.
    #[inline]
    pub fn extract_from<G: Getter + ?Sized>(context: Context, carrier: &G) -> Context {
        let context = match ids::first(carrier, TRACE, LONGEST).and_then(read) {
            None => context,
            Some((trace_id, span_id, flags)) => {
                let sampled = flags & SAMPLED != 0;
                let kept = TraceFlags::NONE.with_sampled(sampled);
                let span = SpanContext::new(trace_id, span_id, kept, true, TraceState::EMPTY);
                context
                    .with_remote_span_context(span)
                    .with_debug(sampled && flags & DEBUG != 0)
            }
        };
        let read = read_baggage(carrier);
        if read.is_empty() {
            return context;
        }
        let known = context.baggage().entries().iter().cloned();
        let merged = known.chain(read).collect();
        context.with_baggage(merged)
    }

    #[cold]
    fn write_baggage<S: Setter + ?Sized>(&self, baggage: &Baggage, carrier: &mut S) {
        let (mut entries, mut bytes) = (0, 0);
        let (mut name, mut value) = (String::new(), String::new());
        for entry in baggage.entries() {
            // It becomes a part of a header's name.
            if !is_token(entry.key.as_bytes()) {
                self.notices.raise(Notice::BaggageKeyNotToken);
                continue;
            }
            value.clear();
            let room = MAX_BYTES - bytes;
            // A value only grows when it is encoded.
            let mut fits = entries < MAX_ENTRIES && entry.key.len().saturating_add(entry.value.len()) <= room;
            if fits {
                percent::encode(&entry.value, is_unreserved, &mut value);
                fits = entry.key.len() + value.len() <= room;
            }
            if !fits {
                self.notices.raise(Notice::BaggageTooLarge);
                continue;
            }
            entries += 1;
            bytes += entry.key.len() + value.len();
            name.clear();
            name.push_str(BAGGAGE);
            name.push_str(&entry.key);
            carrier.set(&name, &value);
        }
    }
}

impl TextMapPropagator for JaegerPropagator {
    fn inject(&self, context: &Context, carrier: &mut dyn Setter) {
        self.inject_into(context, carrier);
    }

    fn extract(&self, context: Context, carrier: &dyn Getter) -> Context {
        Self::extract_from(context, carrier)
    }

    fn fields(&self) -> Vec<&str> {
        vec![TRACE]
    }

    fn take_notice(&self) -> Option<Notice> {
        self.notices.take()
    }
}

/// RFC 3986 `unreserved`.
fn is_unreserved(c: u8) -> bool {
    c.is_ascii_alphanumeric() || b"-._~".contains(&c)
}

/// `trace:span:parent:flags`; some senders encode the colons.
#[inline]
fn read(value: &[u8]) -> Option<(TraceId, SpanId, u8)> {
    if value.contains(&b':') {
        return read_fields(value);
    }
    read_fields(&percent::decode(value))
}

fn read_fields(value: &[u8]) -> Option<(TraceId, SpanId, u8)> {
    let mut fields = value.split(|&c| c == b':');
    let trace_id = TraceId::from_bytes(ids::padded::<16, 32>(fields.next()?)?);
    let span_id = SpanId::from_bytes(ids::padded::<8, 16>(fields.next()?)?);
    let _parent = fields.next()?;
    let [flags] = ids::padded::<1, 2>(fields.next()?)?;
    let whole = fields.next().is_none() && trace_id.is_valid() && span_id.is_valid();
    whole.then_some((trace_id, span_id, flags))
}

fn read_baggage<G: Getter + ?Sized>(carrier: &G) -> Vec<BaggageEntry> {
    let mut entries: Vec<BaggageEntry> = Vec::new();
    let mut bytes = 0;
    let names = carrier.keys();
    let names = names.into_iter().filter_map(|name| Some((name, key_of(name)?)));
    for (name, key) in names.take(MAX_FIELDS) {
        if key.len() > MAX_BYTES - bytes {
            continue;
        }
        let key = key.to_ascii_lowercase();
        if entries.iter().any(|entry| entry.key == key) {
            continue;
        }
        let Some(value) = carrier.get(name) else { continue };
        if value.len() > MAX_BYTES - bytes - key.len() {
            continue;
        }
        bytes += key.len() + value.len();
        entries.push(BaggageEntry {
            key,
            value: String::from_utf8_lossy(&percent::decode(trim_ows(value))).into_owned(),
            metadata: None,
        });
    }
    entries
}

/// What is behind the prefix; `None` without it, and when there is nothing.
fn key_of(name: &str) -> Option<&str> {
    let (prefix, key) = name.split_at_checked(BAGGAGE.len())?;
    (prefix.eq_ignore_ascii_case(BAGGAGE) && !key.is_empty()).then_some(key)
}
