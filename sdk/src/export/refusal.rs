//! What to do about a receiver that refuses: the same words in the log and in what `spanline doctor` says.

use super::Format;
use crate::transport::Response;
use std::borrow::Cow;

/// An answer over HTTP that is no success, or no answer of OTLP.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal<'a> {
    pub(crate) response: &'a Response,
    /// The path that was asked.
    pub(crate) path: &'a str,
    /// What is spoken.
    pub(crate) format: Format,
}

impl Refusal<'_> {
    /// What to look at where the receiver wants other credentials.
    pub(crate) const CREDENTIALS: &'static str =
        "check the credentials: the options headers, bearer_token and username";

    /// `404 at the path /spans`, or the status alone where the path has no part in it.
    pub(crate) fn status(&self) -> Cow<'static, str> {
        let status = self.response.status;
        match status {
            404 | 405 => format!("{status} at the path {}", self.path).into(),
            _ => status.to_string().into(),
        }
    }

    /// What to do; `None` where the status does not tell.
    pub(crate) fn way_out(&self) -> Option<Cow<'static, str>> {
        Some(match self.response.status {
            401 | 403 => Self::CREDENTIALS.into(),
            404 | 405 if self.path.ends_with("/v1/traces/v1/traces") => {
                "OTEL_EXPORTER_OTLP_ENDPOINT is a base to which v1/traces is added: leave that out there, or set OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, which is taken as it is".into()
            }
            404 | 405 if self.path.split('?').next() != Some(self.format.usual_path()) => {
                format!("the path expected is usually {}", self.format.usual_path()).into()
            }
            407 => "the proxy asks for credentials: give user and password in the proxy's URL".into(),
            413 => "the receiver takes no batch this large: lower max_batch_bytes".into(),
            415 => format!("it does not take {} (the option protocol)", self.format.protocol()).into(),
            _ if self.is_foreign() => self.format.question().into(),
            _ => return None,
        })
    }

    /// Whether this is how servers answer that do not know the format.
    pub(crate) fn is_foreign(&self) -> bool {
        matches!(self.response.status, 404 | 405 | 501)
            || self.format.is_otlp() && !is_of_otlp(content_type(self.response))
    }
}

/// What is wrong with a success that comes with a page for people; `None` where there is none.
pub(crate) fn page(format: Format, response: &Response) -> Option<String> {
    let is_page = content_type(response).eq_ignore_ascii_case("text/html");
    is_page.then(|| {
        format!(
            "answered {} with a web page: this is no {}",
            response.status,
            format.receiver()
        )
    })
}

/// What it is without its parameters; empty when that is not said.
fn content_type(response: &Response) -> &str {
    let named = response.content_type.as_deref().unwrap_or_default();
    named.split(';').next().unwrap_or_default().trim()
}

/// A receiver of OTLP answers in what it was asked in, or with nothing.
fn is_of_otlp(content_type: &str) -> bool {
    let known = ["", "application/json", "application/x-protobuf"];
    known.iter().any(|known| known.eq_ignore_ascii_case(content_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: &str = "/v1/traces";

    fn answer(status: u16, content_type: &str) -> Response {
        Response {
            status,
            content_type: Some(content_type.to_owned()).filter(|named| !named.is_empty()),
            ..Response::default()
        }
    }

    fn way_out(response: &Response, path: &str) -> Option<String> {
        let refusal = Refusal {
            response,
            path,
            format: Format::OtlpJson,
        };
        refusal.way_out().map(Cow::into_owned)
    }

    #[test]
    fn who_does_not_speak_otlp_is_asked_whether_it_does() {
        for (status, content_type) in [
            (404, ""),
            (405, "application/json"),
            (501, "text/html;charset=utf-8"),
            (501, ""),
            (400, "text/html"),
            (500, "text/plain"),
        ] {
            let response = answer(status, content_type);
            let said = way_out(&response, USUAL);
            assert_eq!(
                said.as_deref(),
                Some("is this an OTLP receiver?"),
                "{status} {content_type}"
            );
        }
        for (status, content_type) in [
            (400, ""),
            (400, "application/x-protobuf"),
            (500, "Application/JSON; charset=utf-8"),
        ] {
            assert_eq!(
                way_out(&answer(status, content_type), USUAL),
                None,
                "{status} {content_type}"
            );
        }
    }

    #[test]
    fn what_is_known_of_a_status_comes_first() {
        for (status, words) in [
            (401, "credentials"),
            (407, "the proxy's URL"),
            (413, "max_batch_bytes"),
            (415, "http/json (the option protocol)"),
        ] {
            let said = way_out(&answer(status, "text/html"), USUAL).unwrap();
            assert!(said.contains(words), "{said}");
        }
        let not_found = answer(404, "text/html");
        assert!(way_out(&not_found, "/").unwrap().ends_with("usually /v1/traces"));
        let twice = way_out(&not_found, "/v1/traces/v1/traces").unwrap();
        assert!(twice.contains("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), "{twice}");
    }

    #[test]
    fn pages_are_known_by_what_they_say_they_are() {
        assert_eq!(
            page(Format::OtlpProtobuf, &answer(200, "Text/HTML; charset=utf-8")).as_deref(),
            Some("answered 200 with a web page: this is no OTLP receiver")
        );
        for other in ["", "application/x-protobuf", "text/plain", "text/htm"] {
            assert_eq!(page(Format::OtlpJson, &answer(200, other)), None, "{other}");
        }
    }
}
