//! What a connection that ends without a word usually comes from.

use super::Format;
use crate::provider::ReceiverSpec;
use crate::transport::FailKind;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is added to the failures of an exporter that nobody has answered yet. Who spoke once and then does not has other
/// reasons.
#[derive(Debug)]
pub(super) struct Hint {
    /// Empty where such an end says nothing: TLS is spoken, or somebody else is between.
    text: &'static str,
    answered: AtomicBool,
}

impl Hint {
    pub(super) fn of(spec: &ReceiverSpec) -> Self {
        let is_direct = spec.proxy.is_none() && !spec.endpoint.is_unix();
        let text = match Format::of(&spec.settings) {
            _ if spec.endpoint.is_secure() || !is_direct => "",
            Format::OtlpGrpc => {
                "is TLS (https) spoken there, or HTTP (usually at port 4318)? See the options endpoint, protocol and insecure"
            }
            Format::OtlpProtobuf | Format::OtlpJson => {
                "is TLS (https) spoken there, or gRPC (usually at port 4317)? See the options endpoint and protocol"
            }
            Format::ZipkinJson | Format::ZipkinProtobuf => {
                "is TLS (https) spoken there? See the option endpoint"
            }
            Format::JaegerGrpc => {
                "is TLS (https) spoken there, or HTTP (usually at port 14268)? See the options endpoint, protocol and insecure"
            }
            Format::JaegerThrift => {
                "is TLS (https) spoken there, or gRPC (usually at port 14250)? See the options endpoint and protocol"
            }
        };
        Self {
            text,
            answered: AtomicBool::new(false),
        }
    }

    /// Somebody has answered.
    pub(super) fn answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    /// The words of a failure, with the hint where it fits.
    pub(super) fn on(&self, kind: FailKind, message: String) -> String {
        let fits = kind == FailKind::Reset && !self.answered.load(Ordering::Relaxed);
        match self.text {
            text if fits && !text.is_empty() => format!("{message}; {text}"),
            _ => message,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_end_without_a_word_before_any_answer_has_a_hint() {
        let hint = |text| Hint {
            text,
            answered: AtomicBool::new(false),
        };
        let on = |hint: &Hint, kind| hint.on(kind, "no".to_owned());
        let plain = hint("why?");
        assert_eq!(on(&plain, FailKind::Reset), "no; why?");
        for kind in [FailKind::BrokenOff, FailKind::ConnectRefused, FailKind::Timeout] {
            assert_eq!(on(&plain, kind), "no", "{kind:?}");
        }
        assert_eq!(on(&hint(""), FailKind::Reset), "no");
        plain.answered();
        assert_eq!(on(&plain, FailKind::Reset), "no");
    }
}
