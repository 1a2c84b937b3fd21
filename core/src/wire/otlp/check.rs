//! Checks foreign messages: everything that reading in place relies on.

use super::value::MAX_DEPTH;
use crate::wire::proto::{Field, Reader, WireError, WireErrorKind};

type Checked = Result<(), WireError>;

pub(super) fn span(mut fields: Reader<'_>) -> Checked {
    let start = fields.offset();
    let (mut trace_id, mut span_id) = (false, false);
    while let Some(field) = fields.next_field()? {
        match field.number {
            1 => {
                valid_id(&field, 16, WireErrorKind::TraceId)?;
                trace_id = true;
            }
            2 => {
                valid_id(&field, 8, WireErrorKind::SpanId)?;
                span_id = true;
            }
            3 | 5 => drop(field.str()?),
            4 => id_or_empty(&field, 8, WireErrorKind::ParentSpanId)?,
            6 | 10 | 12 | 14 => drop(field.varint()?),
            7 | 8 => drop(field.fixed64()?),
            9 => pair(&field, 1)?,
            11 => event(field.message()?)?,
            13 => link(field.message()?)?,
            15 => status(field.message()?)?,
            16 => drop(field.fixed32()?),
            _ => {}
        }
    }
    match (trace_id, span_id) {
        (true, true) => Ok(()),
        (false, _) => Err(WireError {
            kind: WireErrorKind::TraceId,
            offset: start,
        }),
        _ => Err(WireError {
            kind: WireErrorKind::SpanId,
            offset: start,
        }),
    }
}

fn valid_id(field: &Field<'_>, length: usize, kind: WireErrorKind) -> Checked {
    let id = field.bytes()?;
    if id.len() == length && id.iter().any(|&byte| byte != 0) {
        Ok(())
    } else {
        Err(field.error(kind))
    }
}

fn id_or_empty(field: &Field<'_>, length: usize, kind: WireErrorKind) -> Checked {
    let id = field.bytes()?;
    if id.is_empty() || id.len() == length {
        Ok(())
    } else {
        Err(field.error(kind))
    }
}

fn event(mut fields: Reader<'_>) -> Checked {
    while let Some(field) = fields.next_field()? {
        match field.number {
            1 => drop(field.fixed64()?),
            2 => drop(field.str()?),
            3 => pair(&field, 1)?,
            4 => drop(field.varint()?),
            _ => {}
        }
    }
    Ok(())
}

fn link(mut fields: Reader<'_>) -> Checked {
    while let Some(field) = fields.next_field()? {
        match field.number {
            1 => id_or_empty(&field, 16, WireErrorKind::LinkId)?,
            2 => id_or_empty(&field, 8, WireErrorKind::LinkId)?,
            3 => drop(field.str()?),
            4 => pair(&field, 1)?,
            5 => drop(field.varint()?),
            6 => drop(field.fixed32()?),
            _ => {}
        }
    }
    Ok(())
}

fn status(mut fields: Reader<'_>) -> Checked {
    while let Some(field) = fields.next_field()? {
        match field.number {
            2 => drop(field.str()?),
            3 => drop(field.varint()?),
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn resource(mut fields: Reader<'_>) -> Checked {
    while let Some(field) = fields.next_field()? {
        match field.number {
            1 => pair(&field, 1)?,
            2 => drop(field.varint()?),
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn scope(mut fields: Reader<'_>) -> Checked {
    while let Some(field) = fields.next_field()? {
        match field.number {
            1 | 2 => drop(field.str()?),
            3 => pair(&field, 1)?,
            4 => drop(field.varint()?),
            _ => {}
        }
    }
    Ok(())
}

/// A `KeyValue` whose value has this depth.
fn pair(field: &Field<'_>, depth: u32) -> Checked {
    let mut fields = field.message()?;
    while let Some(field) = fields.next_field()? {
        match field.number {
            1 => drop(field.str()?),
            2 => value(&field, depth)?,
            _ => {}
        }
    }
    Ok(())
}

/// An `AnyValue` of this depth.
fn value(field: &Field<'_>, depth: u32) -> Checked {
    let mut members = field.message()?;
    while let Some(field) = members.next_field()? {
        match field.number {
            1 => drop(field.str()?),
            2 | 3 => drop(field.varint()?),
            4 => drop(field.fixed64()?),
            5 | 6 => {
                if depth > MAX_DEPTH {
                    return Err(field.error(WireErrorKind::Depth));
                }
                let mut values = field.message()?;
                while let Some(inner) = values.next_field()? {
                    match (inner.number, field.number) {
                        (1, 5) => value(&inner, depth + 1)?,
                        (1, _) => pair(&inner, depth + 1)?,
                        _ => {}
                    }
                }
            }
            7 => drop(field.bytes()?),
            _ => {}
        }
    }
    Ok(())
}
