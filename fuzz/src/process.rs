//! Rules as text, and what must not be seen in texts.

use spanline_core::process::{
    AttributeRule, Enrichment, Filter, ParsedRule, QueryParameters, Redaction, RedactionCounts, TextFinder,
    built_in_finder, built_in_finders, key_pattern,
};
use spanline_core::sample::{Pattern, TextMatch};
use spanline_core::wire::otlp::{SpanChanges, SpanView};
use spanline_core::{OwnedValue, ValueLimits};
use std::sync::Arc;

/// For each finder something that it finds wherever it stands behind a blank, and which part of that must go.
const CANARIES: [(&str, &str, &str); 9] = [
    ("credit_card", "4111111111111111", "4111111111111111"),
    ("email", "me@example.com", "me@example.com"),
    ("ipv4", "203.0.113.77", "203.0.113.77"),
    ("ipv6", "2001:db8::77", "2001:db8::77"),
    ("bearer", "Bearer q7w8e9r0t1", "q7w8e9r0t1"),
    ("jwt", "eyJhbGci.eyJzdWIi.c2lnbmF0", "eyJzdWIi.c2lnbmF0"),
    ("aws_access_key_id", "AKIAIOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE"),
    (
        "aws_secret_access_key",
        "secret=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    ),
    ("url_credentials", "http://u:s3cr3t@h/", "s3cr3t"),
];

/// Stands for a regular expression.
#[derive(Debug)]
struct Ends(String);

impl TextMatch for Ends {
    fn is_match(&self, text: &str) -> bool {
        text.ends_with(&self.0)
    }
}

fn regex(expression: &str) -> Result<Arc<dyn TextMatch>, String> {
    match expression.strip_suffix('$') {
        Some(end) => Ok(Arc::new(Ends(end.to_owned()))),
        None => Err("it has no end".to_owned()),
    }
}

/// The first line is a rule, or a pattern, or a text; the rest a span's message, or whatever it is.
pub fn process(input: &[u8]) {
    let mut parts = input.splitn(2, |&c| c == b'\n');
    let text = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let message = parts.next().unwrap_or_default();
    let span = SpanView::ours(message);
    filter(&text, span);
    enrichment(&text, span);
    if let Ok(pattern) = key_pattern(&text, &regex) {
        let _ = pattern.matches(span.name());
    }
    assert!(Pattern::glob(text.as_str()).matches(&text) && Pattern::exact(text.as_str()).matches(&text));
    redaction(&text, span);
}

/// Both actions take the same conditions; the first rule decides.
fn filter(text: &str, span: SpanView<'_>) {
    let parse = |text: &str| Filter::new().text(text, &regex);
    if let Err(error) = parse(text) {
        assert!(!error.to_string().is_empty());
    }
    let conditions = text
        .strip_prefix("drop ")
        .or(text.strip_prefix("keep "))
        .unwrap_or(text);
    let rules = ["drop", "keep"].map(|action| parse(&format!("{action} {conditions}")));
    let [drop, keep] = rules;
    assert_eq!(drop.is_ok(), keep.is_ok());
    if let (Ok(drop), Ok(keep)) = (drop, keep) {
        assert!(!keep.drops("shop", span));
        let both = keep.text(&format!("drop {conditions}"), &regex).expect("a rule");
        assert!(!both.drops("shop", span));
        // Conditions hold or not, whatever is done.
        let all = Filter::new().text("drop", &regex).expect("a rule");
        assert!(!drop.drops("shop", span) || all.drops("shop", span));
    }
}

/// Each key changes once. A value in quotes is what stands in them.
fn enrichment(text: &str, span: SpanView<'_>) {
    let env = |name: &str| (name.len() == 1).then(|| "zone \" if a".to_owned());
    let mut rules = Enrichment::new().salt("salt");
    match AttributeRule::parse(text, &regex, &env) {
        Ok(ParsedRule::Rule(rule)) => {
            rules = rules
                .rule(rule.clone())
                .rule(AttributeRule::insert("k", 1))
                .rule(rule);
            let mut keys: Vec<_> = rules
                .changes("shop", span)
                .into_iter()
                .map(|change| change.key)
                .collect();
            // What came twice may change twice.
            if unique(span) {
                keys.sort();
                assert!(keys.windows(2).all(|two| two[0] != two[1]), "{keys:?}");
            }
        }
        Ok(ParsedRule::NoVariable(name)) => assert!(env(&name).is_none() && text.contains(&name)),
        Ok(other) => panic!("{other:?} is new"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
    let rule = format!("upsert k=\"{quoted}\"");
    let Ok(ParsedRule::Rule(rule)) = AttributeRule::parse(&rule, &regex, &env) else {
        panic!("no rule: {rule}");
    };
    let changes = Enrichment::new().rule(rule).changes("shop", SpanView::ours(&[]));
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].value, Some(OwnedValue::from(text)));
}

fn unique(span: SpanView<'_>) -> bool {
    let mut keys: Vec<_> = span.attributes().map(|(key, _)| key).collect();
    keys.sort_unstable();
    keys.windows(2).all(|two| two[0] != two[1])
}

fn redaction(text: &str, span: SpanView<'_>) {
    let mut all = Redaction::new()
        .remove_key(Pattern::glob("*a"))
        .mask_key(Pattern::glob(text));
    for name in built_in_finders() {
        let finder = built_in_finder(name).expect("a built-in finder");
        found(&*finder, text);
        let (_, canary, secret) = CANARIES
            .iter()
            .find(|known| known.0 == name)
            .expect("every finder has a canary");
        gone(
            Redaction::new().find(finder.clone()),
            &format!("{text} {canary}"),
            secret,
        );
        all = all.find(finder);
    }
    let parameters = QueryParameters::new(["token"]);
    found(&parameters, text);
    let parameters = Arc::new(parameters);
    gone(
        Redaction::new().find(parameters.clone()),
        &format!("{text}?Token=s3cr3t"),
        "s3cr3t",
    );
    let all = all.find(parameters);
    let mut counts = RedactionCounts::default();
    let changes = SpanChanges::visit(span, &ValueLimits::default(), &mut |visited| {
        all.answer(visited, &mut counts)
    });
    assert!(changes.is_empty() || counts.masked + counts.removed > 0);
    let redacted = changes.apply_to(span);
    if SpanView::check(span.as_bytes()).is_ok() {
        let redacted = SpanView::check(&redacted).expect("a good span");
        assert_eq!(redacted.span_id(), span.span_id());
        assert!(redacted.attributes().all(|(key, _)| !key.ends_with(['a', 'A'])));
    }
}

/// What is found lies within the text, behind where it was looked for, and cuts no character.
fn found(finder: &dyn TextFinder, text: &str) {
    let mut from = 0;
    while let Some(found) = finder.find(text, from) {
        assert!(
            found.start >= from && found.end > found.start,
            "{finder:?} {found:?}"
        );
        assert!(text.get(found.clone()).is_some(), "{finder:?} {found:?}");
        from = found.end;
    }
}

/// A secret behind a text, which does not have it itself, is masked.
fn gone(redaction: Redaction, text: &str, secret: &str) {
    if text.matches(secret).count() == 1 {
        let redacted = redaction.text(text);
        assert!(
            redacted.is_some_and(|text| !text.contains(secret)),
            "{redaction:?} {text}"
        );
    }
}
