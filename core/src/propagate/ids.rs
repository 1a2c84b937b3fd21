//! Ids as the formats other than W3C's write them: digits of either case, trace ids of 64 bits, values that may repeat.

use super::Getter;
use crate::{SpanId, TraceId, hex, tracestate_ref::trim_ows};

/// A trace id of exactly 32 or 16 digits, the latter padded in front; `None` also for zero.
#[inline]
pub(super) fn trace_id(text: &[u8]) -> Option<TraceId> {
    let id = match text.len() {
        16 => widened(hex::parse_any(text)?),
        _ => TraceId::from_hex_any_case(text)?,
    };
    id.is_valid().then_some(id)
}

/// A span id of exactly 16 digits; `None` also for zero.
#[inline]
pub(super) fn span_id(text: &[u8]) -> Option<SpanId> {
    SpanId::from_hex_any_case(text).filter(|id| id.is_valid())
}

/// As [`trace_id`], or a UUID: 8-4-4-4-12 digits.
pub(super) fn trace_id_or_uuid(text: &[u8]) -> Option<TraceId> {
    let Ok(uuid) = <&[u8; 36]>::try_from(text) else {
        return trace_id(text);
    };
    let mut digits = [0; 32];
    let mut at = 0;
    for (place, &byte) in uuid.iter().enumerate() {
        match place {
            8 | 13 | 18 | 23 if byte != b'-' => return None,
            8 | 13 | 18 | 23 => {}
            _ => {
                digits[at] = byte;
                at += 1;
            }
        }
    }
    trace_id(&digits)
}

/// One to `2 * N` digits, padded in front with zeros. `D` is `2 * N`.
#[inline]
pub(super) fn padded<const N: usize, const D: usize>(text: &[u8]) -> Option<[u8; N]> {
    const { assert!(D == 2 * N) };
    if text.is_empty() || text.len() > D {
        return None;
    }
    let mut digits = [b'0'; D];
    digits[D - text.len()..].copy_from_slice(text);
    hex::parse_any(&digits)
}

fn widened(low: [u8; 8]) -> TraceId {
    TraceId::from_bytes(u128::from(u64::from_be_bytes(low)).to_be_bytes())
}

/// The first value of a field, without the spaces and tabs around it; `None` when it is longer than `longest`.
#[inline]
pub(super) fn first<'a, G: Getter + ?Sized>(carrier: &'a G, name: &str, longest: usize) -> Option<&'a [u8]> {
    bounded(carrier.get(name)?, longest)
}

/// The value of a field that has exactly one, as [`first`] gives it. `exact`: the name is spelt just so.
#[inline]
pub(super) fn only<'a, G: Getter + ?Sized>(
    carrier: &'a G,
    name: &str,
    exact: bool,
    longest: usize,
) -> Option<&'a [u8]> {
    let (mut count, mut value) = (0_u32, None);
    let mut visit = |found| {
        count = count.saturating_add(1);
        value = Some(found);
    };
    if exact {
        carrier.get_all_exact(name, &mut visit);
    } else {
        carrier.get_all(name, &mut visit);
    }
    bounded(value.filter(|_| count == 1)?, longest)
}

fn bounded(value: &[u8], longest: usize) -> Option<&[u8]> {
    let value = trim_ows(value);
    (value.len() <= longest).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ids_are_padded_and_long_ones_refused() {
        assert_eq!(padded::<2, 4>(b"aBc"), Some([0x0a, 0xbc]));
        assert_eq!(padded::<1, 2>(b"1"), Some([1]));
        for bad in [&b""[..], b"abc", b"+1", b" 1", b"1_"] {
            assert_eq!(padded::<1, 2>(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_uuid_has_its_dashes_in_their_places() {
        let id = TraceId::from_hex("4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(trace_id_or_uuid(b"4bf92f35-77b3-4da6-a3ce-929d0e0e4736"), id);
        assert_eq!(trace_id_or_uuid(b"4bf92f3577b34da6a3ce929d0e0e4736"), id);
        assert_eq!(trace_id_or_uuid(b"4bf92f357-7b3-4da6-a3ce-929d0e0e4736"), None);
        assert_eq!(trace_id_or_uuid(b"4bf92f35-77b3-4da6-a3ce-929d0e0e473-"), None);
    }
}
