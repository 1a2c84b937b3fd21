//! `decisions [--quick]`: what one decision of each sampler costs: `cargo xtask bench decisions`.

use crate::parts::{Line, Page};
use spanline::options::RemoteSettings;
use spanline::sample::composable::{self, Condition, ParentThreshold, RuleBased};
use spanline::sample::{
    AdaptiveLoad, AdaptiveTarget, AlwaysOff, AlwaysOn, AlwaysRecord, Composite, LoadOptions, ParentBased,
    Pattern, Probability, RateLimiting, RemoteStrategy, Rule, Rules, Sampler, SamplingRequest, ScoreOptions,
    Scored, StrategySampler, TraceIdRatioBased,
};
use spanline::{Context, JaegerRemote, ProcessLoad, SpanKind, Value};
use spanline_core::Xoshiro256;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::Duration;

const NAME: &str = "GET /api/users/{id}";

/// The command.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    let page = Page {
        name: "decisions",
        title: "What the decision of a sampler costs",
        heading: "sampler",
        about: "About the first span of a trace, which has three attributes, while a thousand traces begin in a \
                millisecond; the trace id is made beside it, and is a part of the figure.",
        calls: 1_000_000,
    };
    page.make(args, lines()?)
}

fn lines() -> Result<Vec<Line>, String> {
    let mut lines = vec![line("none: the trace id alone", None)];
    let samplers = samplers().ok_or("a sampler refuses its settings")?;
    lines.extend(
        samplers
            .into_iter()
            .map(|(name, sampler)| line(name, Some(sampler))),
    );
    let remote = Box::new(remote()?);
    lines.push(line("remote, a share, as the server says", Some(remote)));
    Ok(lines)
}

/// Decisions about the first span of a trace, of a thousand traces a millisecond.
fn line(name: &str, sampler: Option<Box<dyn Sampler>>) -> Line {
    let mut rng = Xoshiro256::from_seed([7; 32]);
    let mut now = 0;
    Line::new(name, move |decisions| {
        let attributes: &[(&str, Value<'_>)] = &[
            ("http.request.method", "GET".into()),
            ("url.path", "/api/users/42".into()),
            ("http.response.status_code", 200.into()),
        ];
        for _ in 0..decisions {
            now += 1000;
            let id = rng.trace_id();
            let name = black_box(NAME);
            let request = SamplingRequest::new(
                &Context::EMPTY,
                id,
                true,
                name,
                SpanKind::Server,
                &attributes,
                &[],
            );
            let request = black_box(request.with_now(now).with_random(rng.next_u64()));
            if let Some(sampler) = &sampler {
                black_box(sampler.should_sample(&request));
            }
        }
    })
}

/// One that asks a server on the loopback, once it has an answer.
fn remote() -> Result<JaegerRemote, String> {
    let server = TcpListener::bind(("127.0.0.1", 0)).map_err(|error| error.to_string())?;
    let address = server.local_addr().map_err(|error| error.to_string())?;
    let answering = std::thread::spawn(move || answer(&server));
    let mut settings = RemoteSettings::default();
    settings.endpoint = format!("http://{address}");
    settings.interval_ms = 24 * 3_600_000;
    let remote = JaegerRemote::new(&settings, "bench", AlwaysOff).map_err(|error| error.to_string())?;
    let answered = answering.join().map_err(|_| "the server ended")?;
    answered.map_err(|error| error.to_string())?;
    for _ in 0..1000 {
        if remote.description().contains("current=") {
            return Ok(remote);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Err(format!("no strategy: {}", remote.description()))
}

/// Answers one question.
fn answer(server: &TcpListener) -> std::io::Result<()> {
    let strategy = r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.1}}"#;
    let (mut stream, _) = server.accept()?;
    let mut question = BufReader::new(stream.try_clone()?);
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") && question.read_line(&mut text)? > 0 {}
    let length = strategy.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(strategy.as_bytes())
}

/// Each sampler as it might be set up, with a tenth or a hundredth of all traces where it has a rate.
fn samplers() -> Option<Vec<(&'static str, Box<dyn Sampler>)>> {
    let rules = Rules::new(
        "bench",
        [
            Rule::rate(0.0)?.name(Pattern::exact("GET /health")),
            Rule::rate(0.5)?.attribute("tenant", Pattern::glob("gold*")),
            Rule::rate(0.1)?
                .name(Pattern::glob("GET /api/*"))
                .kind(SpanKind::Server),
        ],
    );
    let budget = Rules::new("bench", [Rule::budget(100.0)?.name(Pattern::glob("GET /api/*"))]);
    let composite = ParentThreshold::new(
        RuleBased::new()
            .rule(
                [Condition::attribute_values("url.path", ["/health"])],
                composable::AlwaysOff,
            )
            .rule([], composable::Probability::new(0.1)?),
    );
    let answer = |rest: &str| {
        let text = format!(
            "{{\"operationSampling\":{{\"defaultSamplingProbability\":0.01,\"perOperationStrategies\":[{rest}]}}}}"
        );
        RemoteStrategy::from_json(text.as_bytes()).ok()
    };
    let one = |n: u32| {
        let name = match n {
            1234 => NAME.to_owned(),
            _ => format!("op{n}"),
        };
        format!("{{\"operation\":\"{name}\",\"probabilisticSampling\":{{\"samplingRate\":0.1}}}}")
    };
    let operations: Vec<String> = (0..2000).map(one).collect();
    Some(vec![
        ("always_on", Box::new(AlwaysOn)),
        ("always_off", Box::new(AlwaysOff)),
        ("trace id ratio 0.1", Box::new(TraceIdRatioBased::new(0.1))),
        ("probability 0.1", Box::new(Probability::new(0.1)?)),
        (
            "parent-based, probability 0.1",
            Box::new(ParentBased::with_rate(0.1)?),
        ),
        ("rules, the third of three", Box::new(rules)),
        ("rules, a budget of 100 a second", Box::new(budget)),
        (
            "always record, probability 0.1",
            Box::new(AlwaysRecord::new(Probability::new(0.1)?)),
        ),
        ("rate limit 100", Box::new(RateLimiting::new(100.0)?)),
        ("adaptive to 100 a second", Box::new(AdaptiveTarget::new(100.0)?)),
        (
            "adaptive to load",
            Box::new(AdaptiveLoad::new(ProcessLoad::new(), LoadOptions::default())?),
        ),
        (
            "composite, the second of two rules",
            Box::new(Composite::new(composite)),
        ),
        (
            "remote, one of 2,000 operations",
            Box::new(StrategySampler::new(answer(&operations.join(","))?)),
        ),
        ("scored", Box::new(Scored::new(ScoreOptions::default())?)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use spanline::TraceId;
    use spanline::sample::Decision;

    #[test]
    fn every_sampler_is_measured_and_the_operation_is_one_that_is_listed() {
        let mut lines = lines().unwrap();
        for line in &mut lines {
            line.time(10);
        }
        for part in ["always record", "a budget", "as the server says"] {
            assert!(lines.iter().any(|line| line.name().contains(part)), "{part}");
        }
        let samplers = samplers().unwrap();
        let mut found = samplers.iter();
        let (_, remote) = found.find(|(name, _)| name.contains("2,000")).unwrap();
        let kept = (0..1000_u64).filter(|n| {
            let mut id = [0; 16];
            // Of the last seven bytes the first says how the share decides.
            id[9..11].copy_from_slice(&(n * 65_536 / 1000).to_be_bytes()[6..]);
            let id = TraceId::from_bytes(id);
            let attributes: &[(&str, Value<'_>)] = &[];
            let request = SamplingRequest::new(
                &Context::EMPTY,
                id,
                true,
                NAME,
                SpanKind::Server,
                &attributes,
                &[],
            );
            remote.should_sample(&request).decision == Decision::RecordAndSample
        });
        // A tenth, as listed; the default is a hundredth.
        assert!((95..=105).contains(&kept.count()));
    }
}
