//! Spans as an indented tree, for the eye.

use super::finished::{FinishedEvent, FinishedSpan};
use spanline_core::{KeyValue, OwnedValue, SpanId, SpanKind, StatusCode, TraceId};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};

/// How deep the indentation goes; deeper spans stay at this depth.
const MAX_INDENT: usize = 40;
/// How deep nested values are shown.
const MAX_VALUE_DEPTH: usize = 8;

/// Writes finished spans as text: each trace of a batch as a tree with name, kind, duration, status, attributes and
/// events. The format is for reading and may change with every version; programs use OTLP.
///
/// ```text
/// trace 4bf92f3577b34da6a3ce929d0e0e4736 at 2026-11-21T12:00:00.123Z
///   * GET /orders (server) 12.3 ms, error: no stock
///       http.route = "/orders"
///       event +1.20 ms exception
///         exception.type = "OutOfStock"
///     * SELECT orders (client) 3.10 ms
/// ```
///
/// A trace whose spans end far apart comes in several batches and so in several pieces; a span whose parent is not in
/// the same piece names it.
#[derive(Debug)]
pub struct ConsoleExporter<W = std::fs::File> {
    out: W,
}

#[cfg(any(unix, windows))]
impl ConsoleExporter {
    /// Writes to the standard output of the process, past the buffer and the lock of std's handle: nobody who holds
    /// that can stop the export.
    ///
    /// # Errors
    /// When the standard output is closed.
    pub fn stdout() -> io::Result<Self> {
        #[cfg(unix)]
        let own = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned()?;
        #[cfg(windows)]
        let own = std::os::windows::io::AsHandle::as_handle(&io::stdout()).try_clone_to_owned()?;
        Ok(Self::new(std::fs::File::from(own)))
    }
}

impl<W: Write> ConsoleExporter<W> {
    /// Writes to `out`, each batch in one piece.
    pub fn new(out: W) -> Self {
        Self { out }
    }

    /// Writes these spans.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn export(&mut self, spans: impl IntoIterator<Item = FinishedSpan>) -> io::Result<()> {
        let spans: Vec<FinishedSpan> = spans.into_iter().collect();
        let text = render(&spans);
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

/// All traces among these spans, in the order of their first spans.
fn render(spans: &[FinishedSpan]) -> String {
    let mut text = String::new();
    let mut traces: Vec<(TraceId, Vec<usize>)> = Vec::new();
    let mut known: HashMap<TraceId, usize> = HashMap::new();
    for (index, span) in spans.iter().enumerate() {
        let slot = *known.entry(span.trace_id).or_insert_with(|| {
            traces.push((span.trace_id, Vec::new()));
            traces.len() - 1
        });
        if let Some((_, members)) = traces.get_mut(slot) {
            members.push(index);
        }
    }
    for (_, mut members) in traces {
        members.sort_by_key(|&index| spans[index].start_unix_nano);
        render_trace(&mut text, spans, &members);
    }
    text
}

/// One trace; `members` are its spans by start time.
fn render_trace(text: &mut String, spans: &[FinishedSpan], members: &[usize]) {
    let Some(first) = members.first().map(|&index| &spans[index]) else {
        return;
    };
    let _ = writeln!(text, "trace {} at {}", first.trace_id, utc(first.start_unix_nano));
    let ids: HashMap<SpanId, usize> = members
        .iter()
        .map(|&index| (spans[index].span_id, index))
        .collect();
    let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut roots = Vec::new();
    for &index in members {
        match ids.get(&spans[index].parent_span_id) {
            Some(&parent) if parent != index => children.entry(parent).or_default().push(index),
            _ => roots.push(index),
        }
    }
    // What hangs in a circle of parents is reached from no root: it comes after the rest, from wherever it is met first.
    let mut shown = vec![false; spans.len()];
    for &start in roots.iter().chain(members) {
        let mut open = vec![(start, 0)];
        while let Some((index, depth)) = open.pop() {
            if std::mem::replace(&mut shown[index], true) {
                continue;
            }
            render_span(text, &spans[index], depth);
            let below = children.get(&index).map(Vec::as_slice).unwrap_or_default();
            open.extend(below.iter().rev().map(|&child| (child, depth + 1)));
        }
    }
}

fn render_span(text: &mut String, span: &FinishedSpan, depth: usize) {
    let indent = 2 + 2 * depth.min(MAX_INDENT);
    let _ = write!(text, "{:indent$}* ", "");
    plain(text, &span.name);
    if span.kind != SpanKind::Internal {
        let _ = write!(text, " ({})", span.kind.name());
    }
    let _ = write!(text, " {}", duration(span.start_unix_nano, span.end_unix_nano));
    match span.status {
        StatusCode::Unset => {}
        StatusCode::Ok => text.push_str(", ok"),
        StatusCode::Error => text.push_str(", error"),
    }
    if !span.status_message.is_empty() {
        text.push_str(": ");
        plain(text, &span.status_message);
    }
    if depth == 0 && span.parent_span_id.is_valid() {
        let _ = write!(text, " (parent {})", span.parent_span_id);
    }
    text.push('\n');
    attributes(text, &span.attributes, indent + 4);
    for event in &span.events {
        render_event(text, span, event, indent + 4);
    }
    for link in &span.links {
        let _ = writeln!(
            text,
            "{:1$}link to {2} {3}",
            "",
            indent + 4,
            link.trace_id,
            link.span_id
        );
        attributes(text, &link.attributes, indent + 6);
    }
    for (count, what) in [
        (span.dropped_attributes, "attributes"),
        (span.dropped_events, "events"),
        (span.dropped_links, "links"),
    ] {
        if count > 0 {
            let _ = writeln!(
                text,
                "{:1$}({count} more {what} dropped by limits)",
                "",
                indent + 4
            );
        }
    }
}

fn render_event(text: &mut String, span: &FinishedSpan, event: &FinishedEvent, indent: usize) {
    let at = duration(span.start_unix_nano, event.time_unix_nano);
    let sign = if at.starts_with('-') { "" } else { "+" };
    let _ = write!(text, "{:indent$}event {sign}{at} ", "");
    plain(text, &event.name);
    text.push('\n');
    attributes(text, &event.attributes, indent + 2);
}

fn attributes(text: &mut String, attributes: &[KeyValue], indent: usize) {
    for attribute in attributes {
        let _ = write!(text, "{:indent$}", "");
        plain(text, &attribute.key);
        text.push_str(" = ");
        value(text, &attribute.value, 0);
        text.push('\n');
    }
}

fn value(text: &mut String, shown: &OwnedValue, depth: usize) {
    let _ = match shown {
        OwnedValue::Bool(bool) => write!(text, "{bool}"),
        OwnedValue::I64(number) => write!(text, "{number}"),
        OwnedValue::F64(number) => write!(text, "{number:?}"),
        OwnedValue::Str(string) => write!(text, "\"{}\"", string.escape_debug()),
        OwnedValue::Bytes(bytes) => write!(text, "{} bytes", bytes.len()),
        OwnedValue::List(_) | OwnedValue::Map(_) if depth >= MAX_VALUE_DEPTH => write!(text, "..."),
        OwnedValue::List(list) => {
            text.push('[');
            for (index, item) in list.iter().enumerate() {
                text.push_str(if index > 0 { ", " } else { "" });
                value(text, item, depth + 1);
            }
            write!(text, "]")
        }
        OwnedValue::Map(map) => {
            text.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                let _ = write!(
                    text,
                    "{}{}: ",
                    if index > 0 { ", " } else { "" },
                    key.escape_debug()
                );
                value(text, item, depth + 1);
            }
            write!(text, "}}")
        }
        _ => write!(text, "(empty)"),
    };
}

/// Text without quotes; control characters, which could move the cursor, are escaped.
fn plain(text: &mut String, shown: &str) {
    for character in shown.chars() {
        if character.is_control() {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
}

/// The time between two moments, with three digits and a fitting unit.
fn duration(start: u64, end: u64) -> String {
    let sign = if end < start { "-" } else { "" };
    let nanos = end.abs_diff(start);
    let (divisor, unit) = match nanos {
        0..1_000 => return format!("{sign}{nanos} ns"),
        1_000..1_000_000 => (1e3, "us"),
        1_000_000..1_000_000_000 => (1e6, "ms"),
        _ => (1e9, "s"),
    };
    let number = nanos as f64 / divisor;
    let decimals = if number < 9.995 {
        2
    } else {
        usize::from(number < 99.95)
    };
    format!("{sign}{number:.decimals$} {unit}")
}

/// Nanoseconds since the Unix epoch as UTC with milliseconds. Days are turned into dates by the usual reckoning with
/// years that begin in March.
fn utc(unix_nanos: u64) -> String {
    let (seconds, millis) = (unix_nanos / 1_000_000_000, unix_nanos / 1_000_000 % 1_000);
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::finished::{FinishedLink, tests::span};

    fn rendered(spans: Vec<FinishedSpan>) -> String {
        let mut out = Vec::new();
        ConsoleExporter::new(&mut out).export(spans).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_trace_is_a_tree() {
        let mut root = span(1, 1, 0, 1_000_000_000_123_000_000, 12_300_000);
        root.kind = SpanKind::Server;
        root.status = StatusCode::Error;
        root.status_message = "no\nstock".to_owned();
        root.attributes = vec![
            KeyValue::new("http.route", "/a\"b\u{1b}"),
            KeyValue::new(
                "list",
                OwnedValue::List(vec![OwnedValue::I64(1), OwnedValue::Empty]),
            ),
            KeyValue::new(
                "map",
                OwnedValue::Map(vec![("k".to_owned(), OwnedValue::F64(1.0))]),
            ),
        ];
        root.events = vec![FinishedEvent {
            time_unix_nano: root.start_unix_nano + 1_200_000,
            name: "exception".to_owned(),
            attributes: vec![KeyValue::new("n", 3)],
            dropped_attributes: 0,
        }];
        root.dropped_links = 2;
        let late = span(1, 2, 1, root.start_unix_nano + 9, 1_500);
        let early = span(1, 3, 1, root.start_unix_nano + 5, 999);
        let grandchild = span(1, 4, 3, root.start_unix_nano + 6, 123_456_000_000);
        let expected = r#"trace 00000000000000000000000000000001 at 2001-09-09T01:46:40.123Z
  * span 1 (server) 12.3 ms, error: no\nstock
      http.route = "/a\"b\u{1b}"
      list = [1, (empty)]
      map = {k: 1.0}
      event +1.20 ms exception
        n = 3
      (2 more links dropped by limits)
    * span 3 999 ns
      * span 4 123 s
    * span 2 1.50 us
"#;
        assert_eq!(rendered(vec![late, grandchild, root, early]), expected);
    }

    #[test]
    fn traces_come_one_after_the_other_and_pieces_name_their_parent() {
        let mut linked = span(2, 9, 0, 0, 0);
        linked.links = vec![FinishedLink {
            span_id: SpanId::from_bytes([1; 8]),
            ..FinishedLink::default()
        }];
        let text = rendered(vec![linked, span(1, 2, 7, 5, 1), span(2, 8, 9, 0, 1)]);
        let expected = "trace 00000000000000000000000000000002 at 1970-01-01T00:00:00.000Z
  * span 9 0 ns
      link to 00000000000000000000000000000000 0101010101010101
    * span 8 1 ns
trace 00000000000000000000000000000001 at 1970-01-01T00:00:00.000Z
  * span 2 1 ns (parent 0000000000000007)
";
        assert_eq!(text, expected);
        assert_eq!(rendered(vec![]), "");
    }

    #[test]
    fn circles_repeats_and_depth_do_no_harm() {
        let circle = rendered(vec![
            span(1, 1, 2, 0, 1),
            span(1, 2, 1, 1, 1),
            span(1, 3, 3, 2, 1),
            span(1, 3, 3, 3, 1),
        ]);
        assert_eq!(circle.lines().count(), 5, "{circle}");
        let deep = rendered((1..2_000).map(|n| span(1, n, n - 1, n, 1)).collect());
        assert_eq!(deep.lines().count(), 2_000);
        assert!(deep.lines().all(|line| line.len() < 120));
        let mut nested = OwnedValue::Empty;
        for _ in 0..100 {
            nested = OwnedValue::List(vec![nested]);
        }
        let mut span = span(1, 1, 0, 0, 1);
        span.attributes = vec![KeyValue::new("n", nested)];
        assert!(rendered(vec![span]).contains("[[[[[[[[...]]]]]]]]"));
    }

    #[test]
    fn durations_and_times_are_readable() {
        for (nanos, text) in [
            (0, "0 ns"),
            (9_994, "9.99 us"),
            (9_996, "10.0 us"),
            (99_960, "100 us"),
            (1_000_000_000, "1.00 s"),
        ] {
            assert_eq!(duration(5, 5 + nanos), text);
        }
        assert_eq!(duration(2_000, 500), "-1.50 us");
        assert_eq!(utc(951_782_400_000_000_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(utc(1_795_219_199_999_999_999), "2026-11-20T23:59:59.999Z");
        assert!(utc(u64::MAX).starts_with("2554-07-21T"));
    }
}
