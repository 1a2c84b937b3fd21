//! Messages that carry their context, over any transport that carries a map.
//!
//! ```
//! use spanline::messaging::{self, TracedMessage};
//! use std::sync::mpsc;
//! # let provider = spanline::init().without_environment().exporter("memory").build()?;
//! # let _provider = provider.enter();
//! let (queue, orders) = mpsc::channel::<TracedMessage<String>>();
//!
//! // The producer; the span `publish shop.orders` is current in the closure.
//! messaging::publish("shop.orders", "17 apples".to_string(), |message| queue.send(message))?;
//!
//! // The consumer; the span `process shop.orders` is a child of the producer's.
//! let message = orders.recv()?;
//! messaging::consume("shop.orders", message, |order| {
//!     assert_eq!(order, "17 apples");
//!     Ok::<(), std::fmt::Error>(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | what is consumed | parent | links |
//! |---|---|---|
//! | one message | the span that sent it; if it carries none, the current span | the current span, when it is not the parent |
//! | a batch | the current span | the span that sent it, for each message that carries one |
//! | one message, with the option `links_only` | the current span | the span that sent it |
//!
//! Without a current span, and when none is carried, a new trace begins. With the option `propagate.messaging` off
//! messages neither get nor give a context. The spans follow OpenTelemetry's conventions for messaging.

mod destination;
mod message;
mod receive;

pub use destination::Destination;
pub use message::TracedMessage;

use std::fmt::Display;

/// Sends a message: see [`Destination::publish`], which has more settings.
///
/// # Errors
/// Those of `send`, which are recorded.
pub fn publish<D, T, E: Display>(
    destination: &str,
    data: D,
    send: impl FnOnce(TracedMessage<D>) -> Result<T, E>,
) -> Result<T, E> {
    Destination::new(destination).publish(data, send)
}

/// Processes one message: see [`Destination::consume`], which has more settings.
///
/// # Errors
/// Those of `process`, which are recorded.
pub fn consume<D, T, E: Display>(
    destination: &str,
    message: TracedMessage<D>,
    process: impl FnOnce(D) -> Result<T, E>,
) -> Result<T, E> {
    Destination::new(destination).consume(message, process)
}

/// Processes several messages at once: see [`Destination::consume_batch`], which has more settings.
///
/// # Errors
/// Those of `process`, which are recorded.
pub fn consume_batch<D, T, E: Display>(
    destination: &str,
    messages: Vec<TracedMessage<D>>,
    process: impl FnOnce(Vec<D>) -> Result<T, E>,
) -> Result<T, E> {
    Destination::new(destination).consume_batch(messages, process)
}
