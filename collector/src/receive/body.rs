//! A request body, read and inflated under its bounds.

use crate::budget::Lease;
use axum::body::Body;
use flate2::write::MultiGzDecoder;
use http_body_util::BodyExt;
use std::io::{self, Write};
use std::time::Duration;

/// How long a client may take to send one body.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How much of a refused body is read and thrown away, so that its sender gets to read the answer.
const DRAIN_LIMIT: usize = 64 * 1024 * 1024;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
}

/// Why a body could not be had.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// Longer than the bound, after decompression.
    TooLarge,
    /// All requests together hold too much.
    Busy,
    /// Not sent in time.
    Slow,
    /// The gzip stream is broken; the text says how.
    Gzip(String),
    /// The connection broke or its framing is wrong.
    Broken(String),
}

/// Where inflated or plain bytes go: grows only as far as the bound and the lease allow.
struct Sink<'a> {
    bytes: Vec<u8>,
    limit: usize,
    lease: &'a mut Lease,
    stopped: Option<BodyError>,
}

impl Write for Sink<'_> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let total = self.bytes.len().saturating_add(piece.len());
        let stop = |this: &mut Self, why| {
            this.stopped = Some(why);
            Err(io::Error::other("bound reached"))
        };
        if total > self.limit {
            return stop(self, BodyError::TooLarge);
        }
        if total > self.bytes.capacity() {
            // Twice as much, but never more than the bound: the lease is asked for what will be allocated.
            let capacity = (self.bytes.capacity() * 2).clamp(total, self.limit.max(total));
            if !self.lease.grow_to(capacity) {
                return stop(self, BodyError::Busy);
            }
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Reader<'a> {
    Plain(Sink<'a>),
    Gzip(Box<MultiGzDecoder<Sink<'a>>>, bool),
}

impl Reader<'_> {
    fn feed(&mut self, piece: &[u8]) -> Result<(), BodyError> {
        let outcome = match self {
            Self::Plain(sink) => sink.write_all(piece),
            Self::Gzip(decoder, any) => {
                *any |= !piece.is_empty();
                decoder.write_all(piece)
            }
        };
        outcome.map_err(|error| self.reason(&error))
    }

    fn finish(mut self) -> Result<Vec<u8>, BodyError> {
        if let Self::Gzip(decoder, any) = &mut self {
            if !*any {
                return Err(BodyError::Gzip("the body is empty".to_owned()));
            }
            if let Err(error) = decoder.try_finish() {
                return Err(self.reason(&error));
            }
        }
        Ok(std::mem::take(&mut self.sink().bytes))
    }

    fn reason(&mut self, error: &io::Error) -> BodyError {
        let cut = error.kind() == io::ErrorKind::UnexpectedEof;
        self.sink().stopped.take().unwrap_or_else(|| {
            BodyError::Gzip(if cut {
                "it ends too early".to_owned()
            } else {
                error.to_string()
            })
        })
    }
}

impl<'a> Reader<'a> {
    fn sink(&mut self) -> &mut Sink<'a> {
        match self {
            Self::Plain(sink) => sink,
            Self::Gzip(decoder, _) => decoder.get_mut(),
        }
    }
}

/// Reads a whole body. `limit` bounds what was sent and what it inflates to; nothing is allocated on the word of a
/// header alone.
pub(crate) async fn read(
    body: Body,
    encoding: Encoding,
    limit: usize,
    lease: &mut Lease,
) -> Result<Vec<u8>, BodyError> {
    let mut body = body;
    let outcome = tokio::time::timeout(BODY_TIMEOUT, collect(&mut body, encoding, limit, lease)).await;
    let outcome = outcome.unwrap_or(Err(BodyError::Slow));
    if matches!(
        outcome,
        Err(BodyError::TooLarge | BodyError::Busy | BodyError::Gzip(_))
    ) {
        discard(body).await;
    }
    outcome
}

async fn collect(
    body: &mut Body,
    encoding: Encoding,
    limit: usize,
    lease: &mut Lease,
) -> Result<Vec<u8>, BodyError> {
    let sink = Sink {
        bytes: Vec::new(),
        limit,
        lease,
        stopped: None,
    };
    let mut reader = match encoding {
        Encoding::Identity => Reader::Plain(sink),
        Encoding::Gzip => Reader::Gzip(Box::new(MultiGzDecoder::new(sink)), false),
    };
    let mut sent = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| BodyError::Broken(error.to_string()))?;
        let Ok(piece) = frame.into_data() else { continue };
        sent = sent.saturating_add(piece.len());
        if sent > limit {
            return Err(BodyError::TooLarge);
        }
        reader.feed(&piece)?;
    }
    reader.finish()
}

/// Reads the rest of a refused body without keeping it: a client that is still writing would otherwise meet a reset
/// instead of the answer.
pub(crate) async fn discard(mut body: Body) {
    let rest = async {
        let mut seen = 0_usize;
        while let Some(Ok(frame)) = body.frame().await {
            seen = seen.saturating_add(frame.into_data().map_or(0, |piece| piece.len()));
            if seen > DRAIN_LIMIT {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(BODY_TIMEOUT, rest).await;
}
