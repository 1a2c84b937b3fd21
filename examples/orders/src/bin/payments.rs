//! The service `payments`: takes money from cards.

use axum::{Json, Router, http::StatusCode, routing::post};
use spanline::traced;
use spanline_example_orders::{Payment, Problem, Receipt, serve};
use std::time::Duration;
use tokio::time::sleep;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let spanline = spanline::init().service_name("payments").start()?;
    let router = Router::new().route("/payments", post(pay));
    serve(router, "127.0.0.1:8081").await?;
    spanline.shutdown()?;
    Ok(())
}

/// `POST /payments`
async fn pay(Json(payment): Json<Payment>) -> Result<(StatusCode, Json<Receipt>), Problem> {
    authorize(&payment.card, payment.cents).await?;
    let payment = book(payment.order).await;
    Ok((StatusCode::CREATED, Json(Receipt { payment })))
}

/// Asks the bank. The number of the card is not recorded; an error that leaves the function is.
#[traced(record(cents))]
async fn authorize(card: &str, cents: u64) -> Result<(), Problem> {
    let span = spanline::current_span();
    span.add_event("bank asked", &[("bank.name", "First Bank".into())]);
    sleep(Duration::from_millis(12)).await;
    match card {
        "declined" => Err(Problem::new(
            StatusCode::PAYMENT_REQUIRED,
            "the card was declined",
        )),
        "broken" => Err(Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the bank does not answer",
        )),
        _ => Ok(()),
    }
}

/// Writes the payment down.
#[traced("book payment", record(order))]
async fn book(order: u64) -> u64 {
    sleep(Duration::from_millis(4)).await;
    9_000 + order
}
