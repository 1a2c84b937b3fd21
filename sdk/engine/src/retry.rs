//! Which answers are worth another attempt, and how long to wait before it.

mod http_date;

use alloc::{borrow::Cow, string::ToString};
use spanline_core::semconv::GrpcCode;

/// What an answer says about the data that was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Delivered.
    Success,
    /// Not delivered; worth another attempt.
    Retry,
    /// Not delivered, and never will be.
    Failure,
}

impl Verdict {
    /// Whether the data was delivered.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Success)
    }

    /// Whether another attempt is worth it.
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::Retry)
    }
}

/// What an HTTP status says: any 2xx is a success; 429, 502, 503 and 504 are worth another attempt.
pub const fn http_status(status: u16) -> Verdict {
    match status {
        200..=299 => Verdict::Success,
        429 | 502 | 503 | 504 => Verdict::Retry,
        _ => Verdict::Failure,
    }
}

/// What a gRPC status code says. `has_retry_info`: the status came with a `RetryInfo`, without which
/// RESOURCE_EXHAUSTED (8) is final.
pub const fn grpc_status(code: u32, has_retry_info: bool) -> Verdict {
    match code {
        0 => Verdict::Success,
        // CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS.
        1 | 4 | 10 | 11 | 14 | 15 => Verdict::Retry,
        8 if has_retry_info => Verdict::Retry,
        _ => Verdict::Failure,
    }
}

/// The name of a gRPC status code; the digits of a number that has none.
///
/// ```
/// use spanline_engine::retry::grpc_status_name;
/// assert_eq!(grpc_status_name(14), "UNAVAILABLE");
/// assert_eq!(grpc_status_name(17), "17");
/// ```
pub fn grpc_status_name(code: u32) -> Cow<'static, str> {
    let known = GrpcCode::from_number(i64::from(code));
    match known as u32 == code {
        true => Cow::Borrowed(known.name()),
        false => Cow::Owned(code.to_string()),
    }
}

/// The milliseconds that a `Retry-After` header asks to wait, at this Unix time in milliseconds.
///
/// Whole seconds (digits only) or an HTTP date in any of its three forms; a date in the past is 0. `None` for anything
/// else, also for more than fits into 64-bit milliseconds: then the own back-off applies.
///
/// ```
/// use spanline_engine::retry::retry_after;
/// assert_eq!(retry_after(b" 7 ", 10_000), Some(7_000));
/// assert_eq!(retry_after(b"Thu, 01 Jan 1970 00:00:30 GMT", 10_000), Some(20_000));
/// assert_eq!(retry_after(b"soon", 10_000), None);
/// ```
pub fn retry_after(header: &[u8], now_unix_ms: u64) -> Option<u64> {
    let text = trim(header);
    if text.first()?.is_ascii_digit() {
        return seconds(text)?.checked_mul(1000);
    }
    let at = http_date::unix_seconds(text, now_unix_ms / 1000)?;
    let at_ms = u64::try_from(at).unwrap_or(0).checked_mul(1000)?;
    Some(at_ms.saturating_sub(now_unix_ms))
}

/// Without spaces and tabs at both ends.
fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

fn seconds(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |sum, &digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// The pauses between the attempts of one exporter: 1 s, then 1.5 times as long each time up to 30 s, each of them
/// 20 % longer or shorter by chance.
///
/// What the server asks for replaces the pause, also above 30 s, and further failures grow from it. But no pause is
/// longer than the bound given (the age limit of batches), so that a mistaken header does not silence an exporter for
/// days.
///
/// ```
/// use spanline_engine::retry::Backoff;
/// let mut backoff = Backoff::new(300_000);
/// assert_eq!(backoff.next_delay_ms(None, 0), 800);
/// assert_eq!(backoff.next_delay_ms(None, u64::MAX), 1_800);
/// assert_eq!(backoff.next_delay_ms(Some(40_000), 0), 40_000);
/// assert_eq!(backoff.next_delay_ms(None, 0), 48_000);
/// backoff.reset();
/// assert_eq!(backoff.next_delay_ms(None, 0), 800);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Backoff {
    base_ms: u64,
    /// Up to where the pauses grow.
    cap_ms: u64,
    longest_ms: u64,
}

impl Backoff {
    const FIRST_MS: u64 = 1_000;
    const CAP_MS: u64 = 30_000;
    const LEAST_MS: u64 = 100;

    /// The state before the first failure. No pause is longer than `longest_ms`.
    pub const fn new(longest_ms: u64) -> Self {
        Self {
            base_ms: Self::FIRST_MS,
            cap_ms: Self::CAP_MS,
            longest_ms,
        }
    }

    /// The pause after a failure, in milliseconds. `server_ms` is what the answer asked for, `random` 64 random bits.
    pub fn next_delay_ms(&mut self, server_ms: Option<u64>, random: u64) -> u64 {
        let delay = match server_ms {
            Some(asked) => self.asked(asked),
            None => self.own(random),
        };
        self.base_ms = self.base_ms.saturating_add(self.base_ms / 2).min(self.cap_ms);
        delay
    }

    /// From 80 to 120 % of the base, in steps of base / 2^32.
    fn own(&self, random: u64) -> u64 {
        let base = u128::from(self.base_ms);
        let spread = (base * 2 * u128::from((random >> 32) + 1) / 5) >> 32;
        u64::try_from(base * 4 / 5 + spread).map_or(self.longest_ms, |own| own.min(self.longest_ms))
    }

    fn asked(&mut self, asked: u64) -> u64 {
        let delay = self.bounded(asked);
        self.base_ms = self.base_ms.max(delay);
        if self.base_ms > Self::CAP_MS {
            self.cap_ms = self.longest_ms;
        }
        delay
    }

    /// What the server asked for, within our bounds: "at once" from one that has just refused is not an invitation to
    /// hammer it.
    pub(crate) fn bounded(&self, asked_ms: u64) -> u64 {
        asked_ms.max(Self::LEAST_MS).min(self.longest_ms)
    }

    /// Back to the first pause: an attempt succeeded.
    pub const fn reset(&mut self) {
        *self = Self::new(self.longest_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_cap_and_stay_within_the_jitter() {
        let mut low = Backoff::new(u64::MAX);
        let mut high = low.clone();
        let mut base = 1000;
        for _ in 0..20 {
            let (shortest, longest) = (low.next_delay_ms(None, 0), high.next_delay_ms(None, u64::MAX));
            assert!(
                shortest >= base * 4 / 5 && longest <= base * 6 / 5,
                "{shortest} {longest} {base}"
            );
            assert!(
                longest - shortest >= base * 2 / 5 - 1,
                "{shortest} {longest} {base}"
            );
            base = (base * 3 / 2).min(30_000);
        }
        assert_eq!(base, 30_000);
    }

    #[test]
    fn no_pause_is_longer_than_the_bound() {
        let mut backoff = Backoff::new(500);
        assert_eq!(backoff.next_delay_ms(None, 0), 500);
        assert_eq!(backoff.next_delay_ms(Some(u64::MAX), 0), 500);
        assert_eq!(backoff.next_delay_ms(Some(200), 0), 200);
    }

    #[test]
    fn pauses_grow_from_what_the_server_asked_for() {
        let mut backoff = Backoff::new(300_000);
        assert_eq!(backoff.next_delay_ms(Some(20_000), 0), 20_000);
        assert_eq!(backoff.next_delay_ms(None, 0), 24_000, "80 % of 30 s");
        assert_eq!(backoff.next_delay_ms(None, 0), 24_000, "the cap");
        assert_eq!(backoff.next_delay_ms(Some(100_000), 0), 100_000);
        assert_eq!(backoff.next_delay_ms(None, 0), 120_000, "80 % of 150 s");
        assert_eq!(backoff.next_delay_ms(None, 0), 180_000, "80 % of 225 s");
        for _ in 0..5 {
            backoff.next_delay_ms(None, u64::MAX);
        }
        assert_eq!(backoff.next_delay_ms(None, u64::MAX), 300_000, "the bound");
        backoff.reset();
        for _ in 0..20 {
            backoff.next_delay_ms(None, 0);
        }
        assert_eq!(backoff.next_delay_ms(None, 0), 24_000, "the cap again");
    }

    #[test]
    fn a_pause_that_the_server_asked_for_counts_as_a_failure() {
        let mut backoff = Backoff::new(u64::MAX);
        assert_eq!(backoff.next_delay_ms(Some(0), 0), 100);
        assert_eq!(backoff.next_delay_ms(None, 0), 1200);
    }
}
