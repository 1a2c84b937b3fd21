//! A message of gRPC: a flag that says whether it is compressed, its length, its bytes.

use super::call::HEAD;
use crate::transport::gzip::{Decompressed, decompress as gunzip};

/// What stands before a message. `None`: it is longer than the format can say.
pub(super) fn head(compressed: bool, length: usize) -> Option<[u8; HEAD]> {
    let [a, b, c, d] = u32::try_from(length).ok()?.to_be_bytes();
    Some([u8::from(compressed), a, b, c, d])
}

/// The message of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Message {
    /// Decompressed.
    Whole(Vec<u8>),
    /// Not exactly one message, or compressed in a way that was not offered or is broken.
    Unreadable,
    /// More than the limit.
    TooLarge,
}

/// Takes the one message out of a body. Nothing over `limit` bytes is held.
pub(super) fn read(body: &[u8], encoding: Option<&str>, limit: usize) -> Message {
    let Some((&[flag, a, b, c, d], message)) = body.split_first_chunk() else {
        return Message::Unreadable;
    };
    let length = u32::from_be_bytes([a, b, c, d]);
    if usize::try_from(length).is_ok_and(|length| length > limit) {
        return Message::TooLarge;
    }
    if usize::try_from(length) != Ok(message.len()) {
        return Message::Unreadable;
    }
    match flag {
        0 => Message::Whole(message.to_vec()),
        1 => inflate(message, encoding.unwrap_or_default(), limit),
        _ => Message::Unreadable,
    }
}

fn inflate(message: &[u8], encoding: &str, limit: usize) -> Message {
    match encoding {
        "gzip" => match gunzip(message, limit) {
            Decompressed::Complete(message) => Message::Whole(message),
            Decompressed::Broken(_) => Message::Unreadable,
            Decompressed::TooLarge => Message::TooLarge,
        },
        #[cfg(feature = "zstd")]
        "zstd" => unzstd(message, limit),
        _ => Message::Unreadable,
    }
}

/// The largest window that a frame may ask for, as its power of two: 8 MiB, what HTTP allows too.
#[cfg(feature = "zstd")]
const MAX_WINDOW_LOG: u32 = 23;

#[cfg(feature = "zstd")]
fn unzstd(message: &[u8], limit: usize) -> Message {
    use std::io::Read;
    let Ok(mut decoder) = zstd::stream::read::Decoder::with_buffer(message) else {
        return Message::Unreadable;
    };
    if decoder.window_log_max(MAX_WINDOW_LOG).is_err() {
        return Message::Unreadable;
    }
    let mut content = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = decoder.take(bound).read_to_end(&mut content);
    if content.len() > limit {
        return Message::TooLarge;
    }
    match read {
        Ok(_) => Message::Whole(content),
        Err(_) => Message::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::GzipCompressor;

    fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
        let head = head(flag == 1, message.len()).unwrap();
        [&[flag][..], &head[1..], message].concat()
    }

    #[test]
    fn heads_are_a_flag_and_a_length() {
        assert_eq!(head(false, 0), Some([0; 5]));
        assert_eq!(head(true, 0x0102_0304), Some([1, 1, 2, 3, 4]));
        assert_eq!(head(false, usize::MAX), None);
    }

    #[test]
    fn one_message_is_read_and_nothing_else() {
        let whole = |bytes: &[u8]| Message::Whole(bytes.to_vec());
        assert_eq!(read(&framed(0, b"abc"), None, 3), whole(b"abc"));
        assert_eq!(read(&framed(0, b""), Some("gzip"), 3), whole(b""));
        assert_eq!(read(&framed(0, b"abcd"), None, 3), Message::TooLarge);
        assert_eq!(read(&[0, 255, 255, 255, 255], None, 3), Message::TooLarge);
        for body in [
            &b""[..],
            &[0, 0, 0, 0],
            &[0, 0, 0, 0, 1],
            &[0, 0, 0, 0, 0, 0],
            &[2, 0, 0, 0, 0],
            &[1, 0, 0, 0, 0],
        ] {
            assert_eq!(read(body, None, 3), Message::Unreadable, "{body:?}");
        }
        assert_eq!(read(&framed(1, b"abc"), Some("snappy"), 3), Message::Unreadable);
        assert_eq!(read(&framed(1, b"abc"), Some("gzip"), 3), Message::Unreadable);
    }

    #[test]
    fn what_is_compressed_stays_within_the_limit() {
        let plain = vec![0; 100_000];
        let packed = GzipCompressor::new().compress([&plain[..]]).unwrap().to_vec();
        let body = framed(1, &packed);
        assert_eq!(read(&body, Some("gzip"), 100_000), Message::Whole(plain));
        assert_eq!(read(&body, Some("gzip"), 99_999), Message::TooLarge);
    }

    #[cfg(feature = "zstd")]
    #[test]
    fn zstd_stays_within_the_limit_too() {
        let plain = vec![0; 100_000];
        let body = framed(1, &zstd::encode_all(&plain[..], 1).unwrap());
        assert_eq!(read(&body, Some("zstd"), 100_000), Message::Whole(plain));
        assert_eq!(read(&body, Some("zstd"), 99_999), Message::TooLarge);
        assert_eq!(
            read(&body[..body.len() - 1], Some("zstd"), 100_000),
            Message::Unreadable
        );
        assert_eq!(read(&framed(1, b"abc"), Some("zstd"), 9), Message::Unreadable);
        // A frame that asks for a window of 16 MiB.
        let mut encoder = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(24).unwrap();
        std::io::Write::write_all(&mut encoder, &vec![0; 1 << 25]).unwrap();
        let wide = framed(1, &encoder.finish().unwrap());
        assert_eq!(read(&wide, Some("zstd"), 1 << 26), Message::Unreadable);
    }
}
