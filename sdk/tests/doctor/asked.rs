//! The set-ups with a sampling server.

use crate::setups::{Case, answer, closed, http, serve};

fn asked(title: &'static str, port: u16, trouble: Option<&'static str>) -> Case {
    let mut case = Case::new(title, "http://127.0.0.1", http("200 OK"), trouble)
        .with("OTEL_SERVICE_NAME", "shop")
        .with("OTEL_TRACES_SAMPLER", "parentbased_jaeger_remote")
        .with(
            "OTEL_TRACES_SAMPLER_ARG",
            format!("endpoint=http://127.0.0.1:{port},initialSamplingRate=0.01"),
        );
    case.shown.push((format!(":{port}"), ":5778"));
    case
}

fn saying(body: &'static str) -> u16 {
    let length = body.len();
    let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    serve(move |mut stream| answer(&mut stream, &response))
}

pub(crate) fn cases() -> [Case; 4] {
    let strategy = r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.25}}"#;
    [
        asked("A sampling server", saying(strategy), None),
        asked(
            "A sampling server that is not there",
            closed(),
            Some("nobody listens"),
        ),
        asked(
            "A sampling server that does not know the service",
            http("404 Not Found"),
            Some("no strategy for shop"),
        ),
        asked(
            "A sampling server that is none",
            saying("<html>"),
            Some("Jaeger's sampling server is usually 5778"),
        ),
    ]
}
