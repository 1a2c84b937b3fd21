//! The header: that a file is ours, how it is laid out, and who wrote it.

use super::{MAX_EXPORTERS, table::Layout, u32_at};
use crate::export::ledger::Source;
use alloc::{string::String, vec::Vec};
use core::str;
use spanline_core::{
    InstrumentationScope, KeyValue, Resource,
    wire::otlp::{self, Attributes, ResourceView, ScopeView},
};

/// Bytes of the fixed part.
pub const FIXED: usize = 64;

const MAGIC: [u8; 8] = *b"SPANLINE";
const VERSION: u32 = 1;

/// More than this is no header: names, and a resource.
const MAX_TEXTS: usize = 1 << 20;

/// Where the check value stands in the fixed part.
const CHECK_AT: usize = 40;

/// Who wrote a file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Header {
    /// The process.
    pub pid: u32,
    /// The name of its host; for people.
    pub host: String,
    /// The names of its exporters, in order; at most 16.
    pub exporters: Vec<String>,
    /// Its resource: the fields of a `ResourceSpans` around its scopes.
    pub resource: Vec<u8>,
}

/// Why a file is left alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// It is something else.
    Foreign,
    /// Another version of the format.
    Version(u32),
    /// It is one of ours whose header is damaged or cut off.
    Damaged,
}

impl Header {
    /// The bytes of header and names, without the padding up to the table. `None` when they are too many.
    pub fn encode(&self, bytes: u64) -> Option<(Vec<u8>, Layout)> {
        let mut texts = Vec::new();
        let names = self.exporters.iter().map(String::as_bytes);
        for text in [self.host.as_bytes(), &self.resource].into_iter().chain(names) {
            texts.extend(u32::try_from(text.len()).ok()?.to_le_bytes());
            texts.extend(text);
        }
        if texts.len() > MAX_TEXTS || self.exporters.len() > MAX_EXPORTERS {
            return None;
        }
        let layout = Layout::plan(FIXED + texts.len(), bytes)?;
        let mut out = Vec::with_capacity(FIXED + texts.len());
        out.extend(MAGIC);
        let numbers = [
            VERSION,
            layout.table_at,
            layout.data_at,
            layout.slots,
            super::SLOT_BYTES,
            self.exporters.len() as u32,
            texts.len() as u32,
            self.pid,
        ];
        out.extend(numbers.into_iter().flat_map(u32::to_le_bytes));
        out.extend(check(&out, &texts).to_le_bytes());
        out.resize(FIXED, 0);
        out.extend(texts);
        Some((out, layout))
    }

    /// How many bytes header and names have, by the fixed part.
    ///
    /// # Errors
    ///
    /// Why the file is left alone.
    pub fn length(fixed: &[u8]) -> Result<usize, Refusal> {
        if !fixed.starts_with(&MAGIC) {
            return Err(Refusal::Foreign);
        }
        let number = |at| u32_at(fixed, at).ok_or(Refusal::Damaged);
        match number(8)? {
            VERSION => {}
            other => return Err(Refusal::Version(other)),
        }
        let texts = number(32)? as usize;
        if texts > MAX_TEXTS || fixed.len() < FIXED {
            return Err(Refusal::Damaged);
        }
        Ok(FIXED + texts)
    }

    /// Reads header and names.
    ///
    /// # Errors
    ///
    /// Why the file is left alone.
    pub fn decode(bytes: &[u8]) -> Result<(Self, Layout), Refusal> {
        let length = Self::length(bytes)?;
        let whole = bytes.get(..length).ok_or(Refusal::Damaged)?;
        let (fixed, texts) = whole.split_at_checked(FIXED).ok_or(Refusal::Damaged)?;
        let stored = fixed.get(CHECK_AT..).and_then(|rest| rest.first_chunk());
        let stored = u64::from_le_bytes(*stored.ok_or(Refusal::Damaged)?);
        let number = |at| u32_at(fixed, at).ok_or(Refusal::Damaged);
        let layout = Layout {
            table_at: number(12)?,
            data_at: number(16)?,
            slots: number(20)?,
        };
        let exporters = number(28)? as usize;
        let sound = check(&fixed[..CHECK_AT], texts) == stored
            && layout.is_sound(length)
            && number(24)? == super::SLOT_BYTES
            && exporters <= MAX_EXPORTERS;
        if !sound {
            return Err(Refusal::Damaged);
        }
        let mut texts = Texts(texts);
        let mut next = || texts.next().ok_or(Refusal::Damaged);
        let host = String::from_utf8_lossy(next()?).into_owned();
        let resource = next()?.to_vec();
        let exporters = (0..exporters)
            .map(|_| next().map(|name| String::from_utf8_lossy(name).into_owned()))
            .collect::<Result<_, _>>()?;
        let header = Self {
            pid: number(36)?,
            host,
            exporters,
            resource,
        };
        Ok((header, layout))
    }

    /// The process with its resource, and the scopes that it left by number; what of these cannot be read is empty.
    pub fn source<'a>(&self, scopes: impl IntoIterator<Item = (u16, &'a [u8])>) -> Source {
        let mut known: Vec<InstrumentationScope> = Vec::new();
        for (number, fields) in scopes {
            let at = usize::from(number);
            if at >= known.len() {
                known.resize_with(at + 1, InstrumentationScope::default);
            }
            if let Some(place) = known.get_mut(at) {
                *place = read_scope(fields).unwrap_or_default();
            }
        }
        Source::new(read_resource(&self.resource).unwrap_or_default(), known)
    }
}

/// Texts with their lengths in front.
struct Texts<'a>(&'a [u8]);

impl<'a> Texts<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let length = u32_at(self.0, 0)? as usize;
        let (text, rest) = self.0.get(4..)?.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }
}

/// FNV-1a: notices what is damaged, not what is forged.
fn check(fixed: &[u8], texts: &[u8]) -> u64 {
    fixed
        .iter()
        .chain(texts)
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

/// `fields` as the one message of this tag.
fn framed(tag: u8, fields: &[u8]) -> Vec<u8> {
    let mut message = alloc::vec![0; otlp::framed_len(fields.len())];
    let at = otlp::write_frame(&mut message, 0, tag, fields.len());
    if let Some(place) = message.get_mut(at..) {
        place.copy_from_slice(fields);
    }
    message
}

fn read_resource(fields: &[u8]) -> Option<Resource> {
    let body = framed(otlp::RESOURCE_SPANS, fields);
    let group = otlp::decode_request_protobuf(&body)
        .ok()?
        .resource_spans()
        .next()?;
    let resource = group.resource();
    let schema_url = Some(group.schema_url()).filter(|url| !url.is_empty());
    Some(Resource::new(
        owned(ResourceView::ours(&resource).attributes()),
        schema_url.map(|url| String::from(url).into()),
    ))
}

fn read_scope(fields: &[u8]) -> Option<InstrumentationScope> {
    let body = framed(otlp::RESOURCE_SPANS, &framed(otlp::SCOPE_SPANS, fields));
    let group = otlp::decode_request_protobuf(&body)
        .ok()?
        .resource_spans()
        .next()?;
    let scope = group.scope_spans().next()?;
    let message = scope.scope();
    let view = ScopeView::ours(&message);
    let text = |text: &str| (!text.is_empty()).then(|| String::from(text).into());
    Some(InstrumentationScope {
        name: String::from(view.name()).into(),
        version: text(view.version()),
        schema_url: text(scope.schema_url()),
        attributes: owned(view.attributes()),
    })
}

fn owned(attributes: Attributes<'_>) -> Vec<KeyValue> {
    attributes
        .map(|(key, value)| KeyValue::new(String::from(key), value.to_owned()))
        .collect()
}
