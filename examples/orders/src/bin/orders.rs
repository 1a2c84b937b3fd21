//! The service `orders`: takes orders and has them paid.

use axum::extract::State;
use axum::{Json, Router, http::StatusCode, routing::post};
use spanline::{InSpan, Tracer, span, traced};
use spanline_example_orders::{Client, Order, Payment, Problem, Receipt, Stored, serve};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::sleep;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let spanline = spanline::init().service_name("orders").start()?;
    let payments = std::env::var("PAYMENTS_URL").unwrap_or("http://127.0.0.1:8081".to_owned());
    let shop = Arc::new(Shop {
        payments: format!("{payments}/payments"),
        client: Client::default(),
        numbers: AtomicU64::new(1),
        tracer: spanline.tracer("mail"),
    });
    let router = Router::new().route("/orders", post(order)).with_state(shop);
    serve(router, "127.0.0.1:8080").await?;
    spanline.shutdown()?;
    Ok(())
}

struct Shop {
    payments: String,
    client: Client,
    numbers: AtomicU64,
    tracer: Tracer,
}

/// `POST /orders`
async fn order(
    State(shop): State<Arc<Shop>>,
    Json(order): Json<Order>,
) -> Result<(StatusCode, Json<Stored>), Problem> {
    let number = shop.numbers.fetch_add(1, Ordering::Relaxed);
    let cents = price(&order)?;
    let payment = shop.charge(number, order.card, cents).await?;
    store(number, payment).await;
    shop.confirm();
    Ok((
        StatusCode::CREATED,
        Json(Stored {
            order: number,
            payment,
        }),
    ))
}

/// A scope: the span is current until `span` is dropped. What it fails with is told by hand.
fn price(order: &Order) -> Result<u64, Problem> {
    let span = span!(
        "price",
        "order.item" = &order.item,
        "order.quantity" = order.quantity
    );
    let each = match order.item.as_str() {
        "book" => 1_250,
        "pencil" => 90,
        unknown => {
            let problem = Problem::new(StatusCode::NOT_FOUND, format_args!("no item is called {unknown}"));
            span.fail(&problem);
            return Err(problem);
        }
    };
    let cents = each * u64::from(order.quantity);
    span.set("order.cents", cents as i64);
    Ok(cents)
}

impl Shop {
    /// Has the order paid by the other service.
    #[traced(record(order, cents))]
    async fn charge(&self, order: u64, card: String, cents: u64) -> Result<u64, Problem> {
        let payment = Payment { order, card, cents };
        let receipt: Receipt = self.client.post(&self.payments, &payment).await?;
        Ok(receipt.payment)
    }

    /// Mails a confirmation after the answer: a trace of its own, with a link to that of the order.
    fn confirm(&self) {
        let order = spanline::current_span();
        let mail = self
            .tracer
            .span("mail confirmation")
            .root()
            .link(order.context(), &[])
            .start();
        tokio::spawn(sleep(Duration::from_millis(8)).in_span(mail));
    }
}

/// Writes the order down.
#[traced("store order", record_all)]
async fn store(order: u64, payment: u64) {
    sleep(Duration::from_millis(3)).await;
}
