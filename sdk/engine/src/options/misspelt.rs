//! Environment variables that nobody reads, because their names are misspelt.

use super::{OptionInfo, TABLE, hint::within};

/// What the names begin with.
const OURS: &str = "OTEL_";

/// How many letters may be wrong.
const MOST: usize = 2;

/// What begins like this belongs to other signals and other programs: it is theirs to know.
const OTHERS: &[&str] = &[
    "OTEL_BLRP_",
    "OTEL_DOTNET_",
    "OTEL_EXPORTER_OTLP_LOGS_",
    "OTEL_EXPORTER_OTLP_METRICS_",
    "OTEL_EXPORTER_OTLP_PROFILES_",
    "OTEL_GO_",
    "OTEL_INSTRUMENTATION_",
    "OTEL_JAVA",
    "OTEL_LOGRECORD_",
    "OTEL_LOGS_",
    "OTEL_METRIC_",
    "OTEL_METRICS_",
    "OTEL_NODE_",
    "OTEL_PHP_",
    "OTEL_PYTHON_",
    "OTEL_RUBY_",
];

/// The variable that was probably meant by an unknown one: its name begins with `OTEL_`, and at most two letters of it are
/// missing, too many, swapped or wrong. `None` for a name that is known, or is no misspelling of one, or is like those of
/// other signals and other programs.
///
/// ```
/// use spanline_engine::options::misspelt;
/// assert_eq!(misspelt("OTEL_TRACE_EXPORTER"), Some("OTEL_TRACES_EXPORTER"));
/// assert_eq!(misspelt("OTEL_TRACES_EXPORTER"), None);
/// assert_eq!(misspelt("OTEL_LOGS_EXPORTER"), None);
/// ```
pub fn misspelt(name: &str) -> Option<&'static str> {
    let known = || TABLE.iter().flat_map(OptionInfo::all_variables);
    let is_plain = name.bytes().all(|byte| byte.is_ascii_graphic());
    let is_theirs = OTHERS.iter().any(|other| name.starts_with(other));
    if !name.starts_with(OURS) || !is_plain || is_theirs || known().any(|known| known == name) {
        return None;
    }
    within(MOST, name, known().filter(|known| known.starts_with(OURS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_names_have_the_one_that_was_meant() {
        for (name, meant) in [
            ("OTEL_EXPORTER_OTLP_ENDPONT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
            ("OTEL_EXPORTR_OTLP_ENDPONT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
            ("OTEL_EXPORTER_OLTP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
            (
                "OTEL_EXPORTER_OTLP_TRACE_ENDPOINT",
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            ),
            ("OTEL_TRACE_SAMPLER", "OTEL_TRACES_SAMPLER"),
            ("OTEL_SERVICENAME", "OTEL_SERVICE_NAME"),
            ("OTEL_Service_Name", "OTEL_SERVICE_NAME"),
            ("OTEL_PROPAGATOR", "OTEL_PROPAGATORS"),
            ("OTEL_EXPORTER_ZIPKIN_ENDPONT", "OTEL_EXPORTER_ZIPKIN_ENDPOINT"),
        ] {
            assert_eq!(misspelt(name), Some(meant), "{name}");
        }
    }

    #[test]
    fn known_names_and_those_of_others_have_none() {
        let known = TABLE.iter().flat_map(OptionInfo::all_variables);
        // Of the specification, and of other implementations.
        let others = [
            "OTEL_BLRP_SCHEDULE_DELAY",
            "OTEL_BLRP_EXPORT_TIMEOUT",
            "OTEL_BLRP_MAX_QUEUE_SIZE",
            "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
            "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
            "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
            "OTEL_METRICS_EXPORTER",
            "OTEL_LOGS_EXPORTER",
            "OTEL_METRICS_EXEMPLAR_FILTER",
            "OTEL_METRIC_EXPORT_INTERVAL",
            "OTEL_METRIC_EXPORT_TIMEOUT",
            "OTEL_EXPORTER_ZIPKIN_ENDPOINT",
            "OTEL_EXPORTER_ZIPKIN_TIMEOUT",
            "OTEL_EXPORTER_PROMETHEUS_HOST",
            "OTEL_EXPORTER_PROMETHEUS_PORT",
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
            "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
            "OTEL_EXPORTER_OTLP_SPAN_INSECURE",
            "OTEL_EXPORTER_OTLP_METRIC_INSECURE",
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
            "OTEL_SEMCONV_STABILITY_OPT_IN",
            "OTEL_PYTHON_LOG_LEVEL",
            "OTEL_NODE_RESOURCE_DETECTORS",
            "OTEL_JAVAAGENT_ENABLED",
            "OTEL_GO_X_RESOURCE",
            "OTEL_SERVICE_VERSION",
            "OTEL_",
            "OTEL_X",
            "PATH",
            "",
        ];
        for name in known.chain(others) {
            assert_eq!(misspelt(name), None, "{name}");
        }
    }

    #[test]
    fn names_that_are_long_or_not_text_are_left_alone() {
        let long = alloc::format!("OTEL_{}", "x".repeat(100_000));
        assert_eq!(misspelt(&long), None);
        assert_eq!(misspelt("OTEL_SERVICE_NAME\n"), None);
    }
}
