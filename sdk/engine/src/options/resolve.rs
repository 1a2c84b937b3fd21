//! From what the code and the environment say to what holds.

use super::{
    AttributeLimits, ClockSource, Effective, Enrich, Exporter, ExporterSettings, Layers, Limits, LogLevel,
    Notice, Propagate, Redact, Source, exporters, generated::index::*, processors, propagators,
    reader::Reader, resource, sampler, semconv, tail,
};
use crate::Error;
use alloc::{format, string::String, vec::Vec};

/// Resolves all options: code, then file, then environment, then default. The environment is read only here. What the
/// user should know about it is added to `notices`.
///
/// # Errors
/// What code or file set wrongly: `BadValue` (out of range, or not a known name), `Missing` (a sampler without its rate,
/// one of two that belong together), `UnknownOption` (a member that an exporter does not have) or `Unsupported` (known,
/// but this build does not have the feature). The environment causes no errors.
pub fn resolve(layers: &Layers<'_>, notices: &mut Vec<Notice>) -> Result<Effective, Error> {
    let merged = layers.given();
    let code = &merged;
    let mut reader = Reader::new(layers, notices);
    let r = &mut reader;
    let described = resource::resolve(r, code)?;
    let mut resolved = exporters::resolve(r, code)?;
    let config_file = layers.config_file(r)?;
    if layers.code.config_file.is_none() && Layers::unreadable(r) {
        resolved.exporter.clear();
    }
    let flat = resolved.flat;
    let (username, password) = flat.credentials.unzip();
    let max_queue_spans = r.limit(MAX_QUEUE_SPANS, code.max_queue_spans)?;
    // A batch has to fit into a request of every exporter.
    let requests = resolved
        .exporter
        .iter()
        .filter(|exporter| exporters::is_network(exporter.kind));
    let smallest_request = requests.filter_map(|exporter| exporter.max_request_bytes).min();
    let general = AttributeLimits {
        count: r.number(ATTRIBUTE_LIMITS_COUNT, code.attribute_limits.count)?,
        value_length: r.limit(ATTRIBUTE_LIMITS_VALUE_LENGTH, code.attribute_limits.value_length)?,
        value_depth: r.number(ATTRIBUTE_LIMITS_VALUE_DEPTH, code.attribute_limits.value_depth)?,
    };
    let own = &code.limits;
    let limits = Limits {
        attributes: r.number_or(
            LIMITS_ATTRIBUTES,
            own.attributes,
            ATTRIBUTE_LIMITS_COUNT,
            general.count,
        )?,
        events: r.number(LIMITS_EVENTS, own.events)?,
        links: r.number(LIMITS_LINKS, own.links)?,
        event_attributes: r.number(LIMITS_EVENT_ATTRIBUTES, own.event_attributes)?,
        link_attributes: r.number(LIMITS_LINK_ATTRIBUTES, own.link_attributes)?,
        value_length: r.number_or(
            LIMITS_VALUE_LENGTH,
            own.value_length,
            ATTRIBUTE_LIMITS_VALUE_LENGTH,
            general.value_length,
        )?,
        value_depth: r.number_or(
            LIMITS_VALUE_DEPTH,
            own.value_depth,
            ATTRIBUTE_LIMITS_VALUE_DEPTH,
            general.value_depth,
        )?,
    };
    let buffer_bytes = r.number(BUFFER_BYTES, code.buffer_bytes)?;
    let log_level = r.name(LOG_LEVEL, code.log_level.as_deref())?.0;
    let clock = r.name(CLOCK, code.clock.as_deref())?.0;
    Ok(Effective {
        service_name: described.service_name,
        service_version: described.service_version,
        environment: described.environment,
        resource: described.resource,
        entity_refs: r.boolean(ENTITY_REFS, code.entity_refs),
        sampler: sampler::resolve(r, code.sampler.as_ref())?,
        tail: tail::resolve(r, &code.tail, buffer_bytes)?,
        propagators: propagators::resolve(r, code.propagators.as_deref())?,
        propagate: Propagate {
            messaging: r.boolean(PROPAGATE_MESSAGING, code.propagate.messaging),
            database: r.boolean(PROPAGATE_DATABASE, code.propagate.database),
        },
        links_only: r.boolean(LINKS_ONLY, code.links_only),
        semconv_opt_in: semconv::opt_in(r, code.semconv_opt_in.as_deref())?,
        http_known_methods: semconv::known_methods(r, code.http_known_methods.as_deref()),
        delay_ms: delay(r, code.delay_ms, &resolved.exporter)?,
        max_queue_spans,
        max_batch_spans: at_most(
            r,
            MAX_BATCH_SPANS,
            code.max_batch_spans,
            MAX_QUEUE_SPANS,
            max_queue_spans,
        )?,
        max_batch_bytes: at_most(
            r,
            MAX_BATCH_BYTES,
            code.max_batch_bytes,
            MAX_REQUEST_BYTES,
            smallest_request,
        )?,
        buffer_bytes,
        exporter_buffer_bytes: r.number(EXPORTER_BUFFER_BYTES, code.exporter_buffer_bytes)?,
        export_timeout_ms: r.limit(EXPORT_TIMEOUT_MS, code.export_timeout_ms)?,
        max_age_ms: r.number(MAX_AGE_MS, code.max_age_ms)?,
        attribute_limits: general,
        limits,
        enrich: Enrich {
            rules: list(r, ENRICH_RULES, code.enrich.rules.as_ref()),
            hash_salt: code.enrich.hash_salt.clone(),
        },
        redact: Redact {
            keys: list(r, REDACT_KEYS, code.redact.keys.as_ref()),
            remove_keys: list(r, REDACT_REMOVE_KEYS, code.redact.remove_keys.as_ref()),
            allowed_keys: list(r, REDACT_ALLOWED_KEYS, code.redact.allowed_keys.as_ref()),
            patterns: list(r, REDACT_PATTERNS, code.redact.patterns.as_ref()),
            query_parameters: list(r, REDACT_QUERY_PARAMETERS, code.redact.query_parameters.as_ref()),
            mask: r
                .text(REDACT_MASK, code.redact.mask.as_deref())?
                .unwrap_or_default(),
            case_sensitive: r.boolean(REDACT_CASE_SENSITIVE, code.redact.case_sensitive),
        },
        max_open_spans: r.number(MAX_OPEN_SPANS, code.max_open_spans)?,
        filter: processors::filter(r, &code.filter),
        errors: processors::errors(r, &code.errors)?,
        correlator: processors::correlator(r, &code.correlator)?,
        overhead: processors::overhead(r, &code.overhead)?,
        exit_timeout_ms: r.number(EXIT_TIMEOUT_MS, code.exit_timeout_ms)?,
        flush_timeout_ms: r.number(FLUSH_TIMEOUT_MS, code.flush_timeout_ms)?,
        flush_on_signals: r.boolean(FLUSH_ON_SIGNALS, code.flush_on_signals),
        disabled: r.boolean(DISABLED, code.disabled),
        log_level: log_level.and_then(LogLevel::from_name).unwrap_or(LogLevel::Info),
        clock: clock
            .and_then(ClockSource::from_name)
            .unwrap_or(ClockSource::Auto),
        spool_dir: r.text(SPOOL_DIR, code.spool_dir.as_deref())?,
        config_file,
        exporter: resolved.exporter,
        endpoint: flat.settings.endpoint,
        protocol: flat.settings.protocol,
        insecure: flat.insecure,
        headers: flat.headers,
        bearer_token: code.bearer_token.clone(),
        username: code.username.clone().or(username),
        password: code.password.clone().or(password),
        compression: flat.settings.compression,
        timeout_ms: flat.settings.timeout_ms,
        certificate: flat.settings.certificate,
        client_certificate: flat.settings.client_certificate,
        client_key: flat.settings.client_key,
        proxy: flat.settings.proxy,
        user_agent: flat.settings.user_agent,
        concurrent_sends: flat.settings.concurrent_sends,
        file_path: flat.settings.file_path,
        file_max_bytes: flat.settings.file_max_bytes,
        file_max_files: flat.settings.file_max_files,
        max_request_bytes: flat.settings.max_request_bytes,
        max_response_bytes: flat.settings.max_response_bytes,
        sources: reader.sources,
    })
}

/// A list that code or file give, as it is; else nothing.
fn list(reader: &mut Reader<'_>, option: usize, code: Option<&Vec<String>>) -> Vec<String> {
    if code.is_some() {
        reader.set_given(option);
    }
    code.cloned().unwrap_or_default()
}

/// Who watches the terminal wants to see a span when it ends.
fn delay(reader: &mut Reader<'_>, code: Option<u64>, exporters: &[ExporterSettings]) -> Result<u64, Error> {
    let delay = reader.number(DELAY_MS, code)?;
    let console = matches!(exporters, [only] if only.kind == Exporter::Console);
    Ok(if console && reader.sources[DELAY_MS] == Source::Default {
        0
    } else {
        delay
    })
}

/// A number that a bound cuts; with a notice when somebody set the number.
fn at_most(
    reader: &mut Reader<'_>,
    option: usize,
    code: Option<u64>,
    bounding: usize,
    bound: Option<u64>,
) -> Result<u64, Error> {
    let number = reader.number(option, code)?;
    let Some(bound) = bound.filter(|&bound| bound < number) else {
        return Ok(number);
    };
    let variable = match reader.sources[option] {
        Source::Default => return Ok(bound),
        Source::Environment(variable) => Some(variable),
        Source::Code | Source::File => None,
    };
    let bounding = super::TABLE[bounding].name;
    let text = format!("{number} is more than `{bounding}`; {bound} is used");
    reader.notice(LogLevel::Warn, option, variable, text);
    Ok(bound)
}
