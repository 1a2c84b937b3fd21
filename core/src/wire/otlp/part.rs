//! A part of a request, where the whole is too large to be sent.

use crate::wire::proto::{Reader, Sink};
use alloc::vec::Vec;
use core::ops::Range;

/// Counts spans while they pass by, and lets some of them through.
struct Selection {
    wanted: Range<u64>,
    next: u64,
}

impl Selection {
    fn takes_next(&mut self) -> bool {
        let taken = self.wanted.contains(&self.next);
        self.next += 1;
        taken
    }
}

/// The spans with these numbers, in order, as a request of their own with the resource and scope that they have.
/// Everything kept is copied as it stands; a scope or resource without a span that was asked for is left out. What
/// follows a mistake in the encoding is left out as well.
///
/// ```
/// use spanline_core::wire::otlp::{RequestView, part_of_request};
/// // Three spans without content in one scope.
/// let request = [0x0a, 8, 0x12, 6, 0x12, 0, 0x12, 0, 0x12, 0];
/// assert_eq!(part_of_request(&request, 0..3), request);
/// assert_eq!(part_of_request(&request, 2..9), [0x0a, 4, 0x12, 2, 0x12, 0]);
/// assert!(part_of_request(&request, 3..9).is_empty());
/// ```
pub fn part_of_request(request: &[u8], spans: Range<u64>) -> Vec<u8> {
    let mut selection = Selection {
        wanted: spans,
        next: 0,
    };
    let mut out = Vec::new();
    // ResourceSpans is field 1 of a request, ScopeSpans field 2 of that, Span field 2 of that again.
    select(request, &[1, 2, 2], &mut selection, &mut out);
    out
}

/// Copies the fields of a message but for those of the path's first number, of which it copies what is selected. False
/// when nothing was.
fn select(message: &[u8], path: &[u32], selection: &mut Selection, out: &mut Vec<u8>) -> bool {
    let Some((number, path)) = path.split_first() else {
        out.put(message);
        return selection.takes_next();
    };
    let mut any = false;
    for field in Reader::new(message) {
        match field.bytes() {
            Ok(inner) if field.number == *number => {
                let mut selected = Vec::new();
                if select(inner, path, selection, &mut selected) {
                    // All of these numbers have tags of one byte.
                    out.framed((*number as u8) << 3 | 2, &selected);
                    any = true;
                }
            }
            _ => out.put(field.raw),
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use super::super::RequestView;
    use super::*;

    fn names(request: &[u8]) -> Vec<(&str, Vec<&str>)> {
        let groups = RequestView::ours(request).resource_spans();
        let scopes = groups.flat_map(|group| group.scope_spans().map(move |scope| (group, scope)));
        scopes
            .map(|(group, scope)| {
                let spans = scope.spans_unchecked().map(|span| span.name());
                (group.schema_url(), spans.collect())
            })
            .collect()
    }

    fn framed(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        out.framed(tag, &parts.concat());
        out
    }

    #[test]
    fn parts_keep_what_is_around_them() {
        let span = |name: &str| framed(0x12, &[&framed(0x2a, &[name.as_bytes()])]);
        let scope = |spans: &[Vec<u8>]| framed(0x12, &[&framed(0x0a, &[b"\x0a\x01s"]), &spans.concat()]);
        let group = |url: &str, scopes: &[Vec<u8>]| {
            framed(0x0a, &[&scopes.concat(), &framed(0x1a, &[url.as_bytes()])])
        };
        let request = [
            group("u", &[scope(&[span("a"), span("b")]), scope(&[span("c")])]),
            group("v", &[scope(&[span("d"), span("e")])]),
        ]
        .concat();
        assert_eq!(part_of_request(&request, 0..5), request);
        let part = part_of_request(&request, 1..4);
        assert_eq!(
            names(&part),
            [
                ("u", alloc::vec!["b"]),
                ("u", alloc::vec!["c"]),
                ("v", alloc::vec!["d"])
            ]
        );
        assert_eq!(
            part,
            [
                group("u", &[scope(&[span("b")]), scope(&[span("c")])]),
                group("v", &[scope(&[span("d")])])
            ]
            .concat()
        );
        assert_eq!(names(&part_of_request(&request, 4..5)), [("v", alloc::vec!["e"])]);
        let (at, none) = (request.len() / 2, Vec::new());
        // Cut anywhere: no panic, and only what was asked for.
        for end in 0..at {
            assert!(part_of_request(&request[..end], 0..1).len() <= end);
            assert_eq!(part_of_request(&request[..end], 9..10), none);
        }
    }
}
