//! `google.rpc.Status`: the body of an error answer, and gRPC's `grpc-status-details-bin`.

use super::json::Json;
use super::request::DecodeError;
use crate::wire::base64;
use crate::wire::json::string;
use crate::wire::proto::{Reader, Sink, optional_varint_len};
use alloc::{format, string::String, vec::Vec};
use core::time::Duration;

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

/// An error as gRPC and OTLP/HTTP tell it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RpcStatus {
    /// The gRPC code, such as 14 for UNAVAILABLE.
    pub code: i32,
    /// Text for people, as received: it may hold control characters.
    pub message: String,
    /// How long to wait before trying again, when the sender says so. Negative delays read as zero.
    pub retry_delay: Option<Duration>,
}

impl RpcStatus {
    /// Reads the message in protobuf.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let mut status = Self::default();
        let mut fields = Reader::new(body);
        while let Some(field) = fields.next_field()? {
            match field.number {
                1 => status.code = field.varint()? as i32,
                2 => status.message = field.str()?.into(),
                3 => status.detail(field.message()?)?,
                _ => {}
            }
        }
        Ok(status)
    }

    fn detail(&mut self, mut any: Reader<'_>) -> Result<(), DecodeError> {
        let (mut url, mut value) = ("", None);
        while let Some(field) = any.next_field()? {
            match field.number {
                1 => url = field.str()?,
                2 => value = Some(field.message()?),
                _ => {}
            }
        }
        if is_retry_info(url) {
            let (mut seconds, mut nanos) = (0, 0);
            for field in value.into_iter().flatten().filter(|field| field.number == 1) {
                let mut delay = field.message()?;
                while let Some(field) = delay.next_field()? {
                    match field.number {
                        1 => seconds = field.varint()? as i64,
                        2 => nanos = field.varint()? as i32,
                        _ => {}
                    }
                }
            }
            self.retry_delay = Some(duration(seconds, nanos));
        }
        Ok(())
    }

    /// Reads the value of `grpc-status-details-bin`: the message in base64, with or without padding.
    ///
    /// ```
    /// use spanline_core::wire::otlp::RpcStatus;
    /// assert_eq!(RpcStatus::decode_base64("CA4=").unwrap().code, 14);
    /// assert!(RpcStatus::decode_base64("?").is_err());
    /// ```
    pub fn decode_base64(text: &str) -> Result<Self, DecodeError> {
        let body = base64::decode(text.as_bytes());
        Self::decode(&body.ok_or(DecodeError {
            message: "the value is not base64",
            offset: 0,
        })?)
    }

    /// Reads the message in JSON.
    pub fn decode_json(body: &[u8]) -> Result<Self, DecodeError> {
        let [code, message, details] = Json::parse(body)?.members(["code", "message", "details"])?;
        let mut status = Self {
            code: code.map_or(Ok(0), Json::enumeration)?,
            message: message.map_or(Ok(String::new()), |text| text.str().map(String::from))?,
            retry_delay: None,
        };
        if let Some(details) = details {
            details.elements(|detail| {
                let [url, delay] = detail.members(["@type", "retryDelay"])?;
                if let (Some(url), Some(delay)) = (url, delay)
                    && is_retry_info(&url.str()?)
                {
                    status.retry_delay = json_duration(&delay.str()?);
                }
                Ok(())
            })?;
        }
        Ok(status)
    }

    /// Writes the message in protobuf.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.optional_varint(0x08, i64::from(self.code) as u64);
        out.optional(0x12, self.message.as_bytes());
        if let Some(delay) = self.retry_delay {
            let (seconds, nanos) = (wire_seconds(delay), u64::from(delay.subsec_nanos()));
            let mut info = Vec::new();
            info.frame(0x0a, optional_varint_len(seconds) + optional_varint_len(nanos));
            info.optional_varint(0x08, seconds);
            info.optional_varint(0x10, nanos);
            let mut detail = Vec::new();
            detail.framed(0x0a, RETRY_INFO.as_bytes());
            detail.framed(0x12, &info);
            out.framed(0x1a, &detail);
        }
        out
    }

    /// Writes the message in JSON.
    pub fn encode_json(&self) -> String {
        let mut out = format!("{{\"code\":{},\"message\":", self.code);
        // Writing to a String never fails.
        let _ = string(&mut out, &self.message);
        if let Some(delay) = self.retry_delay {
            let (seconds, nanos) = (wire_seconds(delay), delay.subsec_nanos());
            out += &format!(
                ",\"details\":[{{\"@type\":\"{RETRY_INFO}\",\"retryDelay\":\"{seconds}.{nanos:09}s\"}}]"
            );
        }
        out.push('}');
        out
    }
}

fn is_retry_info(url: &str) -> bool {
    url.rsplit('/').next() == Some("google.rpc.RetryInfo")
}

/// Seconds of a duration as its message holds them.
fn wire_seconds(delay: Duration) -> u64 {
    delay.as_secs().min(i64::MAX as u64)
}

fn duration(seconds: i64, nanos: i32) -> Duration {
    match (u64::try_from(seconds), u32::try_from(nanos)) {
        (Ok(seconds), Ok(nanos)) => Duration::new(seconds, nanos.min(999_999_999)),
        _ => Duration::ZERO,
    }
}

/// Seconds with up to nine decimals and an `s`, as durations stand in JSON.
fn json_duration(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (negative, number) = number
        .strip_prefix('-')
        .map_or((false, number), |number| (true, number));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits =
        |text: &str, limit| (1..=limit).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
    if !digits(whole, 12) || !digits(fraction, 9) {
        return None;
    }
    let value = |text: &str| {
        text.bytes()
            .fold(0, |value, digit| value * 10 + u64::from(digit - b'0'))
    };
    let nanos = value(fraction) * 10_u64.pow(9 - fraction.len() as u32);
    Some(if negative {
        Duration::ZERO
    } else {
        Duration::new(value(whole), nanos as u32)
    })
}
