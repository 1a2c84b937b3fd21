//! Sends orders as a customer would. It makes no spans: the traces begin where the requests arrive.

use axum::body::Bytes;
use axum::http::{Request, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use spanline_example_orders::Order;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// What is ordered, the card that pays, and the status to be answered.
const ORDERS: [(&str, &str, u16); 4] = [
    ("book", "good", 201),
    ("pencil", "good", 201),
    ("book", "declined", 402),
    ("book", "broken", 500),
];

#[tokio::main]
async fn main() -> Result<(), Error> {
    let orders = std::env::var("ORDERS_URL").unwrap_or("http://127.0.0.1:8080".to_owned());
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    for (item, card, expected) in ORDERS {
        let order = Order {
            item: item.to_owned(),
            quantity: 2,
            card: card.to_owned(),
        };
        let request = Request::post(format!("{orders}/orders"))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(serde_json::to_vec(&order)?))?;
        let response = client.request(request).await?;
        let status = response.status();
        let answer = response.into_body().collect().await?.to_bytes();
        println!(
            "    {item}, {card} card: {status}: {}",
            String::from_utf8_lossy(&answer)
        );
        if status != expected {
            return Err(format!("expected status {expected}").into());
        }
    }
    Ok(())
}
