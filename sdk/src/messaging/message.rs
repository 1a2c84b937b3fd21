//! What travels.

use std::collections::HashMap;

/// A message and the context that it travels with.
///
/// The transport carries `context` in whatever it has for it: headers, properties, attributes, or a field of the
/// message itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TracedMessage<D> {
    /// What the message says.
    pub data: D,
    /// The fields of the context, such as `traceparent`: empty before the message is published.
    pub context: HashMap<String, String>,
}

impl<D> TracedMessage<D> {
    /// A message without a context.
    pub fn new(data: D) -> Self {
        Self {
            data,
            context: HashMap::new(),
        }
    }

    /// The same with other data: for a transport that carries bytes, say.
    pub fn map<T>(self, change: impl FnOnce(D) -> T) -> TracedMessage<T> {
        TracedMessage {
            data: change(self.data),
            context: self.context,
        }
    }
}
