//! The metrics as Prometheus text, read by a strict parser.

use crate::common::{balanced, finish, memory};
use crate::observe::{ByName, start_all};
use spanline::{ExportBatch, ExportResult, ExporterDescription, SpanExporter};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A sample of the text format: name, labels, value.
type Sample = (String, Vec<(String, String)>, f64);

/// Reads the text format strictly: every family has HELP and TYPE in front of its samples, which stand together; names,
/// labels, escapes and numbers are legal; no sample comes twice; histograms are cumulative and end in `+Inf`.
fn parse(text: &str) -> BTreeMap<String, (String, Vec<Sample>)> {
    let mut families: BTreeMap<String, (String, Vec<Sample>)> = BTreeMap::new();
    let mut current: Option<String> = None;
    let mut helped = None;
    assert!(text.is_empty() || text.ends_with('\n'));
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a help has a text");
            assert!(is_name(name) && !help.is_empty());
            assert!(!families.contains_key(name), "{name} comes twice");
            helped = Some(name.to_owned());
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(helped.as_deref(), Some(name), "HELP and TYPE belong together");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{kind}");
            families.insert(name.to_owned(), (kind.to_owned(), Vec::new()));
            current = Some(name.to_owned());
        } else {
            let family = current.clone().expect("a sample has a family");
            let (kind, samples) = families.get_mut(&family).unwrap();
            let sample = sample(line);
            let suffix = sample
                .0
                .strip_prefix(&family)
                .unwrap_or_else(|| panic!("{line} in {family}"));
            match kind.as_str() {
                "histogram" => assert!(["_bucket", "_sum", "_count"].contains(&suffix), "{line}"),
                _ => assert_eq!(suffix, "", "{line}"),
            }
            let seen = |other: &Sample| (&other.0, &other.1) == (&sample.0, &sample.1);
            assert!(!samples.iter().any(seen), "{line} comes twice");
            samples.push(sample);
        }
    }
    for (kind, samples) in families.values() {
        assert!(!samples.is_empty(), "a family without samples");
        if kind == "histogram" {
            check_histograms(samples);
        }
    }
    families
}

fn is_name(name: &str) -> bool {
    let legal = |character: char| character.is_ascii_alphanumeric() || character == '_';
    name.chars().all(legal) && name.starts_with(|first: char| !first.is_ascii_digit())
}

fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).unwrap();
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels: Vec<(String, String)> = Vec::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"").expect("a label has a quoted value");
            assert!(
                is_name(label) && labels.iter().all(|(known, _)| known != label),
                "{line}"
            );
            let mut value = String::new();
            let mut characters = after.char_indices();
            let after = loop {
                match characters.next().expect("a value ends") {
                    (at, '"') => break &after[at + 1..],
                    (_, '\\') => value.push(match characters.next().unwrap().1 {
                        'n' => '\n',
                        character @ ('\\' | '"') => character,
                        other => panic!("\\{other} in {line}"),
                    }),
                    (_, character) => value.push(character),
                }
            };
            labels.push((label.to_owned(), value));
            if let Some(end) = after.strip_prefix('}') {
                rest = end;
                break;
            }
            rest = after.strip_prefix(',').expect("labels are separated");
        }
    }
    let value = rest.strip_prefix(' ').expect("a value follows");
    (
        name.to_owned(),
        labels,
        value.parse().unwrap_or_else(|_| panic!("{line}")),
    )
}

fn check_histograms(samples: &[Sample]) {
    let series = |sample: &Sample| -> Vec<(String, String)> {
        let mut labels = sample.1.clone();
        labels.retain(|(label, _)| label != "le");
        labels
    };
    let all: BTreeSet<_> = samples.iter().map(series).collect();
    for labels in all {
        let of = |suffix: &str| -> Vec<&Sample> {
            let fits = |one: &&Sample| one.0.ends_with(suffix) && series(one) == labels;
            samples.iter().filter(fits).collect()
        };
        let buckets = of("_bucket");
        let bound = |sample: &Sample| -> f64 {
            let (_, text) = sample.1.iter().find(|(label, _)| label == "le").unwrap();
            match text.as_str() {
                "+Inf" => f64::INFINITY,
                number => number.parse().unwrap(),
            }
        };
        assert!(buckets.is_sorted_by(|a, b| bound(a) < bound(b) && a.2 <= b.2));
        let last = buckets.last().unwrap();
        assert_eq!(bound(last), f64::INFINITY);
        assert_eq!((of("_count").len(), of("_sum").len()), (1, 1));
        assert_eq!(of("_count")[0].2, last.2);
    }
}

#[derive(Debug)]
struct Odd;

impl SpanExporter for Odd {
    fn export(&self, _: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        ExportResult::failure("a \"quoted\" \\ reason\nof two lines")
    }

    fn describe(&self) -> ExporterDescription {
        ExporterDescription::new("odd{exporter}").server("\u{e4}rger.example", None)
    }
}

#[test]
fn the_prometheus_text_is_legal_and_says_the_same() {
    let provider = memory()
        .custom_sampler(ByName)
        .add_exporter("odd", Odd)
        .build()
        .unwrap();
    drop(start_all(&provider, 3));
    balanced(&provider);
    let metrics = provider.metrics();
    let text = metrics.to_prometheus();
    if let Some(path) = std::env::var_os("SPANLINE_TEST_METRICS") {
        std::fs::write(path, &text).unwrap();
    }
    let families = parse(&text);
    let names: Vec<_> = families
        .iter()
        .map(|(name, (kind, _))| (name.as_str(), kind.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("otel_sdk_exporter_operation_duration_seconds", "histogram"),
            ("otel_sdk_exporter_span_exported_total", "counter"),
            ("otel_sdk_exporter_span_inflight", "gauge"),
            ("otel_sdk_processor_span_processed_total", "counter"),
            ("otel_sdk_processor_span_queue_size", "gauge"),
            ("otel_sdk_span_live", "gauge"),
            ("otel_sdk_span_started_total", "counter"),
        ]
    );
    let (_, exported) = &families["otel_sdk_exporter_span_exported_total"];
    let label = |sample: &Sample, label: &str| {
        let found = sample.1.iter().find(|(known, _)| known == label);
        found.map(|(_, value)| value.clone())
    };
    let odd = exported
        .iter()
        .find(|sample| label(sample, "error_type").is_some())
        .unwrap();
    assert_eq!(
        label(odd, "error_type").as_deref(),
        Some("a \"quoted\" \\ reason\nof two lines")
    );
    assert_eq!(
        label(odd, "otel_component_type").as_deref(),
        Some("odd{exporter}")
    );
    assert_eq!(
        label(odd, "server_address").as_deref(),
        Some("\u{e4}rger.example")
    );
    let (_, started) = &families["otel_sdk_span_started_total"];
    assert_eq!(started.iter().map(|sample| sample.2).sum::<f64>(), 28.0);
    let (_, durations) = &families["otel_sdk_exporter_operation_duration_seconds"];
    let counts = durations.iter().filter(|sample| sample.0.ends_with("_count"));
    assert_eq!(counts.map(|sample| sample.2).sum::<f64>(), 2.0);
    assert_eq!(metrics.to_string(), text);
    finish(&provider);
    // A parser that takes everything would prove nothing.
    for wrong in [
        "a 1\n",
        "# HELP a b\n# TYPE a counter\na{b=\"\\x\"} 1\n",
        "# HELP a b\n# TYPE a counter\na 1\na 1\n",
    ] {
        assert!(std::panic::catch_unwind(|| parse(wrong)).is_err(), "{wrong}");
    }
}
