//! As many spans as one thread can make, at the default bounds.

use spanline::{Provider, span};

const SPANS: u64 = 200_000;

fn burst(provider: &Provider) {
    let _provider = provider.enter();
    for n in 0..SPANS {
        let _span = span!(
            "GET /api/users",
            "http.request.method" = "GET",
            "url.path" = "/api/users/42",
            "http.response.status_code" = n as i64,
        );
    }
}

#[test]
fn a_burst_from_one_thread_loses_nothing() {
    let provider = spanline::init()
        .exporter("discard")
        .without_environment()
        .build()
        .unwrap();
    burst(&provider);
    let report = provider.flush();
    assert!(report.complete);
    assert_eq!(report.stats.accepted, SPANS);
    assert_eq!(report.stats.exporters[0].exported, SPANS);
    assert!(report.stats.balances());
}
