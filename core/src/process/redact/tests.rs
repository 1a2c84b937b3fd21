use super::*;
use crate::wire::otlp::{SpanChanges, SpanEdit, SpanParts, SpanView};
use crate::{SpanId, TraceId, Value, ValueLimits};
use alloc::vec;
use proptest::prelude::*;

/// What a text becomes.
fn redacted(finder: &str, text: &str) -> String {
    let redaction = Redaction::new().mask("#").find(built_in_finder(finder).unwrap());
    redaction.text(text).unwrap_or_else(|| text.to_owned())
}

fn check(finder: &str, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(redacted(finder, text), *expected, "{finder}: {text}");
    }
}

/// Texts that nothing is found in.
fn check_none(finder: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(redacted(finder, text), *text, "{finder}");
    }
}

#[test]
fn cards() {
    check(
        "credit_card",
        &[
            ("4111111111111111", "#"),
            ("card 4111 1111 1111 1111, thanks", "card #, thanks"),
            ("5500-0000-0000-0004", "#"),
            ("amex:378282246310005.", "amex:#."),
            ("4111 1111 1111 1111 12/26 123", "# 12/26 123"),
            ("id 7 4111111111111111", "id 7 #"),
            ("1234 4111 1111 1111 1111", "1234 #"),
            ("pan=4111111111111111&pan=5500000000000004", "pan=#&pan=#"),
            ("x4111111111111111x", "x#x"),
            ("6304000000000000", "#"),
        ],
    );
    check_none(
        "credit_card",
        &[
            "4111111111111112",
            "1763761346000000000",
            "0.4111111111111111",
            "41111111111111111111111111",
            "4111 1111",
            "2026-11-21 21:40:40",
            "4111  1111  1111  1111",
        ],
    );
}

#[test]
fn addresses_of_mail() {
    check(
        "email",
        &[
            ("me@example.com", "#"),
            ("<first.last+tag@mail.example.co.uk>", "<#>"),
            ("to=me@example.com.", "to=#."),
            ("a@b.cc,c@d.ee;f@@g.hh", "#,#;f@@g.hh"),
            ("m\u{fc}ller@b\u{fc}cher.example", "#"),
            ("https://me@example.com/a", "https://#/a"),
            ("@me@example.com", "@#"),
        ],
    );
    check_none(
        "email",
        &[
            "@",
            "a@b",
            "a@.com",
            "user@localhost",
            "a@1.2.3.4",
            "@example.com",
            "a @example.com",
        ],
    );
}

#[test]
fn addresses_of_hosts() {
    check(
        "ipv4",
        &[
            ("10.0.0.1", "#"),
            ("from 192.168.1.254:8080.", "from #:8080."),
            ("http://127.0.0.1/x", "http://#/x"),
            ("1.2.3.4, 5.6.7.8", "#, #"),
            ("it was 10.0.0.1.", "it was #."),
        ],
    );
    check_none(
        "ipv4",
        &[
            "1.2.3",
            "1.2.3.256",
            "1.2.3.4.5",
            "v1.2.3.4",
            "01.2.3.4",
            "1.2.3.4a",
        ],
    );
    check(
        "ipv6",
        &[
            ("2001:db8::1", "#"),
            ("[::1]:8080", "[#]:8080"),
            ("peer:2001:db8::1", "peer:#"),
            ("::ffff:10.0.0.1", "#"),
            ("fe80::1%eth0", "#%eth0"),
            ("at 2001:db8:0:0:0:0:0:1.", "at #."),
            ("from 2001:db8::1: refused", "from #: refused"),
        ],
    );
    check_none(
        "ipv6",
        &["12:34:56", "core::fmt::add", "::", "a:b", "10.0.0.1", "io::fa"],
    );
}

#[test]
fn tokens() {
    check(
        "bearer",
        &[
            ("Authorization: Bearer abcdef.123456", "Authorization: Bearer #"),
            ("bearer  AbCdEf~+/12345==;", "bearer  #;"),
            ("Bearer x Bearer 12345678", "Bearer x Bearer #"),
        ],
    );
    check_none("bearer", &["Bearer", "the bearer of news", "bearer:12345678"]);
    check(
        "jwt",
        &[
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln-_x", "#"),
            ("t=eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.;", "t=#;"),
            ("eyJ.eyJa.b", "#"),
        ],
    );
    check_none("jwt", &["eyJhbGciOiJIUzI1NiJ9", "eyJa.b", "eyJa..b", "a.b.c"]);
}

#[test]
fn keys_of_aws() {
    check(
        "aws_access_key_id",
        &[
            ("id AKIAIOSFODNN7EXAMPLE;", "id #;"),
            ("ASIAIOSFODNN7EXAMPLE", "#"),
        ],
    );
    check_none(
        "aws_access_key_id",
        &[
            "AKIAIOSFODNN7EXAMPL",
            "AKIAIOSFODNN7EXAMPLEX",
            "XAKIAIOSFODNN7EXAMPL",
            "akiaiosfodnn7example",
        ],
    );
    check(
        "aws_secret_access_key",
        &[
            (
                "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                "aws_secret_access_key = #",
            ),
            (
                "{\"SecretAccessKey\":\"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\"}",
                "{\"SecretAccessKey\":\"#\"}",
            ),
            (
                "{\\\"SecretAccessKey\\\": \\\"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\\\"}",
                "{\\\"SecretAccessKey\\\": \\\"#\\\"}",
            ),
        ],
    );
    check_none(
        "aws_secret_access_key",
        &[
            "secret wJalrXUtnFEMI",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "secrets",
        ],
    );
}

#[test]
fn urls() {
    check(
        "url_credentials",
        &[
            ("https://me:s3cret@example.com/a", "https://#@example.com/a"),
            (
                "connect to postgres://app:p@ss@db:5432/x failed",
                "connect to postgres://#@db:5432/x failed",
            ),
            ("https://token@example.com", "https://#@example.com"),
            ("http://a:b@c http://d:e@f", "http://#@c http://#@f"),
            ("postgres://app:pa/ss@db", "postgres://#@db"),
            ("redis://:p/w@h", "redis://#@h"),
            ("redis://:12/3@h", "redis://#@h"),
            ("at \"db://u:p?w#x@y@h:1/z\", a@b", "at \"db://#@h:1/z\", a@b"),
            (
                "db://u:p/w@h and db://u:/x and db://v:q/w@i",
                "db://#@h and db://u:/x and db://#@i",
            ),
            (
                "https://me:pw@registry/@scope/pkg",
                "https://#@registry/@scope/pkg",
            ),
        ],
    );
    check_none(
        "url_credentials",
        &[
            "https://example.com/@me",
            "https://example.com?to=a@b",
            "me@example.com",
            "://@x",
            "http:// a@b",
            "http://host:8080/users/me@example.com",
            "http://host:8080?to=a@b",
            "http://[::1]:80/@me",
            "http://[::1]/@me",
            "file://C:\\users\\me@x",
        ],
    );
}

#[test]
fn parameters() {
    let parameters = Redaction::new()
        .mask("#")
        .find(Arc::new(QueryParameters::new(["token", "Sig"])));
    for (text, expected) in [
        (
            "https://x.example/?token=s3cret",
            Some("https://x.example/?token=#"),
        ),
        ("/a?id=1&TOKEN=a&sig=b#top", Some("/a?id=1&TOKEN=#&sig=##top")),
        ("token=s3cret&a=1", Some("token=#&a=1")),
        ("GET \"/?sig=x\" failed", Some("GET \"/?sig=#\" failed")),
        ("?token=&sig=x", Some("?token=&sig=#")),
        ("/cb#token=a&id=1", Some("/cb#token=#&id=1")),
        ("/cb#/in?token=a", Some("/cb#/in?token=#")),
        ("?tok%65n=a&%73iG=b", Some("?tok%65n=#&%73iG=#")),
        ("?token[]=a&token%5b1%5D=b", Some("?token[]=#&token%5b1%5D=#")),
        ("?user[token]=a&a[b][sig]=c", Some("?user[token]=#&a[b][sig]=#")),
        ("?tok%2565n=a&%ff=b&token%=c&token]=d", None),
        ("/token=a", None),
        ("?tokens=a&asig=b&[tokens]=c", None),
        ("my token=a", None),
    ] {
        assert_eq!(parameters.text(text).as_deref(), expected, "{text}");
    }
}

fn span(attributes: &[(&str, Value<'_>)]) -> Vec<u8> {
    let parts = SpanParts::new(TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]));
    let mut message = vec![0; parts.encoded_len()];
    parts.write_to(&mut message);
    let mut edit = SpanEdit::new(SpanView::ours(&message));
    for &(key, value) in attributes {
        edit.set_attribute(key, value);
    }
    edit.set_name("GET me@example.com");
    edit.finish()
}

fn apply(redaction: &Redaction, message: &[u8]) -> (Vec<u8>, RedactionCounts) {
    let mut counts = RedactionCounts::default();
    let span = SpanView::ours(message);
    let mut answer = |visited: Visited<'_>| redaction.answer(visited, &mut counts);
    let changes = SpanChanges::visit(span, &ValueLimits::default(), &mut answer);
    (changes.apply_to(span), counts)
}

fn shown(message: &[u8]) -> Vec<(String, String)> {
    let attributes = SpanView::ours(message).attributes();
    attributes
        .map(|(key, value)| (key.to_owned(), crate::wire::otlp::ValueText(value).to_string()))
        .collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|&(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn values_of_every_type() {
    let inner = [
        ("card", Value::I64(4_111_111_111_111_111)),
        ("Password", Value::I64(1)),
        ("drop", true.into()),
    ];
    let list = ["none", "me@example.com"];
    let mixed = [
        Value::Map(&inner),
        Value::Bytes(b"me@example.com"),
        Value::F64(1.5),
    ];
    let message = span(&[
        ("text", "to me@example.com".into()),
        ("list", Value::StrList(&list)),
        ("mixed", Value::List(&mixed)),
        ("bytes", Value::Bytes(b"me@example.com")),
        ("db.PASSWORD", Value::Bytes(b"x")),
        ("number", 42.into()),
        ("drop", "x".into()),
    ]);
    let redaction = Redaction::new()
        .mask("#")
        .mask_key(Pattern::glob("*Password"))
        .remove_key(Pattern::exact("DROP"))
        .find(built_in_finder("email").unwrap())
        .find(built_in_finder("credit_card").unwrap());
    let (redacted, counts) = apply(&redaction, &message);
    let expected = pairs(&[
        ("text", "to #"),
        ("list", "[\"none\",\"#\"]"),
        (
            "mixed",
            "[{\"card\":\"#\",\"Password\":\"#\"},\"bWVAZXhhbXBsZS5jb20=\",1.5]",
        ),
        ("bytes", "bWVAZXhhbXBsZS5jb20="),
        ("db.PASSWORD", "#"),
        ("number", "42"),
    ]);
    assert_eq!(shown(&redacted), expected);
    assert_eq!(SpanView::ours(&redacted).name(), "GET #");
    assert_eq!(
        counts,
        RedactionCounts {
            masked: 5,
            removed: 1,
            failed: 0
        }
    );
    assert_eq!(
        apply(&redaction, &redacted),
        (redacted, RedactionCounts::default()),
        "once and for all"
    );
}

#[test]
fn keys_of_maps_are_texts_too() {
    let inner = [
        ("me@example.com", Value::I64(1)),
        ("you@example.com", Value::Str("a@b.cc")),
        ("not", Value::I64(3)),
        ("they@example.com and me@example.com", Value::I64(4)),
    ];
    let nested = [("deep", Value::Map(&inner))];
    let redaction = Redaction::new().mask("#").find(built_in_finder("email").unwrap());
    let message = span(&[("map", Value::Map(&nested)), ("me@example.com", 1.into())]);
    let (redacted, counts) = apply(&redaction, &message);
    let expected = pairs(&[
        (
            "map",
            "{\"deep\":{\"#\":1,\"# 2\":\"#\",\"not\":3,\"# and #\":4}}",
        ),
        ("me@example.com", "1"),
    ]);
    assert_eq!(shown(&redacted), expected);
    assert_eq!(counts.masked, 2);
}

/// Finds each `x`, and does not say that it looks no further.
#[derive(Debug)]
struct EachX(bool);

impl TextFinder for EachX {
    fn find(&self, text: &str, from: usize) -> Option<Range> {
        let at = from + text.get(from..)?.find('x')?;
        Some(at..at + 1)
    }

    fn looks_once(&self) -> bool {
        self.0
    }
}

#[test]
fn finding_takes_no_more_than_so_many_looks() {
    let redaction = |once| Redaction::new().mask("#").find(Arc::new(EachX(once)));
    let (many, few) = ("x".repeat(2_000), "x-----".repeat(100));
    assert_eq!(redaction(true).text(&many), Some("#".repeat(2_000)));
    assert_eq!(redaction(false).text(&many).as_deref(), Some("#"));
    assert_eq!(redaction(false).text(&few), Some("#-----".repeat(100)));
    assert_eq!(redaction(false).text(&"-".repeat(1 << 20)), None);
    let items = [Value::Str("x-"), Value::Str(&many), Value::Str("-")];
    let message = span(&[("list", Value::List(&items)), ("text", "-x".into())]);
    let (redacted, counts) = apply(&redaction(false), &message);
    let expected = pairs(&[("list", "[\"#-\",\"#\",\"-\"]"), ("text", "-#")]);
    assert_eq!(shown(&redacted), expected);
    // The name has an `x`, too.
    assert_eq!((counts.masked, counts.failed), (3, 1));
}

#[test]
fn only_allowed_keys_and_the_case_of_keys() {
    let message = span(&[
        ("a.b", 1.into()),
        ("A.b", 2.into()),
        ("c", 3.into()),
        ("token", 4.into()),
    ]);
    let allowed = Redaction::new()
        .allow_key(Pattern::glob("a.*"))
        .allow_key(Pattern::exact("token"));
    let masked = allowed.clone().mask_key(Pattern::exact("TOKEN"));
    assert_eq!(
        shown(&apply(&masked, &message).0),
        pairs(&[("a.b", "1"), ("token", "REDACTED")])
    );
    let sensitive = masked.case_sensitive(true);
    assert_eq!(
        shown(&apply(&sensitive, &message).0),
        pairs(&[("a.b", "1"), ("token", "4")])
    );
    let nothing = Redaction::new().allow_only_listed_keys();
    let (redacted, counts) = apply(&nothing, &message);
    assert_eq!((shown(&redacted).len(), counts.removed), (0, 4));
    assert!(Redaction::new().is_empty() && !nothing.is_empty() && !allowed.is_empty());
}

/// Code of somebody else that is wrong.
#[derive(Debug)]
struct Wrong(Range);
type Range = core::ops::Range<usize>;

impl TextFinder for Wrong {
    fn find(&self, _: &str, _: usize) -> Option<Range> {
        Some(self.0.clone())
    }
}

#[test]
fn a_finder_that_is_wrong_hides_too_much_and_not_too_little() {
    let backwards = Range { start: 3, end: 2 };
    for wrong in [0..0, backwards, 1..2, 5..99, usize::MAX..usize::MAX] {
        let redaction = Redaction::new().mask("#").find(Arc::new(Wrong(wrong.clone())));
        assert_eq!(redaction.text("\u{e9}\u{e9}x").as_deref(), Some("#"), "{wrong:?}");
    }
}

proptest! {
    #[test]
    fn any_text_is_redacted_once_and_for_all(text in "\\PC{0,40}|[a-z@.:/?&=0-9 eyJ-]{0,80}|[0-9. :-]{0,60}|(secret|Bearer|AKIA|eyJ|://|[a-zA-Z0-9@.=& ]){0,30}") {
        let parameters: Arc<dyn TextFinder> = Arc::new(QueryParameters::new(["token", "a"]));
        let all = built_in_finders().map(|name| built_in_finder(name).unwrap()).chain([parameters]);
        for finder in all {
            let mut from = 0;
            while let Some(found) = finder.find(&text, from) {
                prop_assert!(found.start >= from && found.end > found.start, "{:?}", finder);
                prop_assert!(text.get(found.clone()).is_some(), "{:?}", finder);
                from = found.end;
            }
        }
    }

    #[test]
    fn a_secret_is_found_wherever_it_stands(before in "[ ,;(\"]{0,3}", after in "[ ,;)\"]{0,3}", filler in "[a-z ]{0,20}") {
        for (finder, secret) in [
            ("credit_card", "4111-1111-1111-1111"),
            ("email", "me@example.com"),
            ("ipv4", "10.1.2.3"),
            ("ipv6", "2001:db8::7"),
            ("bearer", "Bearer 0123456789"),
            ("jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"),
            ("aws_access_key_id", "AKIAIOSFODNN7EXAMPLE"),
            ("url_credentials", "db://me:0123456789@host"),
        ] {
            let text = format!("{filler} {before}{secret}{after} {filler} {secret}");
            let clean = redacted(finder, &text);
            let part = secret.split("Bearer ").last().unwrap_or(secret);
            prop_assert!(!clean.contains(part), "{}: {}", finder, clean);
            prop_assert_eq!(clean.matches('#').count(), 2, "{}: {}", finder, clean);
        }
    }
}
