//! The most frequent errors, in bounded memory (the space-saving sketch of Metwally, Agrawal and El Abbadi).

use crate::TraceId;
use alloc::{boxed::Box, vec::Vec};

/// Bytes that are kept of a span's name, and of an error's type. Texts that are equal so far count as one.
const TEXT: usize = 256;

/// A span that failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Failure<'a> {
    /// The span's name.
    pub span_name: &'a str,
    /// The error's type; see [`super::error_type`].
    pub error_type: &'a str,
    /// When the span ended, in nanoseconds since the Unix epoch.
    pub unix_nano: u64,
    /// Its trace.
    pub trace_id: TraceId,
    /// Whether the trace can be found at a receiver.
    pub is_sampled: bool,
}

/// How often an error came up.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ErrorCount {
    /// The name of the spans; its first 256 bytes.
    pub span_name: Box<str>,
    /// The type of the error; its first 256 bytes.
    pub error_type: Box<str>,
    /// How often at most.
    pub count: u64,
    /// What `count` may be too high by: 0 unless there were more different errors than are counted.
    pub over: u64,
    /// When it came up first since it is counted, in nanoseconds since the Unix epoch.
    pub first_unix_nano: u64,
    /// When it came up last.
    pub last_unix_nano: u64,
    /// The trace of the latest that was sampled; of the latest where none was.
    pub example: TraceId,
    example_is_sampled: bool,
}

impl ErrorCount {
    /// How often at least.
    pub const fn at_least(&self) -> u64 {
        self.count - self.over
    }

    fn key(&self) -> (&str, &str) {
        (&self.span_name, &self.error_type)
    }

    fn note(&mut self, failure: &Failure<'_>) {
        self.first_unix_nano = self.first_unix_nano.min(failure.unix_nano);
        self.last_unix_nano = self.last_unix_nano.max(failure.unix_nano);
        if failure.is_sampled || !self.example_is_sampled {
            self.example = failure.trace_id;
            self.example_is_sampled = failure.is_sampled;
        }
    }
}

/// Counts errors by the name of the span and the type of the error.
///
/// It counts so many different ones as it has room for exactly. When there are more, the rarest makes room for a new one,
/// which takes over its count as what it may be too high by. So with N errors in all and room for K, no count is too high by
/// more than N / K, and every error that came up more often than that is among them.
///
/// ```
/// use spanline_core::TraceId;
/// use spanline_core::process::{ErrorTally, Failure};
/// let mut tally = ErrorTally::new(10);
/// let failure = Failure {
///     span_name: "GET /cart",
///     error_type: "timeout",
///     unix_nano: 5,
///     trace_id: TraceId::INVALID,
///     is_sampled: true,
/// };
/// tally.add(&failure);
/// tally.add(&failure);
/// assert_eq!((tally.total(), tally.top()[0].count), (2, 2));
/// ```
#[derive(Clone, Debug)]
pub struct ErrorTally {
    room: usize,
    /// In no order.
    counts: Vec<ErrorCount>,
    /// Their places, by name and type.
    by_key: Vec<u16>,
    total: u64,
}

impl ErrorTally {
    /// The most different errors that can be counted at once.
    pub const MOST: usize = 1000;

    /// With room for so many different errors, from 1 to [`Self::MOST`].
    pub fn new(room: usize) -> Self {
        Self {
            room: room.clamp(1, Self::MOST),
            counts: Vec::new(),
            by_key: Vec::new(),
            total: 0,
        }
    }

    /// All errors that came up.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Bytes that it holds at most with so much room.
    pub const fn most_bytes(room: usize) -> usize {
        // Vectors grow to the next power of two.
        room * (2 * TEXT + 2 * (size_of::<ErrorCount>() + size_of::<u16>()))
    }

    /// Counts one.
    pub fn add(&mut self, failure: &Failure<'_>) {
        self.total += 1;
        let key = (cut(failure.span_name), cut(failure.error_type));
        let found = self.by_key.binary_search_by(|&at| self.key_at(at).cmp(&key));
        let (at, place) = match found {
            Ok(place) => (self.by_key.get(place).copied().unwrap_or_default(), None),
            Err(place) if self.counts.len() < self.room => {
                self.counts.push(new(key, 0, failure));
                // There are never more than fit the type.
                let at = u16::try_from(self.counts.len() - 1).unwrap_or_default();
                (at, Some(place))
            }
            Err(_) => {
                let Some(at) = self.make_room() else { return };
                if let Some(rarest) = self.counts.get_mut(usize::from(at)) {
                    *rarest = new(key, rarest.count, failure);
                }
                let place = self.by_key.binary_search_by(|&at| self.key_at(at).cmp(&key));
                (at, Some(place.unwrap_or_else(|place| place)))
            }
        };
        if let Some(place) = place {
            self.by_key.insert(place, at);
        }
        if let Some(count) = self.counts.get_mut(usize::from(at)) {
            count.count += 1;
            count.note(failure);
        }
    }

    /// Takes the rarest out of the order of keys, and gives its place.
    fn make_room(&mut self) -> Option<u16> {
        let counts = self.counts.iter().enumerate();
        let (rarest, count) = counts.min_by_key(|(_, count)| count.count)?;
        let place = self
            .by_key
            .binary_search_by(|&at| self.key_at(at).cmp(&count.key()))
            .ok()?;
        self.by_key.remove(place);
        u16::try_from(rarest).ok()
    }

    fn key_at(&self, at: u16) -> (&str, &str) {
        self.counts.get(usize::from(at)).map_or(("", ""), ErrorCount::key)
    }

    /// The errors that are counted, the most frequent first.
    pub fn top(&self) -> Vec<ErrorCount> {
        let mut top = self.counts.clone();
        top.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.key().cmp(&b.key())));
        top
    }

    /// Begins anew.
    pub fn reset(&mut self) {
        *self = Self::new(self.room);
    }
}

fn new((span_name, error_type): (&str, &str), count: u64, failure: &Failure<'_>) -> ErrorCount {
    ErrorCount {
        span_name: span_name.into(),
        error_type: error_type.into(),
        count,
        over: count,
        first_unix_nano: failure.unix_nano,
        last_unix_nano: failure.unix_nano,
        example: failure.trace_id,
        example_is_sampled: failure.is_sampled,
    }
}

/// The beginning of a text, in whole characters.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
