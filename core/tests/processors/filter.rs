//! Filters: conditions one by one, the order of rules, and rules as text.

use crate::spans::{SPAN, Span};
use proptest::prelude::*;
use spanline_core::process::{Filter, SpanConditions};
use spanline_core::sample::{Pattern, TextMatch};
use spanline_core::wire::otlp::SpanView;
use spanline_core::{SpanKind, StatusCode, Value};
use std::sync::Arc;
use std::time::Duration;

/// Stands for a regular expression: fits what ends so.
#[derive(Debug)]
struct Ends(String);

impl TextMatch for Ends {
    fn is_match(&self, text: &str) -> bool {
        text.ends_with(&self.0)
    }
}

fn regex(pattern: &str) -> Result<Arc<dyn TextMatch>, String> {
    match pattern.strip_suffix('$') {
        Some(end) => Ok(Arc::new(Ends(end.to_owned()))),
        None => Err("it has no end".to_owned()),
    }
}

fn text(rule: &str) -> Filter {
    Filter::new().text(rule, &regex).unwrap()
}

fn drops(filter: &Filter, span: &Span<'_>) -> bool {
    filter.drops("shop", SpanView::check(&span.encode()).unwrap())
}

const LIST: &[Value<'static>] = &[Value::Str("a"), Value::I64(7)];
const MAP: &[(&str, Value<'static>)] = &[("k", Value::I64(1))];

#[test]
fn each_condition_in_code_and_as_text() {
    let span = Span {
        name: "GET /health",
        kind: SpanKind::Server,
        status: StatusCode::Ok,
        nanos: 2_000_000,
        attributes: &[
            ("http.route", Value::Str("/health/live")),
            ("n", Value::I64(42)),
            ("on", Value::Bool(true)),
            ("d", Value::F64(1.0)),
            ("list", Value::List(LIST)),
            ("map", Value::Map(MAP)),
            ("bytes", Value::Bytes(b"x")),
            ("empty", Value::Empty),
        ],
        exceptions: &[],
    };
    let exact = Pattern::exact;
    let new = SpanConditions::new;
    let millis = Duration::from_millis;
    for (conditions, as_text, expected) in [
        (new(), "", true),
        (new().name(exact("GET /health")), "name==GET /health", true),
        (new().name(exact("GET /health*")), "name==GET /health*", false),
        (new().name(Pattern::glob("GET /h*")), "name=GET /h*", true),
        (new().name(Pattern::glob("get /h*")), "name = get /h*", false),
        (
            new().name(Pattern::Custom(Arc::new(Ends("lth".into())))),
            "name=~lth$",
            true,
        ),
        (new().service(exact("shop")), "service=shop", true),
        (new().service(exact("cart")), "service=cart", false),
        (new().kind(SpanKind::Server), "kind=server", true),
        (new().kind(SpanKind::Client), "kind=client", false),
        (
            new().kind(SpanKind::Client).kind(SpanKind::Server),
            "kind=client && kind=server",
            true,
        ),
        (new().status(StatusCode::Ok), "status=ok", true),
        (new().status(StatusCode::Error), "status=error", false),
        (new().status(StatusCode::Unset), "status=unset", false),
        (
            new().status(StatusCode::Error).status(StatusCode::Ok),
            "status=error && status=ok",
            true,
        ),
        (new().at_least(millis(2)), "duration>=2ms", true),
        (
            new().at_least(Duration::from_micros(2001)),
            "duration>=2001us",
            false,
        ),
        (new().below(millis(2)), "duration<2ms", false),
        (
            new().below(Duration::from_nanos(2_000_001)),
            "duration < 2000001 ns",
            true,
        ),
        (
            new().below(Duration::from_secs(1)).at_least(millis(1)),
            "duration<1s && duration>=1ms",
            true,
        ),
        (
            new().attribute("http.route", Pattern::glob("/health*")),
            "attributes.http.route=/health*",
            true,
        ),
        (
            new().attribute("http.route", exact("/health")),
            "attributes.http.route==/health",
            false,
        ),
        (
            new().attribute("absent", Pattern::glob("*")),
            "attributes.absent=*",
            false,
        ),
        (new().attribute("n", exact("42")), "attributes.n=42", true),
        (new().attribute("on", exact("true")), "attributes.on=true", true),
        (new().attribute("d", exact("1.0")), "attributes.d=1.0", true),
        (new().attribute("list", exact("7")), "attributes.list=7", true),
        (new().attribute("list", exact("8")), "attributes.list=8", false),
        (
            new().attribute("map", Pattern::glob("*")),
            "attributes.map=*",
            false,
        ),
        (
            new().attribute("bytes", Pattern::glob("*")),
            "attributes.bytes=*",
            false,
        ),
        (new().attribute("empty", exact("")), "attributes.empty=", true),
        (
            new().kind(SpanKind::Server).name(exact("other")),
            "kind=server && name=other",
            false,
        ),
    ] {
        assert_eq!(
            drops(&Filter::new().drop(conditions), &span),
            expected,
            "{as_text}"
        );
        assert_eq!(
            drops(&text(&format!("drop {as_text}")), &span),
            expected,
            "{as_text}"
        );
    }
}

#[test]
fn a_pattern_may_have_an_and_in_it() {
    for name in [
        "search and rescue",
        "a and b = c",
        "a and names=b",
        "kind & and",
        "\u{e9} and and name",
    ] {
        let span = Span { name, ..SPAN };
        assert!(drops(&text(&format!("drop name={name}")), &span), "{name}");
    }
}

#[test]
fn the_first_rule_that_fits_decides() {
    let failed = Span {
        status: StatusCode::Error,
        ..SPAN
    };
    let rules = |rules: &[&str]| {
        rules
            .iter()
            .fold(Filter::new(), |filter, rule| filter.text(rule, &regex).unwrap())
    };
    assert!(!drops(&Filter::new(), &SPAN));
    assert!(Filter::new().is_empty());
    let keep_first = rules(&["keep status=error", "drop name=op"]);
    assert!(drops(&keep_first, &SPAN) && !drops(&keep_first, &failed));
    assert!(drops(&rules(&["drop name=op", "keep status=error"]), &failed));
    let only_failures = rules(&["keep status=error", "drop"]);
    assert!(drops(&only_failures, &SPAN) && !drops(&only_failures, &failed));
    assert!(!drops(&rules(&["keep name=other"]), &SPAN));
}

#[test]
fn a_span_that_ends_before_it_starts_took_no_time() {
    let mut message = SPAN.encode();
    // The end, field 8, becomes the beginning of time.
    let at = message
        .windows(2)
        .position(|pair| pair == [8 << 3 | 1, 0x28])
        .unwrap()
        + 1;
    message[at..at + 8].fill(0);
    let view = SpanView::check(&message).unwrap();
    assert_eq!(view.end_unix_nano(), 0);
    assert!(text("drop duration<1ns").drops("", view) && !text("drop duration>=1ns").drops("", view));
}

#[test]
fn what_is_no_rule_says_why() {
    for (rule, expected) in [
        ("", "neither `drop` nor `keep`"),
        ("dropname=x", "neither `drop` nor `keep`"),
        ("DROP name=x", "neither `drop` nor `keep`"),
        ("drop health", "`health` is no condition"),
        ("drop name=a && ", "ends with `&&`"),
        ("drop name=a &&", "ends with `&&`"),
        ("drop && name=a", "`&&` joins conditions"),
        ("drop name=a&&kind=server", "`&&` joins conditions"),
        ("drop name=a &&kind=server", "`&&` joins conditions"),
        ("drop name=a&& kind=server", "`&&` joins conditions"),
        ("drop name==a&&b", "`&&` joins conditions"),
        ("drop name=a and kind=server", "joined by ` && `"),
        ("drop name=a AND  duration < 5ms", "joined by ` && `"),
        (
            "drop kind=server && name=a and b and attributes.k==c",
            "joined by ` && `",
        ),
        ("drop name=a &&  && kind=server", "`` is no condition"),
        ("drop nmae=a", "there is no `nmae`"),
        ("drop attributes.=a", "there is no `attributes.`"),
        ("drop =a", "there is no ``"),
        ("drop name<a", "only `duration` can be compared"),
        ("drop name>=a", "only `duration` can be compared"),
        ("drop kind=Server", "a kind is"),
        ("drop status=bad", "a status is"),
        ("drop status==error", "a status is"),
        ("drop name=~a", "it has no end"),
        ("drop duration=1s", "a duration is compared as"),
        ("drop duration>1s", "a duration is compared as"),
        ("drop duration<=1s", "a duration is compared as"),
        ("drop duration<1", "a duration is compared as"),
        ("drop duration<1m", "a duration is compared as"),
        ("drop duration<ms", "a duration is compared as"),
        ("drop duration<+1s", "a duration is compared as"),
        ("drop duration<-1s", "a duration is compared as"),
        ("drop duration<1.5s", "a duration is compared as"),
        ("drop duration<18446744073709551616s", "a duration is compared as"),
    ] {
        let error = Filter::new().text(rule, &regex).unwrap_err();
        assert!(error.to_string().contains(expected), "{rule}: {error}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_rule_or_is_not(rule in "(drop|keep)? ?((name|kind|duration|attributes\\.k|\\PC{0,4})(=|==|=~|<|>=)?\\PC{0,6}( && )?){0,3}") {
        if let Ok(filter) = Filter::new().text(&rule, &regex) {
            prop_assert!(!filter.is_empty());
            let _ = drops(&filter, &SPAN);
        }
    }
}
