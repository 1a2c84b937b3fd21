//! Messages inside messages, where their length is only known once they are written.

use super::proto::{Sink, varint_len};
use alloc::vec::Vec;

/// Writes a message as a field whose tag takes one byte. The body is moved by the bytes that its length takes beyond
/// one: a copy of what was just written is cheaper than to measure everything first.
pub(super) fn nested(out: &mut Vec<u8>, tag: u8, body: impl FnOnce(&mut Vec<u8>)) {
    out.fixed([tag, 0]);
    let start = out.len();
    body(out);
    let length = out.len() - start;
    let more = varint_len(length as u64) - 1;
    if more > 0 {
        out.resize(out.len() + more, 0);
        out.copy_within(start..start + length, start + more);
    }
    let mut rest = length;
    for (at, place) in out.iter_mut().skip(start - 1).take(more + 1).enumerate() {
        *place = (rest & 0x7f) as u8 | if at < more { 0x80 } else { 0 };
        rest >>= 7;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_every_size_are_as_if_known_before() {
        for length in [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152] {
            let body = alloc::vec![7; length];
            let mut expected = alloc::vec![1];
            expected.framed(0x0a, &body);
            let mut out = alloc::vec![1];
            nested(&mut out, 0x0a, |out| out.put(&body));
            assert!(out == expected, "{length}");
        }
    }
}
