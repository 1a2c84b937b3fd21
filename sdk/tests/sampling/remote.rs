//! Remote sampling against a server on the loopback.

use crate::common::{Answer, Receiver, memory, problems_during, spans};
use spanline::options::{RemoteSettings, SamplerOption};
use spanline::sample::{AlwaysOff, ParentBased, Sampler};
use spanline::{JaegerRemote, OwnedValue, Provider};
use std::time::{Duration, Instant};

fn share(rate: f64) -> Answer {
    let text =
        format!(r#"{{"strategyType":"PROBABILISTIC","probabilisticSampling":{{"samplingRate":{rate}}}}}"#);
    Answer::status(200).body(text)
}

fn settings(server: &Receiver, interval_ms: u64) -> RemoteSettings {
    let mut settings = RemoteSettings::default();
    settings.endpoint = server.url().replace("/v1/traces", "");
    settings.interval_ms = interval_ms;
    settings
}

#[track_caller]
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::yield_now();
    }
}

fn provider(remote: JaegerRemote) -> Provider {
    memory().custom_sampler(ParentBased::new(remote)).build().unwrap()
}

#[test]
fn the_answer_holds_from_when_it_comes() {
    let server = Receiver::start().answer([share(1.0)]);
    let remote = JaegerRemote::new(&settings(&server, 3_600_000), "my shop", AlwaysOff).unwrap();
    let provider = provider(remote);
    eventually("the strategy", || {
        provider
            .sampler_description()
            .contains("current=probabilistic{1}")
    });
    let request = &server.wait_for(1)[0];
    assert_eq!(request.line, "GET /sampling?service=my%20shop HTTP/1.1");
    assert!(request.body.is_empty());
    provider.tracer("t").span("work").start().end();
    let span = &spans(&provider)[0];
    assert_eq!(
        span.attribute("sampler.type").and_then(OwnedValue::as_str),
        Some("probabilistic")
    );
    assert_eq!(span.trace_state.as_str(), "ot=th:0");
    let report = provider.sampler_report();
    assert_eq!(
        (report.parts[0].rate, report.parts[0].parts[0].part.as_str()),
        (Some(1.0), "current")
    );
}

#[test]
fn the_last_good_strategy_outlives_errors_nonsense_and_absence() {
    let server = Receiver::start().answer([
        share(1.0),
        Answer::status(500),
        Answer::status(200).body("<html>"),
        Answer::status(200).body(r#"{"probabilisticSampling":{"samplingRate":7}}"#),
    ]);
    let settings = settings(&server, 5);
    let (remote, said) = problems_during(|| {
        let remote = JaegerRemote::new(&settings, "shop", AlwaysOff).unwrap();
        // The last prepared answer and an empty one after it.
        server.wait_for(6);
        remote
    });
    assert!(
        remote.description().contains("current=probabilistic{1}"),
        "{}",
        remote.description()
    );
    // Samplers of other tests may be heard too.
    let said: Vec<_> = said
        .iter()
        .filter(|said| said.message.contains(&settings.endpoint))
        .collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        format!("{said:?}").contains("it answered with status 500"),
        "{said:?}"
    );
    drop(server);
    let provider = provider(remote);
    provider.tracer("t").span("work").start().end();
    assert_eq!(spans(&provider).len(), 1);
}

#[test]
fn until_there_is_a_server_the_initial_sampler_decides_and_a_later_one_is_found() {
    let port = {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        taken.local_addr().unwrap()
    };
    let mut settings = RemoteSettings::default();
    settings.endpoint = format!("http://{port}");
    settings.interval_ms = 20;
    let remote = JaegerRemote::new(&settings, "shop", AlwaysOff).unwrap();
    let provider = provider(remote);
    provider.tracer("t").span("work").start().end();
    assert!(
        provider
            .sampler_description()
            .contains("initial=AlwaysOffSampler")
    );
    let _server = Receiver::at(port).answer([share(1.0)]);
    eventually("the strategy", || {
        provider.sampler_description().contains("current=")
    });
    provider.tracer("t").span("work").start().end();
    assert_eq!(spans(&provider).len(), 1);
}

#[test]
fn after_the_shutdown_nobody_is_asked() {
    let server = Receiver::start();
    let provider = provider(JaegerRemote::new(&settings(&server, 1), "shop", AlwaysOff).unwrap());
    server.wait_for(3);
    provider.shutdown().unwrap();
    // A question may be on its way; after it there is none.
    let seen = server.requests().len();
    std::thread::scope(|scope| {
        scope.spawn(|| std::thread::park_timeout(Duration::from_millis(200)));
    });
    assert!(server.requests().len() <= seen + 1);
}

#[test]
fn a_provider_that_records_nothing_asks_nobody() {
    let server = Receiver::start();
    let settings = settings(&server, 1);
    let plan = OwnedValue::Map(vec![(
        "jaeger_remote/development".into(),
        OwnedValue::Map(vec![
            ("endpoint".into(), settings.endpoint.clone().into()),
            ("interval".into(), OwnedValue::I64(1)),
            (
                "initial_sampler".into(),
                OwnedValue::Map(vec![("always_off".into(), OwnedValue::Empty)]),
            ),
        ]),
    )]);
    let plan = spanline::config::SamplerPlan::from_value(&plan, "sampler").unwrap();
    let idle = memory()
        .sampler(SamplerOption::from(plan.clone()))
        .disabled(true)
        .build()
        .unwrap();
    assert!(server.requests().is_empty());
    drop(idle);
    let busy = memory().sampler(plan).build().unwrap();
    server.wait_for(1);
    assert!(
        busy.sampler_description()
            .starts_with("JaegerRemoteSampler{endpoint=http://127.0.0.1:")
    );
}

#[test]
fn an_endpoint_that_is_none_is_an_error_and_a_password_is_not_shown() {
    let mut settings = RemoteSettings::default();
    settings.endpoint = "http://".into();
    let error = JaegerRemote::new(&settings, "shop", AlwaysOff).unwrap_err();
    assert_eq!(error.kind(), spanline::ErrorKind::BadValue);
    settings.endpoint = "http://user:secret@127.0.0.1:1/s".into();
    let remote = JaegerRemote::new(&settings, "shop", AlwaysOff).unwrap();
    assert!(
        !remote.description().contains("secret"),
        "{}",
        remote.description()
    );
}
