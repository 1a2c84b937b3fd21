//! The messages, as JSON.

use serde::{Deserialize, Serialize};

/// What a customer sends to `POST /orders`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Order {
    /// What is bought.
    pub item: String,
    /// How many.
    pub quantity: u32,
    /// The number of the card that pays.
    pub card: String,
}

/// The answer to an order.
#[derive(Debug, Deserialize, Serialize)]
pub struct Stored {
    /// The number of the order.
    pub order: u64,
    /// The number of the payment.
    pub payment: u64,
}

/// What orders sends to `POST /payments`.
#[derive(Debug, Deserialize, Serialize)]
pub struct Payment {
    /// The order to pay.
    pub order: u64,
    /// The card that pays.
    pub card: String,
    /// How much, in cents.
    pub cents: u64,
}

/// The answer to a payment.
#[derive(Debug, Deserialize, Serialize)]
pub struct Receipt {
    /// The number of the payment.
    pub payment: u64,
}
