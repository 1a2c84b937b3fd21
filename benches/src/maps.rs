//! What a `HashMap<String, String>` to read from and a new one to write to cost by themselves.

use crate::subject::Subject;
use crate::work::{TRACEPARENT, TRACESTATE, repeat};
use std::collections::HashMap;
use std::hint::black_box;

/// The two headers, looked up and put into a new map.
pub(crate) struct Maps(HashMap<String, String>);

impl Maps {
    pub(crate) fn new() -> Self {
        Self(HashMap::from([
            ("traceparent".to_owned(), TRACEPARENT.to_owned()),
            ("tracestate".to_owned(), TRACESTATE.to_owned()),
        ]))
    }
}

impl Subject for Maps {
    fn block(&mut self, calls: u64) {
        repeat(calls, || {
            let mut out: HashMap<String, String> = HashMap::new();
            for name in ["traceparent", "tracestate"] {
                if let Some(value) = black_box(&self.0).get(black_box(name)) {
                    out.insert(name.to_owned(), value.clone());
                }
            }
            black_box(&out);
        });
    }

    fn flush(&mut self) {}

    fn seen(&self) -> Option<u64> {
        Some(0)
    }
}
