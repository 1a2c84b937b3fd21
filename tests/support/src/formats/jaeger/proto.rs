//! `jaeger.api_v2`.

use super::{Tag, tags};
use crate::json::hex;
use prost::Message;
use serde_json::{Value, json};

#[derive(Clone, PartialEq, Message)]
struct PostSpansRequest {
    #[prost(message, optional, tag = "1")]
    batch: Option<Batch>,
}

#[derive(Clone, PartialEq, Message)]
struct Batch {
    #[prost(message, repeated, tag = "1")]
    spans: Vec<Span>,
    #[prost(message, optional, tag = "2")]
    process: Option<Process>,
}

#[derive(Clone, PartialEq, Message)]
struct Process {
    #[prost(string, tag = "1")]
    service_name: String,
    #[prost(message, repeated, tag = "2")]
    tags: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(string, tag = "3")]
    operation_name: String,
    #[prost(message, repeated, tag = "4")]
    references: Vec<SpanRef>,
    #[prost(uint32, tag = "5")]
    flags: u32,
    #[prost(message, optional, tag = "6")]
    start_time: Option<Time>,
    #[prost(message, optional, tag = "7")]
    duration: Option<Time>,
    #[prost(message, repeated, tag = "8")]
    tags: Vec<KeyValue>,
    #[prost(message, repeated, tag = "9")]
    logs: Vec<Log>,
}

#[derive(Clone, PartialEq, Message)]
struct SpanRef {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(int32, tag = "3")]
    ref_type: i32,
}

/// A timestamp or a duration.
#[derive(Clone, Copy, PartialEq, Message)]
struct Time {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(int32, tag = "2")]
    v_type: i32,
    #[prost(string, tag = "3")]
    v_str: String,
    #[prost(bool, tag = "4")]
    v_bool: bool,
    #[prost(int64, tag = "5")]
    v_int64: i64,
    #[prost(double, tag = "6")]
    v_float64: f64,
    #[prost(bytes = "vec", tag = "7")]
    v_binary: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Log {
    #[prost(message, optional, tag = "1")]
    timestamp: Option<Time>,
    #[prost(message, repeated, tag = "2")]
    fields: Vec<KeyValue>,
}

/// Reads a `PostSpansRequest`.
///
/// # Errors
/// When it is none, or when something is missing that Jaeger counts on.
pub fn read_post_spans(message: &[u8]) -> Result<Value, String> {
    let request = PostSpansRequest::decode(message).map_err(|error| error.to_string())?;
    let batch = request.batch.ok_or("no batch")?;
    let process = batch.process.ok_or("no process")?;
    let spans: Result<Value, String> = batch.spans.iter().map(span).collect();
    Ok(json!({ "service": process.service_name, "process": key_values(&process.tags)?, "spans": spans? }))
}

fn span(span: &Span) -> Result<Value, String> {
    let mut references = span.references.iter().peekable();
    let is_parent = |first: &&SpanRef| first.ref_type == 0 && first.trace_id == span.trace_id;
    let parent = references
        .next_if(is_parent)
        .map_or("0".repeat(16), |parent| hex(&parent.span_id));
    let references = references.map(|one| json!([one.ref_type, hex(&one.trace_id), hex(&one.span_id)]));
    let references: Value = references.collect();
    let logs = span
        .logs
        .iter()
        .map(|log| Ok(json!({ "time": nanos(log.timestamp)?, "fields": key_values(&log.fields)? })));
    let logs: Result<Value, String> = logs.collect();
    Ok(json!({
        "trace_id": hex(&span.trace_id),
        "span_id": hex(&span.span_id),
        "parent_id": parent,
        "name": span.operation_name,
        "flags": span.flags,
        "references": references,
        "start": nanos(span.start_time)?,
        "duration": nanos(span.duration)?,
        "tags": key_values(&span.tags)?,
        "logs": logs?,
    }))
}

fn nanos(time: Option<Time>) -> Result<u64, String> {
    let time = time.ok_or("a time is missing")?;
    let [seconds, nanos] = [time.seconds, time.nanos.into()].map(u64::try_from);
    let nanos = seconds.ok().zip(nanos.ok()).and_then(|(seconds, nanos)| {
        (nanos < 1_000_000_000).then_some(())?;
        seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
    });
    nanos.ok_or(format!("{time:?} is no time"))
}

fn key_values(list: &[KeyValue]) -> Result<Value, String> {
    let read = list.iter().map(|one| -> Result<Tag, String> {
        let (kind, value): (_, Value) = match one.v_type {
            0 => ("string", one.v_str.clone().into()),
            1 => ("bool", one.v_bool.into()),
            2 => ("int", one.v_int64.into()),
            3 => ("double", one.v_float64.into()),
            4 => ("binary", hex(&one.v_binary).into()),
            other => return Err(format!("no type of a value has the number {other}")),
        };
        Ok((one.key.clone(), kind, value))
    });
    tags(read.collect::<Result<_, _>>()?)
}
