//! W3C Baggage.

use super::{Getter, Setter, TextMapPropagator, percent, token::is_token};
use crate::{Baggage, BaggageEntry, Context, Notice, notice::Notices, tracestate_ref::trim_ows};
use alloc::{string::String, vec, vec::Vec};

const BAGGAGE: &str = "baggage";
/// The most members of a header, read or written.
const MAX_MEMBERS: usize = 180;
/// The most bytes of a header, read or written.
const MAX_BYTES: usize = 8192;

/// Reads and writes the `baggage` header (W3C Baggage).
///
/// Read: names are tokens, taken literally; values are percent-decoded, what is not UTF-8 becomes U+FFFD; a bad
/// member is skipped; reading stops at the first member beyond 180, or that ends beyond 8192 bytes. The entries read
/// replace the context's baggage; when there are none it stays.
///
/// Written: what the header cannot hold is left out, whole entries only, and raises a [`Notice`].
#[derive(Debug, Default)]
pub struct BaggagePropagator {
    notices: Notices,
}

impl BaggagePropagator {
    /// The propagator; it has no options.
    pub const fn new() -> Self {
        Self {
            notices: Notices::new(),
        }
    }

    /// As [`TextMapPropagator::inject`], compiled for one type of carrier.
    #[inline]
    pub fn inject_into<S: Setter + ?Sized>(&self, context: &Context, carrier: &mut S) {
        if context.baggage().is_empty() || context.is_suppressed() {
            return;
        }
        let header = self.header(context.baggage());
        if !header.is_empty() {
            carrier.set(BAGGAGE, &header);
        }
    }

    /// As [`TextMapPropagator::extract`], compiled for one type of carrier.
    #[inline]
    pub fn extract_from<G: Getter + ?Sized>(context: Context, carrier: &G) -> Context {
        let mut reader = Reader::default();
        carrier.get_all(BAGGAGE, &mut |value| reader.header(value));
        if reader.entries.is_empty() {
            return context;
        }
        context.with_baggage(reader.entries.into_iter().collect())
    }

    fn header(&self, baggage: &Baggage) -> String {
        let mut header = String::new();
        let mut members = 0;
        for entry in baggage.entries() {
            if !is_token(entry.key.as_bytes()) {
                self.notices.raise(Notice::BaggageKeyNotToken);
                continue;
            }
            if members == MAX_MEMBERS {
                // None of the others can be written.
                self.notices.raise(Notice::BaggageTooLarge);
                break;
            }
            let before = header.len();
            // A value only grows when it is encoded.
            if before
                .saturating_add(entry.key.len() + 1)
                .saturating_add(entry.value.len())
                > MAX_BYTES
            {
                self.notices.raise(Notice::BaggageTooLarge);
                continue;
            }
            if before > 0 {
                header.push(',');
            }
            self.member(entry, &mut header);
            if header.len() > MAX_BYTES {
                self.notices.raise(Notice::BaggageTooLarge);
                header.truncate(before);
                continue;
            }
            members += 1;
        }
        header
    }

    fn member(&self, entry: &BaggageEntry, header: &mut String) {
        header.push_str(&entry.key);
        header.push('=');
        for &byte in entry.value.as_bytes() {
            if is_octet(byte) && byte != b'%' {
                header.push(char::from(byte));
            } else {
                percent::push(header, byte);
            }
            if header.len() > MAX_BYTES {
                return;
            }
        }
        match entry.metadata.as_deref() {
            None => {}
            Some(metadata) if is_metadata(metadata.as_bytes()) => {
                header.push(';');
                header.push_str(metadata);
            }
            Some(_) => self.notices.raise(Notice::BaggageMetadata),
        }
    }
}

impl TextMapPropagator for BaggagePropagator {
    fn inject(&self, context: &Context, carrier: &mut dyn Setter) {
        self.inject_into(context, carrier);
    }

    fn extract(&self, context: Context, carrier: &dyn Getter) -> Context {
        Self::extract_from(context, carrier)
    }

    fn fields(&self) -> Vec<&str> {
        vec![BAGGAGE]
    }

    fn take_notice(&self) -> Option<Notice> {
        self.notices.take()
    }
}

/// Reads headers one after the other, as if they were joined with commas.
#[derive(Default)]
struct Reader {
    entries: Vec<BaggageEntry>,
    /// Bytes of the joined header so far.
    bytes: usize,
    /// Members that were not empty, bad ones included.
    members: usize,
    headers: usize,
    full: bool,
}

impl Reader {
    fn header(&mut self, header: &[u8]) {
        if self.headers > 0 {
            self.bytes += 1;
        }
        self.headers += 1;
        for (i, member) in header.split(|&c| c == b',').enumerate() {
            self.bytes = self.bytes.saturating_add(member.len() + usize::from(i > 0));
            self.full |= self.bytes > MAX_BYTES;
            if self.full {
                return;
            }
            let member = trim_ows(member);
            if member.is_empty() {
                continue;
            }
            if self.members == MAX_MEMBERS {
                self.full = true;
                return;
            }
            self.members += 1;
            self.entries.extend(read_member(member));
        }
    }
}

/// One member; `None` when it is bad.
fn read_member(member: &[u8]) -> Option<BaggageEntry> {
    let (pair, metadata) = split_once(member, b';').unwrap_or((member, b""));
    let (key, value) = split_once(pair, b'=')?;
    let (key, value, metadata) = (trim_ows(key), trim_ows(value), trim_ows(metadata));
    if !is_token(key) || !value.iter().all(|&c| is_octet(c)) {
        return None;
    }
    let metadata = Some(metadata).filter(|text| !text.is_empty() && is_metadata(text));
    Some(BaggageEntry {
        // All three are ASCII, so nothing is replaced but what percent-encoding brings in.
        key: String::from_utf8_lossy(key).into_owned(),
        value: String::from_utf8_lossy(&percent::decode(value)).into_owned(),
        metadata: metadata.map(|text| String::from_utf8_lossy(text).into_owned()),
    })
}

fn split_once(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = text.iter().position(|&c| c == at)?;
    Some((&text[..place], &text[place + 1..]))
}

/// `baggage-octet`: what a value is made of on the wire.
fn is_octet(c: u8) -> bool {
    matches!(c, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

/// What metadata is made of. It is written as it is, so anything else could end the header or add a member.
fn is_metadata(text: &[u8]) -> bool {
    text.iter()
        .all(|&c| is_octet(c) || matches!(c, b';' | b' ' | b'\t'))
}
