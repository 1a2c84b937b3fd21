//! Compression of request bodies, by a compressor that is kept.

use super::GzipCompressor;
use spanline_engine::options::Compression;
use std::io;

/// Compresses one body after the other, whole.
#[derive(Debug)]
pub(crate) enum Compressor {
    /// gzip at level 1.
    Gzip(GzipCompressor),
    /// zstd at level 1.
    #[cfg(feature = "zstd")]
    Zstd(ZstdCompressor),
}

impl Compressor {
    /// That of the option `compression`; `None` for none, or when there is no memory for it.
    pub(crate) fn of(compression: Compression) -> Option<Self> {
        match compression {
            Compression::Gzip => Some(Self::Gzip(GzipCompressor::new())),
            #[cfg(feature = "zstd")]
            Compression::Zstd => ZstdCompressor::new().ok().map(Self::Zstd),
            _ => None,
        }
    }

    /// The Content-Encoding, and the name of the encoding in gRPC.
    pub(crate) fn encoding(&self) -> &'static str {
        match self {
            Self::Gzip(_) => "gzip",
            #[cfg(feature = "zstd")]
            Self::Zstd(_) => "zstd",
        }
    }

    /// The compressed body. Valid until the next call.
    pub(crate) fn compress(&mut self, body: &[u8]) -> io::Result<&[u8]> {
        match self {
            Self::Gzip(gzip) => gzip.compress([body]),
            #[cfg(feature = "zstd")]
            Self::Zstd(zstd) => zstd.compress(body),
        }
    }
}

/// Keeps its memory and its output buffer between bodies.
#[cfg(feature = "zstd")]
pub(crate) struct ZstdCompressor {
    compressor: zstd::bulk::Compressor<'static>,
    output: Vec<u8>,
}

#[cfg(feature = "zstd")]
impl std::fmt::Debug for ZstdCompressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ZstdCompressor").finish_non_exhaustive()
    }
}

#[cfg(feature = "zstd")]
impl ZstdCompressor {
    /// A compressor; an error when there is no memory for one.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            compressor: zstd::bulk::Compressor::new(1)?,
            output: Vec::new(),
        })
    }

    fn compress(&mut self, body: &[u8]) -> io::Result<&[u8]> {
        self.output.clear();
        self.output.reserve(zstd::zstd_safe::compress_bound(body.len()));
        self.compressor.compress_to_buffer(body, &mut self.output)?;
        Ok(&self.output)
    }
}

#[cfg(all(test, feature = "zstd"))]
mod tests {
    use super::*;

    #[test]
    fn zstd_is_used_again_and_again() {
        let mut compressor = Compressor::Zstd(ZstdCompressor::new().unwrap());
        for body in [&[7; 100_000][..], b"", b"abc", &[1; 5]] {
            let packed = compressor.compress(body).unwrap();
            assert!(packed.len() < 100);
            assert_eq!(zstd::stream::decode_all(packed).unwrap(), body);
        }
        assert_eq!(compressor.encoding(), "zstd");
    }
}
