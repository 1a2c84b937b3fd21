use super::{records::RecoveredSpan, *};
use crate::queue::{
    record::{HEADER, write_header},
    region::{CONTINUED, OPEN, SCOPES, TAKEN},
};
use alloc::{format, string::ToString, vec, vec::Vec};
use proptest::prelude::*;
use spanline_core::{InstrumentationScope, KeyValue, Resource, wire::otlp};

fn header() -> Header {
    let resource = Resource::new([KeyValue::new("service.name", "gone")], Some("url".into()));
    let (mut fields, tail) = otlp::encode_resource(&resource);
    fields.extend(tail);
    Header {
        pid: 77,
        host: "here".into(),
        exporters: vec!["otlp".into(), "console".into()],
        resource: fields,
    }
}

/// A span with a name of this length.
fn span(id: u8, name: usize) -> Vec<u8> {
    let mut message = vec![0x0a, 16];
    message.extend([id; 16]);
    message.extend([0x12, 8]);
    message.extend([id; 8]);
    message.extend([0x2a, name as u8]);
    message.extend(vec![b'n'; name]);
    message
}

fn slot_of(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (n, message) in messages.iter().enumerate() {
        let mut record = vec![0; HEADER];
        write_header(&mut record, message.len(), n as u16);
        bytes.extend(record);
        bytes.extend(message);
    }
    bytes
}

fn entry(published: u32, state: u32, slots: u32, settled: &[u32]) -> [u8; ENTRY] {
    let mut entry = [0; ENTRY];
    for (at, word) in [(0, published), (4, state), (8, slots)] {
        entry[at..at + 4].copy_from_slice(&word.to_le_bytes());
    }
    for (exporter, word) in settled.iter().enumerate() {
        let at = settled_at(exporter);
        entry[at..at + 4].copy_from_slice(&word.to_le_bytes());
    }
    entry
}

#[test]
fn a_header_is_read_as_it_was_written() {
    let (bytes, layout) = header().encode(48 << 20).unwrap();
    assert_eq!(Header::length(&bytes[..FIXED]), Ok(bytes.len()));
    let mut padded = bytes.clone();
    padded.resize(layout.table_at as usize, 0);
    assert_eq!(Header::decode(&padded), Ok((header(), layout)));
    assert!(layout.file_bytes() <= 48 << 20);
    assert!(layout.file_bytes() > (48 << 20) - 2 * u64::from(SLOT_BYTES));
}

#[test]
fn a_file_too_small_for_two_slots_has_no_layout() {
    assert_eq!(Layout::plan(100, 4096 + 4096 + 131_071), None);
    let layout = Layout::plan(100, 4096 + 4096 + 131_072).unwrap();
    assert_eq!((layout.table_at, layout.data_at, layout.slots), (4096, 8192, 2));
    assert_eq!(Layout::plan(100, 0), None);
    assert!(Layout::plan(usize::MAX, u64::MAX).is_none());
}

#[test]
fn other_files_and_other_versions_are_told_apart() {
    let (bytes, _) = header().encode(1 << 20).unwrap();
    assert_eq!(Header::decode(b"#!/bin/sh\n"), Err(Refusal::Foreign));
    assert_eq!(Header::decode(&[]), Err(Refusal::Foreign));
    assert_eq!(Header::decode(&bytes[..FIXED]), Err(Refusal::Damaged));
    assert_eq!(Header::decode(&bytes[..9]), Err(Refusal::Damaged));
    let mut other = bytes;
    other[8] = 2;
    assert_eq!(Header::decode(&other), Err(Refusal::Version(2)));
}

#[test]
fn resource_and_scopes_come_back_as_they_were() {
    let scope = InstrumentationScope {
        name: "lib".into(),
        version: Some("1".into()),
        schema_url: Some("s".into()),
        attributes: vec![KeyValue::new("k", 5)],
    };
    let (mut fields, tail) = otlp::encode_scope(&scope);
    fields.extend(tail);
    let source = header().source([(2, &fields[..]), (1, b"\xff\xff")]);
    assert_eq!(source.resource().schema_url(), Some("url"));
    assert_eq!(
        source
            .resource()
            .get("service.name")
            .and_then(|name| name.as_str().map(ToString::to_string)),
        Some("gone".into())
    );
    assert_eq!(source.instrumentation_scope(2), Some(&scope));
    assert_eq!(
        source.instrumentation_scope(1),
        Some(&InstrumentationScope::default())
    );
    let mut damaged = header();
    damaged.resource = vec![0xff; 3];
    assert!(damaged.source([]).resource().attributes().is_empty());
}

#[test]
fn the_table_says_what_is_where() {
    let table = [
        entry(0, 0, 0, &[]),
        entry(500 | 1 << 29, TAKEN, 1, &[500, 100]),
        entry(100_000, OPEN, 2, &[7, 100_001]),
        entry(9, CONTINUED, 0, &[]),
        entry(0, OPEN, 1, &[]),
        entry(50, SCOPES, 1, &[]),
        entry(0, CONTINUED, 0, &[]),
        entry(70_000, OPEN, 1, &[]),
        entry(5, 99, 1, &[]),
        entry(5, OPEN, 2, &[]),
        entry(5, OPEN, 1, &[]),
        entry(5, OPEN, 3, &[]),
    ];
    let spans = |slot, published, settled: &[u32]| Found::Spans {
        slot,
        published,
        settled: settled.to_vec(),
    };
    assert_eq!(
        survey(table.as_flattened(), 2),
        [
            spans(1, 500, &[500, 100]),
            spans(2, 100_000, &[7, 0]),
            Found::Scopes {
                slot: 5,
                published: 50
            },
            Found::Damaged { slot: 7 },
            Found::Damaged { slot: 8 },
            Found::Damaged { slot: 9 },
            spans(10, 5, &[0, 0]),
            Found::Damaged { slot: 11 },
        ]
    );
}

#[test]
fn whole_records_are_recovered_and_others_passed_over() {
    let messages = [span(1, 5), span(2, 9), span(3, 0)];
    let bytes = slot_of(&messages);
    let read = |recovered: &Recovered, bytes: &[u8]| -> Vec<(u16, Vec<u8>)> {
        let message = |span: &RecoveredSpan| (span.scope, bytes[span.message.clone()].to_vec());
        recovered.spans.iter().map(message).collect()
    };
    let all: Vec<_> = messages
        .iter()
        .cloned()
        .enumerate()
        .map(|(n, m)| (n as u16, m))
        .collect();
    let recovered = recover(&bytes, true);
    assert_eq!((read(&recovered, &bytes), recovered.damaged), (all.clone(), 0));
    // The second has no trace id.
    let mut damaged = bytes.clone();
    let second = HEADER + messages[0].len() + HEADER;
    damaged[second + 2..second + 18].fill(0);
    let recovered = recover(&damaged, true);
    assert_eq!(read(&recovered, &damaged), [all[0].clone(), all[2].clone()]);
    assert_eq!(recovered.damaged, HEADER + messages[1].len());
    // A header that is none ends it.
    let mut damaged = bytes.clone();
    damaged[second - 1] = 1;
    let recovered = recover(&damaged, true);
    assert_eq!(read(&recovered, &damaged), [all[0].clone()]);
    assert_eq!(recovered.damaged, bytes.len() - second + HEADER);
    // Cut off.
    let cut = &bytes[..bytes.len() - 1];
    assert_eq!(recover(cut, true).spans.len(), 2);
    assert_eq!(recover(&[0; 100], true).damaged, 100);
    assert_eq!(recover(&[], true), Recovered::default());
}

proptest! {
    #[test]
    fn random_bytes_break_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..600), exporters in 0usize..40) {
        let _ = Header::decode(&bytes);
        survey(&bytes, exporters);
        for recovered in [recover(&bytes, true), recover(&bytes, false)] {
            let taken: usize = recovered.spans.iter().map(|span| span.message.len() + HEADER).sum();
            prop_assert_eq!(taken + recovered.damaged, bytes.len());
        }
    }

    #[test]
    fn a_damaged_header_is_refused(at in 0usize..200, bit in 0u8..8) {
        let (mut bytes, _) = header().encode(1 << 20).unwrap();
        // What is behind the check value is unused.
        let at = Some(at % bytes.len()).filter(|at| !(48..FIXED).contains(at)).unwrap_or(0);
        bytes[at] ^= 1 << bit;
        prop_assert!(Header::decode(&bytes).is_err());
    }

    /// Whatever bytes of a slot are damaged: what comes out is spans by all that can be known, and the spans in front of
    /// the damage come out as they were.
    #[test]
    fn damage_costs_no_span_before_it_and_yields_no_garbage(
        names in proptest::collection::vec(0usize..100, 1..20),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
    ) {
        let messages: Vec<_> = names.iter().enumerate().map(|(n, &name)| span(n as u8 + 1, name)).collect();
        let whole = slot_of(&messages);
        let mut bytes = whole.clone();
        for (at, byte) in damage {
            bytes[at.index(whole.len())] = byte;
        }
        let first = bytes.iter().zip(&whole).position(|(a, b)| a != b).unwrap_or(whole.len());
        let intact: Vec<_> = recover(&whole, true).spans.into_iter().filter(|span| span.message.end <= first).collect();
        let recovered = recover(&bytes, true);
        prop_assert_eq!(&recovered.spans[..intact.len()], &intact[..]);
        for span in &recovered.spans {
            let message = &bytes[span.message.clone()];
            prop_assert!(otlp::SpanView::check(message).is_ok(), "{}", format!("{message:?}"));
        }
    }
}
