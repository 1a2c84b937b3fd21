//! What the rules of the semantic conventions say of requests, calls, messages and exceptions.
#![cfg(feature = "alloc")]

use spanline_core::semconv::{Conventions, OPT_IN};
use spanline_core::{OwnedValue, Value};
use std::collections::BTreeMap;

#[path = "semconv/database.rs"]
mod database;
#[path = "semconv/http_client.rs"]
mod http_client;
#[path = "semconv/http_server.rs"]
mod http_server;
#[path = "semconv/messages.rs"]
mod messages;
#[path = "semconv/names.rs"]
mod names;
#[path = "semconv/rpc.rs"]
mod rpc;
#[path = "semconv/urls.rs"]
mod urls;

type Attributes = BTreeMap<String, OwnedValue>;

/// With old names beside the present ones.
fn both() -> Conventions {
    Conventions::opted_in(OPT_IN)
}

/// What a rule sets; each key once.
#[track_caller]
fn collect(rule: impl FnOnce(&mut dyn FnMut(&str, Value<'_>))) -> Attributes {
    let mut all = Attributes::new();
    rule(&mut |key, value| {
        let before = all.insert(key.to_owned(), value.into());
        assert!(before.is_none(), "{key} is set twice");
    });
    all
}

/// Exactly these attributes, in any order.
#[track_caller]
fn are(found: &Attributes, expected: &[(&str, Value<'_>)]) {
    let expected: Attributes = expected
        .iter()
        .map(|&(key, value)| (key.to_owned(), value.into()))
        .collect();
    assert_eq!(*found, expected);
}

/// Only those attributes that are not there without old names.
fn added(stable: &Attributes, both: &Attributes) -> Attributes {
    for (key, value) in stable {
        assert_eq!(both.get(key), Some(value), "{key} changes with the old names");
    }
    let mut added = both.clone();
    added.retain(|key, _| !stable.contains_key(key));
    added
}

fn text(text: &str) -> Value<'_> {
    Value::Str(text)
}
