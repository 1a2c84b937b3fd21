//! A spool that another process left.

use spanline_core::wire::otlp::{SpanView, encode_resource, encode_scope};
use spanline_core::{InstrumentationScope, Resource};
use spanline_engine::spool::{
    ENTRY, FIXED, Found, Header, MAX_EXPORTERS, SLOT_BYTES, recover, settled_at, survey,
};

/// Where the check value stands.
const CHECK_AT: usize = 40;

/// The bytes of a record in front of its message.
const RECORD: usize = 8;

/// The input is a file, as it is and with a check value that is right; what stands behind its header is a table and a
/// slot, too.
pub fn spool(input: &[u8]) {
    let _ = header(input);
    let mut file = input.to_vec();
    if let Ok(length) = Header::length(input)
        && let Some(texts) = input.get(FIXED..length)
    {
        let check = fnv(input[..CHECK_AT].iter().chain(texts));
        file[CHECK_AT..CHECK_AT + 8].copy_from_slice(&check.to_le_bytes());
    }
    let (known, rest) = header(&file).unwrap_or((Header::default(), &file));
    for exporters in [known.exporters.len(), MAX_EXPORTERS + 1] {
        table(rest, exporters);
    }
    let scopes = records(rest, false);
    // There may be more; they take time and tell nothing new.
    let scopes = scopes.iter().filter(|(number, _)| *number < 64).copied();
    source(&known, scopes.collect());
    records(rest, true);
}

/// A header that is accepted is written and read as it was.
fn header(file: &[u8]) -> Option<(Header, &[u8])> {
    let (header, layout) = Header::decode(file).ok()?;
    let length = Header::length(file).expect("it was read");
    assert!(header.exporters.len() <= MAX_EXPORTERS && length <= layout.table_at as usize);
    let table_end = u64::from(layout.table_at) + layout.table_bytes() as u64;
    assert!(table_end <= u64::from(layout.data_at) && u64::from(layout.data_at) <= layout.file_bytes());
    // Texts that are no UTF-8 grow when they are read, and then may be too many.
    if let Some((bytes, layout)) = header.encode(1 << 24) {
        assert!(layout.file_bytes() <= 1 << 24);
        assert_eq!(Header::decode(&bytes), Ok((header.clone(), layout)));
    }
    Some((header, &file[length..]))
}

/// What a table says is in order, within its bounds, and no more than there are entries for.
fn table(bytes: &[u8], exporters: usize) {
    let entries = bytes.len() / ENTRY;
    let mut next = 0;
    for found in survey(bytes, exporters) {
        let (slot, published) = match found {
            Found::Damaged { slot } => (slot, None),
            Found::Scopes { slot, published } => (slot, Some(published)),
            Found::Spans {
                slot,
                published,
                settled,
            } => {
                assert_eq!(settled.len(), exporters.min(MAX_EXPORTERS));
                assert!(settled.iter().all(|end| *end <= published));
                assert!(settled_at(settled.len()) <= ENTRY);
                (slot, Some(published))
            }
        };
        assert!(slot >= next && (slot as usize) < entries);
        next = slot + 1;
        if let Some(published) = published {
            assert!(published > 0 && u64::from(published) <= entries as u64 * u64::from(SLOT_BYTES));
        }
    }
}

/// Each byte is a record's or damaged, and each message that is taken for a span is one.
fn records(bytes: &[u8], spans: bool) -> Vec<(u16, &[u8])> {
    let recovered = recover(bytes, spans);
    let mut end = 0;
    let messages: Vec<_> = recovered
        .spans
        .into_iter()
        .map(|span| {
            assert!(span.message.start >= end + RECORD && !span.message.is_empty());
            end = span.message.end;
            let message = &bytes[span.message];
            assert!(!spans || SpanView::check(message).is_ok());
            (span.scope, message)
        })
        .collect();
    let taken: usize = messages.iter().map(|(_, message)| message.len() + RECORD).sum();
    assert_eq!(taken + recovered.damaged, bytes.len());
    messages
}

/// Resource and scopes that could be read are written and read as they were.
fn source(header: &Header, scopes: Vec<(u16, &[u8])>) {
    let last = scopes.iter().map(|(number, _)| *number).max();
    let source = header.source(scopes);
    let resource = resource_bytes(source.resource());
    let known: Vec<_> = (0..=last.unwrap_or(0))
        .map(|number| scope_bytes(source.instrumentation_scope(number).expect("a scope")))
        .collect();
    let written = Header {
        resource: resource.clone(),
        ..Header::default()
    };
    let numbered = known
        .iter()
        .enumerate()
        .map(|(number, fields)| (number as u16, &fields[..]));
    let again = written.source(numbered);
    assert_eq!(resource_bytes(again.resource()), resource);
    for (number, fields) in known.iter().enumerate() {
        let scope = again.instrumentation_scope(number as u16).expect("a scope");
        assert_eq!(&scope_bytes(scope), fields);
    }
}

/// Compared by bytes: a number may be none, and then equals nothing.
fn resource_bytes(resource: &Resource) -> Vec<u8> {
    let (head, tail) = encode_resource(resource);
    [head, tail].concat()
}

fn scope_bytes(scope: &InstrumentationScope) -> Vec<u8> {
    let (head, tail) = encode_scope(scope);
    [head, tail].concat()
}

/// FNV-1a, the check value of headers.
fn fnv<'a>(bytes: impl Iterator<Item = &'a u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
