//! gzip, both ways: requests with one compressor that is kept, answers with a bound.

use flate2::{Compress, Compression, FlushCompress, Status, bufread::GzDecoder};
use std::io::{self, Read};

/// How much room the output gets at least, each time it is full.
const GROWTH: usize = 32 * 1024;

/// Compresses request bodies, one after the other, at level 1: a quarter of the size for a fifth of the time of the
/// usual level. Keeps its memory (about 300 KB) and its output buffer between them.
#[derive(Debug)]
pub(crate) struct GzipCompressor {
    compress: Compress,
    output: Vec<u8>,
}

impl GzipCompressor {
    /// A compressor.
    pub(crate) fn new() -> Self {
        Self {
            compress: Compress::new_gzip(Compression::new(1), 15),
            output: Vec::new(),
        }
    }

    /// The parts, one after the other, as one gzip member. Valid until the next call.
    pub(crate) fn compress<'a>(&mut self, parts: impl IntoIterator<Item = &'a [u8]>) -> io::Result<&[u8]> {
        self.compress.reset();
        self.output.clear();
        for part in parts {
            self.feed(part, FlushCompress::None)?;
        }
        self.feed(&[], FlushCompress::Finish)?;
        Ok(&self.output)
    }

    fn feed(&mut self, mut part: &[u8], flush: FlushCompress) -> io::Result<()> {
        let finish = matches!(flush, FlushCompress::Finish);
        while finish || !part.is_empty() {
            if self.output.capacity() - self.output.len() < 64 {
                self.output.reserve(GROWTH);
            }
            let before = self.compress.total_in();
            let status = self
                .compress
                .compress_vec(part, &mut self.output, flush)
                .map_err(io::Error::other)?;
            let taken = usize::try_from(self.compress.total_in() - before).unwrap_or(part.len());
            part = part.get(taken..).unwrap_or_default();
            if status == Status::StreamEnd {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// What decompressing gave.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Decompressed {
    /// All of it.
    Complete(Vec<u8>),
    /// What came before an error or the early end.
    Broken(Vec<u8>),
    /// More than the limit.
    TooLarge,
}

/// The content of a gzip body, if it is at most `limit` bytes; never holds more than that.
pub(super) fn decompress(body: &[u8], limit: usize) -> Decompressed {
    let mut content = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = GzDecoder::new(body).take(bound).read_to_end(&mut content);
    if content.len() > limit {
        return Decompressed::TooLarge;
    }
    match read {
        Ok(_) => Decompressed::Complete(content),
        Err(_) => Decompressed::Broken(content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compressor_is_used_again_and_again() {
        let mut compressor = GzipCompressor::new();
        let mut noise = 1u32;
        let random: Vec<u8> = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 24) as u8
        })
        .take(300_000)
        .collect();
        for parts in [
            vec![],
            vec![&b""[..], b"a", b""],
            vec![&random[..], b"tail"],
            vec![&[7; 100_000][..], &random[..70_000], &[7; 5]],
        ] {
            let joined = parts.concat();
            let packed = compressor.compress(parts.iter().copied()).unwrap().to_vec();
            assert_eq!(decompress(&packed, joined.len()), Decompressed::Complete(joined));
        }
    }

    #[test]
    fn decompression_is_bounded_and_forgives_nothing() {
        let bomb = GzipCompressor::new()
            .compress([&vec![0; 1_000_000][..]])
            .unwrap()
            .to_vec();
        assert!(bomb.len() < 20_000);
        assert_eq!(decompress(&bomb, 999_999), Decompressed::TooLarge);
        assert!(
            matches!(decompress(&bomb, 1_000_000), Decompressed::Complete(all) if all.len() == 1_000_000)
        );
        assert!(matches!(
            decompress(&bomb[..bomb.len() - 9], 1_000_000),
            Decompressed::Broken(_)
        ));
        assert_eq!(decompress(b"not gzip", 10), Decompressed::Broken(vec![]));
        assert_eq!(decompress(b"", 10), Decompressed::Broken(vec![]));
    }
}
