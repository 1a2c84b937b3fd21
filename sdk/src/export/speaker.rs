//! Who speaks in the log: an exporter, by its name and by where it sends.

use crate::log::UserText;
use crate::provider::ReceiverSpec;
use std::path::Path;
use std::sync::Arc;

/// `otlp to collector:4318`: no user, no password, no query.
pub(super) fn of_receiver(spec: &ReceiverSpec) -> Arc<str> {
    let name = &spec.settings.name;
    match spec.endpoint.server() {
        (host, Some(port)) if host.contains(':') => format!("{name} to [{host}]:{port}"),
        (host, Some(port)) => format!("{name} to {host}:{port}"),
        (path, None) => format!("{name} to {}", UserText(&path)),
    }
    .into()
}

/// `file to "spans.jsonl"`.
pub(super) fn of_file(name: &str, path: Option<&Path>) -> Arc<str> {
    match path {
        Some(path) => format!("{name} to {}", UserText(&path.to_string_lossy())),
        None => format!("{name} to standard output"),
    }
    .into()
}

/// The message without the place in front of it that the speaker names already.
pub(super) fn unrepeated<'a>(speaker: &str, message: &'a str) -> &'a str {
    let repeated = message.split_once(": ").filter(|(place, _)| {
        speaker
            .strip_suffix(place)
            .is_some_and(|name| name.ends_with(" to "))
    });
    repeated.map_or(message, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_once() {
        let speaker = "otlp to a:4318";
        assert_eq!(
            unrepeated(speaker, "a:4318: Connection refused"),
            "Connection refused"
        );
        for other in ["b:4318: no", "4318: no", "", ": no", "a:4318"] {
            assert_eq!(unrepeated(speaker, other), other);
        }
    }

    #[test]
    fn exporters_speak_with_name_and_place_without_secrets() {
        let speaker = |url: &str| {
            let provider = crate::init()
                .without_environment()
                .exporter("otlp")
                .endpoint(url)
                .build()
                .unwrap();
            match &provider.shared().config.exporters[0] {
                crate::provider::ExporterSpec::Receiver(spec) => of_receiver(spec).to_string(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(
            speaker("http://user:secret@c.example/v1/traces?key=secret"),
            "otlp to c.example:80"
        );
        assert_eq!(speaker("http://[::1]:4318/v1/traces"), "otlp to [::1]:4318");
        assert_eq!(speaker("unix:///run/agent.sock"), "otlp to \"/run/agent.sock\"");
        assert_eq!(&*of_file("file_2", Some(Path::new("a\nb"))), "file_2 to \"a b\"");
        assert_eq!(&*of_file("otlp/stdout", None), "otlp/stdout to standard output");
    }
}
