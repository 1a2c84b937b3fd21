//! The formats of context.

use super::{
    DefaultValue, TABLE,
    generated::index::PROPAGATORS,
    reader::{Name, Reader, meant, needs},
    text::{items, quoted},
};
use crate::Error;
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

/// Resolves the option: each name once, in order; none at all when `none` is among them.
pub(super) fn resolve(reader: &mut Reader<'_>, code: Option<&[String]>) -> Result<Vec<&'static str>, Error> {
    let info = &TABLE[PROPAGATORS];
    if let Some(names) = code {
        let names = names.iter().map(|name| reader.known_name(PROPAGATORS, name));
        let names = names.collect::<Result<_, _>>()?;
        reader.set_given(PROPAGATORS);
        return Ok(tidy(names));
    }
    for variable in info.variables {
        let Some(text) = reader.raw(variable) else {
            continue;
        };
        let mut names = Vec::new();
        for item in items(&text) {
            let wrong = match reader.look_up(PROPAGATORS, item) {
                Name::Known(name) => {
                    names.push(name);
                    continue;
                }
                Name::Later(name, feature) => format!("`{name}` {}; it is left out", needs(feature)),
                Name::Unknown => {
                    let hint = meant(item, PROPAGATORS);
                    format!("{} is not a propagator{hint}; it is left out", quoted(item))
                }
            };
            reader.warn(PROPAGATORS, variable, wrong);
        }
        if names.contains(&"none") && items(&text).count() > 1 {
            reader.warn(
                PROPAGATORS,
                variable,
                "`none` beside others: there is no propagator".to_owned(),
            );
        }
        reader.set_environment(PROPAGATORS, variable);
        return Ok(tidy(names));
    }
    Ok(match info.default {
        DefaultValue::List(names) => names.to_vec(),
        _ => Vec::new(),
    })
}

fn tidy(names: Vec<&'static str>) -> Vec<&'static str> {
    let mut list = Vec::new();
    for name in names {
        if name == "none" {
            return Vec::new();
        }
        if !list.contains(&name) {
            list.push(name);
        }
    }
    list
}
