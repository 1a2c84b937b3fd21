//! `jaeger.thrift` in the binary protocol.

use super::{Tag, tags};
use crate::json::hex;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Cursor;
use thrift::protocol::{TBinaryInputProtocol, TInputProtocol, TType};

/// Any value of the protocol that these structs have.
#[derive(Clone, Debug)]
enum Any {
    Bool(bool),
    F64(f64),
    I32(i32),
    I64(i64),
    Bytes(Vec<u8>),
    Struct(Struct),
    List(Vec<Any>),
}

/// The fields of a struct by their ids.
#[derive(Clone, Debug)]
struct Struct(BTreeMap<i16, Any>);

/// Reads a `Batch` struct that no message is around.
///
/// # Errors
/// When it is none, or when something follows it.
pub fn read_batch(body: &[u8]) -> Result<Value, String> {
    let mut cursor = Cursor::new(body);
    let mut input = TBinaryInputProtocol::new(&mut cursor, true);
    let batch = read_struct(&mut input).map_err(|error| error.to_string())?;
    if cursor.position() != body.len() as u64 {
        return Err(format!(
            "only {} of {} bytes were read",
            cursor.position(),
            body.len()
        ));
    }
    let process = batch.structure(1)?;
    let spans: Result<Value, String> = batch.structures(2)?.iter().map(span).collect();
    Ok(json!({ "service": process.text(1)?, "process": key_values(process, 2)?, "spans": spans? }))
}

fn read_struct(input: &mut impl TInputProtocol) -> thrift::Result<Struct> {
    let mut fields = BTreeMap::new();
    input.read_struct_begin()?;
    loop {
        let field = input.read_field_begin()?;
        if field.field_type == TType::Stop {
            break;
        }
        let id = field.id.unwrap_or_default();
        let value = read_any(input, field.field_type)?;
        if fields.insert(id, value).is_some() {
            return Err(format!("the field {id} occurs twice").into());
        }
        input.read_field_end()?;
    }
    input.read_struct_end()?;
    Ok(Struct(fields))
}

fn read_any(input: &mut impl TInputProtocol, kind: TType) -> thrift::Result<Any> {
    Ok(match kind {
        TType::Bool => Any::Bool(input.read_bool()?),
        TType::Double => Any::F64(input.read_double()?),
        TType::I32 => Any::I32(input.read_i32()?),
        TType::I64 => Any::I64(input.read_i64()?),
        TType::String => Any::Bytes(input.read_bytes()?),
        TType::Struct => Any::Struct(read_struct(input)?),
        TType::List => {
            let list = input.read_list_begin()?;
            let items: thrift::Result<_> = (0..list.size)
                .map(|_| read_any(input, list.element_type))
                .collect();
            input.read_list_end()?;
            Any::List(items?)
        }
        other => return Err(format!("no field has the type {other}").into()),
    })
}

impl Struct {
    fn field(&self, id: i16) -> Result<&Any, String> {
        self.0
            .get(&id)
            .ok_or(format!("the field {id} is missing: {self:?}"))
    }

    fn structure(&self, id: i16) -> Result<&Struct, String> {
        match self.field(id)? {
            Any::Struct(value) => Ok(value),
            other => Err(format!("{other:?} is no struct")),
        }
    }

    fn i64(&self, id: i16) -> Result<i64, String> {
        match self.field(id)? {
            Any::I64(value) => Ok(*value),
            other => Err(format!("{other:?} is no i64")),
        }
    }

    /// A number of microseconds in nanoseconds.
    fn nanos(&self, id: i16) -> Result<u64, String> {
        let micros = u64::try_from(self.i64(id)?).map_err(|error| error.to_string())?;
        micros
            .checked_mul(1_000)
            .ok_or(format!("{micros} us are too many"))
    }

    fn i32(&self, id: i16) -> Result<i32, String> {
        match self.field(id)? {
            Any::I32(value) => Ok(*value),
            other => Err(format!("{other:?} is no i32")),
        }
    }

    fn bytes(&self, id: i16) -> Result<&[u8], String> {
        match self.field(id)? {
            Any::Bytes(value) => Ok(value),
            other => Err(format!("{other:?} is no string")),
        }
    }

    fn text(&self, id: i16) -> Result<&str, String> {
        std::str::from_utf8(self.bytes(id)?).map_err(|error| error.to_string())
    }

    /// A list that may be missing.
    fn structures(&self, id: i16) -> Result<Vec<Struct>, String> {
        let Some(Any::List(items)) = self.0.get(&id) else {
            return Ok(Vec::new());
        };
        let items = items.iter().map(|item| match item {
            Any::Struct(value) => Ok(value.clone()),
            other => Err(format!("{other:?} is no struct")),
        });
        items.collect()
    }

    fn trace_id(&self, low: i16, high: i16) -> Result<String, String> {
        Ok(format!("{:016x}{:016x}", self.i64(high)?, self.i64(low)?))
    }
}

fn span(span: &Struct) -> Result<Value, String> {
    let references = span.structures(6)?;
    let references = references.iter().map(|one| {
        let id = format!("{:016x}", one.i64(4)?);
        Ok(json!([one.i32(1)?, one.trace_id(2, 3)?, id]))
    });
    let references: Result<Value, String> = references.collect();
    let logs = span.structures(11)?;
    let logs = logs
        .iter()
        .map(|log| Ok(json!({ "time": log.nanos(1)?, "fields": key_values(log, 2)? })));
    let logs: Result<Value, String> = logs.collect();
    Ok(json!({
        "trace_id": span.trace_id(1, 2)?,
        "span_id": format!("{:016x}", span.i64(3)?),
        "parent_id": format!("{:016x}", span.i64(4)?),
        "name": span.text(5)?,
        "flags": span.i32(7)?,
        "references": references?,
        "start": span.nanos(8)?,
        "duration": span.nanos(9)?,
        "tags": key_values(span, 10)?,
        "logs": logs?,
    }))
}

fn key_values(of: &Struct, id: i16) -> Result<Value, String> {
    let list = of.structures(id)?;
    let read = list.iter().map(|tag| -> Result<Tag, String> {
        let (kind, value): (_, Value) = match (tag.i32(2)?, tag) {
            (0, _) => ("string", tag.text(3)?.into()),
            (1, Struct(fields)) => match fields.get(&4) {
                Some(Any::F64(value)) => ("double", (*value).into()),
                other => return Err(format!("{other:?} is no double")),
            },
            (2, Struct(fields)) => match fields.get(&5) {
                Some(Any::Bool(value)) => ("bool", (*value).into()),
                other => return Err(format!("{other:?} is no bool")),
            },
            (3, _) => ("int", tag.i64(6)?.into()),
            (4, _) => ("binary", hex(tag.bytes(7)?).into()),
            (other, _) => return Err(format!("no type of a value has the number {other}")),
        };
        Ok((tag.text(1)?.to_owned(), kind, value))
    });
    tags(read.collect::<Result<_, _>>()?)
}
