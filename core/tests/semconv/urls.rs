//! What of a URL must not be seen.

use proptest::prelude::*;
use spanline_core::semconv::{REDACTED_QUERY_KEYS, redact_query, redact_url};
use std::borrow::Cow;

#[test]
fn credentials_are_replaced() {
    for (url, expected) in [
        ("https://u:p@h/a", "https://REDACTED:REDACTED@h/a"),
        ("https://u@h", "https://REDACTED:REDACTED@h"),
        ("https://@h", "https://REDACTED:REDACTED@h"),
        ("https://u:p@x@h:1?q#f", "https://REDACTED:REDACTED@h:1?q#f"),
        ("//u:p@h/a", "//REDACTED:REDACTED@h/a"),
        ("redis+tls://u:p@h\\@x", "redis+tls://REDACTED:REDACTED@h\\@x"),
    ] {
        assert_eq!(redact_url(url), expected);
    }
    for url in [
        "https://h/a@b",
        "https://h?a@b",
        "https://h#a@b",
        "/a//u:p@h",
        "mailto:a@b",
        "",
    ] {
        assert!(
            matches!(redact_url(url), Cow::Borrowed(same) if same == url),
            "{url}"
        );
    }
}

#[test]
fn signatures_are_replaced() {
    for key in REDACTED_QUERY_KEYS {
        let url = format!("https://h/a?b=c&{key}=x%20y=&d#{key}=f");
        assert_eq!(
            redact_url(&url),
            format!("https://h/a?b=c&{key}=REDACTED&d#{key}=f")
        );
        assert_eq!(
            redact_query(&format!("{key}=1&{key}=2")),
            format!("{key}=REDACTED&{key}=REDACTED")
        );
        // Names are those names exactly.
        for other in [
            format!("{key}2=x"),
            format!("a{key}=x"),
            key.to_owned(),
            format!("a={key}"),
        ] {
            assert!(matches!(redact_query(&other), Cow::Borrowed(_)), "{other}");
        }
    }
    assert_eq!(redact_query("SIG=x&signature=y"), "SIG=x&signature=y");
}

proptest! {
    #[test]
    fn what_is_replaced_stays_replaced(url in "([a-z]{1,3}:)?(//)?[a-z:@/?&=#\\\\\u{e9}]{0,12}(\\?sig=[a-z&=]{0,5})?") {
        let once = redact_url(&url);
        prop_assert_eq!(redact_url(&once), &*once);
        let query = redact_query(&url);
        prop_assert_eq!(redact_query(&query), &*query);
    }

    #[test]
    fn any_text_is_a_url(url in any::<String>()) {
        redact_url(&url);
        redact_query(&url);
    }
}

#[test]
fn no_password_hides_behind_other_slashes() {
    for (url, expected) in [
        ("https:\\\\user:pw@host\\a", "https:\\\\REDACTED:REDACTED@host\\a"),
        ("https:/user:pw@host/a", "https:/REDACTED:REDACTED@host/a"),
        ("https:\\user:pw@host/a", "https:\\REDACTED:REDACTED@host/a"),
        ("HTTPS:/\\user:pw@host", "HTTPS:/\\REDACTED:REDACTED@host"),
        ("https:///user:pw@host/a", "https:///REDACTED:REDACTED@host/a"),
        ("https:user:pw@host/a", "https:REDACTED:REDACTED@host/a"),
        (" https://user:pw@host/a", " https://REDACTED:REDACTED@host/a"),
        ("\\\\user:pw@host/a", "\\\\REDACTED:REDACTED@host/a"),
        ("amqp:\\\\user:pw@host/a", "amqp:\\\\REDACTED:REDACTED@host/a"),
        ("//user:pw@host/a", "//REDACTED:REDACTED@host/a"),
    ] {
        assert_eq!(redact_url(url), expected);
    }
    for url in [
        "/a/b@c",
        "mailto:me@example.com",
        "http:443",
        "file:///a@b",
        "a:b@c",
        "https:/a/b@c",
        "x/https://b@c",
    ] {
        assert_eq!(redact_url(url), url);
    }
}
