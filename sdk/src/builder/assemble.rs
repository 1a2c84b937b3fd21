//! From what was asked for to what a provider is made of: code, file and environment, each where it holds.

use super::Builder;
use crate::by_epoch::Count;
use crate::clock::{Clock, ClockKind};
use crate::config::Layer;
use crate::detect::{self, HostDetector, ProcessDetector, ResourceDetector};
use crate::export::MemoryExporter;
use crate::features::FEATURES;
use crate::learning::Learning;
use crate::log::{self, Level};
use crate::processor::SpanProcessor;
use crate::processors::{
    self, Enriching, ErrorCounter, OverheadWatch, Redactor, TraceBounds, TraceCorrelator, filter_of_options,
};
use crate::provider::{BuiltIn, Config, Described, ExporterSpec, Parts, Scopes, specs};
use crate::sampling::{Host, TailSampling};
use spanline_core::Resource;
use spanline_core::propagate::{CompositePropagator, by_name};
use spanline_core::sample::{AlwaysOff, Sampler};
use spanline_engine::options::{ClockSource, Effective, Layers, LogLevel, Notice, Source, misspelt, resolve};
use spanline_engine::{Cutting, Error};
use std::sync::Arc;
use std::time::Duration;

/// So many mistakes of one variable are told one by one.
const MISTAKES: usize = 8;

impl Builder {
    /// What a provider would be made of.
    pub(crate) fn parts(self) -> Result<Parts, Error> {
        let mut notices = Vec::new();
        let with_environment = !self.without_environment;
        let env = |name: &str| std::env::var(name).ok().filter(|_| with_environment);
        let layers = Layers {
            code: &self.options,
            file: None,
            env: &env,
            features: FEATURES,
        };
        let mut file = Layer::find(self.model, &self.registry, &layers)?;
        let layers = Layers {
            file: file.options.as_ref(),
            ..layers
        };
        let mut effective = resolve(&layers, &mut notices)?;
        log::set_level(level(effective.log_level));
        tell(&notices);
        if with_environment && layers.file.is_none() {
            tell_misspelt();
        }
        file.tell();
        let only_own = !self.exporters.is_empty() && self.options.exporter.is_none();
        let memory = MemoryExporter::new();
        let mut exporters = match specs(&effective, &memory) {
            _ if only_own || file.is_broken => Vec::new(),
            specs => said_by(&mut file, &effective, specs)?,
        };
        let resource = self.resource.unwrap_or_else(|| {
            let (detectors, schema_url) = (file.made.detectors.take(), file.made.schema_url.take());
            describe(&effective, detectors, schema_url, &self.detectors)
        });
        let host = Host {
            service_name: &service_name(&resource),
            registry: &self.registry,
            is_idle: effective.disabled || file.is_broken,
        };
        let sampler = match self.sampler {
            Some(own) => own,
            None => configured_sampler(&mut file, &mut effective, self.options.sampler.is_some(), &host)?,
        };
        let in_code = self.tail.is_some();
        let tail = match TailSampling::of(self.tail, &effective, &host) {
            tail if in_code => tail?,
            tail => said_by(&mut file, &effective, tail)?,
        };
        let redaction = said_by(&mut file, &effective, processors::redaction(&effective))?;
        let redactor = Redactor::new([redaction].into_iter().chain(self.redactions));
        let enriching = Enriching::new(&effective, self.rules, &service_name(&resource), &env);
        let enriching = said_by(&mut file, &effective, enriching)?;
        let filter = filter_of_options(&effective.filter.rules);
        let filter = said_by(&mut file, &effective, filter)?;
        if file.is_broken {
            exporters.clear();
        }
        let made = file.made;
        let of_file = made
            .exporters
            .into_iter()
            .filter(|_| self.options.exporter.is_none() && !only_own);
        let own = self.exporters.into_iter().filter(|_| !file.is_broken);
        exporters.extend(
            of_file
                .chain(own)
                .map(|(name, exporter)| ExporterSpec::Given { name, exporter }),
        );
        effective.disabled |= file.is_broken;
        let has_memory = exporters.iter().any(|spec| spec.name() == "memory");
        let named = self.options.propagators.is_some();
        let of_file = made.propagator.filter(|_| !named);
        let propagator = self.propagator.or(of_file).unwrap_or_else(|| {
            let names = effective.propagators.iter().filter(|_| named || !file.is_broken);
            Arc::new(CompositePropagator::new(names.filter_map(|name| by_name(name))))
        });
        let mut tracers = self.tracers;
        tracers.append(made.tracers);
        let mut processors = made.processors;
        processors.extend(self.processors);
        processors.extend(enriching.map(|rules| Arc::new(rules) as Arc<dyn SpanProcessor>));
        processors.extend(filter.map(|filter| Arc::new(filter) as Arc<dyn SpanProcessor>));
        let built_in = built_in(&effective, &mut processors);
        if sampler.learns() {
            processors.push(Arc::new(Learning(sampler.clone())));
        }
        let config = Config {
            described: Described::new(resource, effective.entity_refs),
            scopes: Scopes::new(),
            tracers,
            sampler: sampler.clone(),
            propagator,
            clock: Clock::shared(match effective.clock {
                ClockSource::Auto => ClockKind::Counter,
                ClockSource::Monotonic => ClockKind::Monotonic,
            }),
            limits: effective.span_limits(),
            conventions: effective.conventions(),
            cutting: Cutting {
                delay_nanos: effective.delay_ms.saturating_mul(1_000_000),
                batch_spans: size(effective.max_batch_spans),
                backlog_spans: size(effective.backlog_batch_spans()),
                batch_bytes: size(effective.max_batch_bytes),
            },
            tail,
            exporters,
            memory: has_memory.then_some(memory),
            buffer_bytes: size(effective.buffer_bytes),
            exporter_buffer_bytes: size(effective.exporter_buffer_bytes),
            max_queue_spans: effective.max_queue_spans,
            max_open_spans: size(effective.max_open_spans),
            max_request_bytes: effective.max_request_bytes.map_or(usize::MAX, size),
            timeout: effective.timeout_ms.map(Duration::from_millis),
            max_age: Duration::from_millis(
                effective
                    .export_timeout_ms
                    .map_or(effective.max_age_ms, |stay| stay.min(effective.max_age_ms)),
            ),
            flush_timeout: Duration::from_millis(effective.flush_timeout_ms),
            exit_timeout: Duration::from_millis(effective.exit_timeout_ms),
            built_in,
            caught: Count::new(),
            notices: self.notices,
            effective,
        };
        let disabled = config.effective.disabled;
        Ok(Parts {
            config,
            sampler,
            id_generator: self.id_generator.or(made.id_generator),
            processors,
            redactor,
            disabled,
        })
    }
}

/// What was made of options. What is wrong with it in a file that the environment names makes no call fail: there is nothing
/// then, and nothing is recorded. All else that is wrong is an error, of a file at its place there.
fn said_by<T: Default>(file: &mut Layer, effective: &Effective, made: Result<T, Error>) -> Result<T, Error> {
    made.or_else(|error| {
        let excused = file.excuses(&error, effective);
        let error = file.locate(error, effective);
        if !excused {
            return Err(error);
        }
        file.breaks(&error);
        Ok(T::default())
    })
}

/// The processors that options ask for and that know something.
fn built_in(effective: &Effective, processors: &mut Vec<Arc<dyn SpanProcessor>>) -> BuiltIn {
    let errors = &effective.errors;
    let errors = errors
        .enabled
        .then(|| Arc::new(ErrorCounter::new(size(errors.room))));
    if let Some(errors) = &errors {
        processors.push(errors.clone());
    }
    let traces = &effective.correlator;
    let bounds = TraceBounds {
        traces: size(traces.max_traces),
        spans_per_trace: size(traces.max_spans_per_trace),
        bytes: size(traces.max_bytes),
        age_nanos: traces.max_age_ms.saturating_mul(1_000_000),
    };
    let traces = traces.enabled.then(|| Arc::new(TraceCorrelator::new(bounds)));
    if let Some(traces) = &traces {
        processors.push(traces.clone());
    }
    let overhead = &effective.overhead;
    BuiltIn {
        errors,
        traces,
        overhead: overhead
            .enabled
            .then(|| OverheadWatch::new(overhead.threshold_percent)),
    }
}

/// Empty when it has none.
fn service_name(resource: &Resource) -> String {
    let name = resource.get("service.name").and_then(|name| name.as_str());
    name.unwrap_or_default().to_owned()
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The sampler of code, file or environment. What is wrong with it in the environment is no error: until there is a server
/// that can be asked, its initial sampler holds.
fn configured_sampler(
    file: &mut Layer,
    effective: &mut Effective,
    in_code: bool,
    host: &Host<'_>,
) -> Result<Arc<dyn Sampler>, Error> {
    let of_file = if in_code { Ok(None) } else { file.sampler(host) };
    match of_file {
        Ok(None) => {}
        Ok(Some(sampler)) => {
            if let Some(plan) = &file.made.sampler {
                effective.set_sampler_of_file(plan.clone());
            }
            return Ok(sampler);
        }
        Err(error) if file.of_environment => {
            file.breaks(&error);
            return Ok(Arc::new(AlwaysOff));
        }
        Err(error) => return Err(error),
    }
    match (effective.sampler.build(host), effective.source("sampler")) {
        (Err(error), Some(Source::Environment(variable))) => {
            let line = format_args!("{variable}: {error}; no server is asked");
            log::report(Level::Error, "sampler", line);
            effective.sampler.without_remote().build(host)
        }
        (made, _) => made,
    }
}

/// The default resource, what the detectors find, and what is configured; a configuration file may name the detectors.
fn describe(
    effective: &Effective,
    of_file: Option<Vec<Arc<dyn ResourceDetector>>>,
    schema_url: Option<String>,
    own: &[Arc<dyn ResourceDetector>],
) -> Resource {
    let mut detectors = of_file.unwrap_or_else(|| {
        vec![
            Arc::new(ProcessDetector::new()) as Arc<dyn ResourceDetector>,
            Arc::new(HostDetector::new()),
        ]
    });
    detectors.extend_from_slice(own);
    let found = detect::default_resource()
        .merge(&detect::detect_all(detectors.iter().map(|detector| &**detector)))
        .merge(&effective.resource);
    match schema_url {
        Some(url) => Resource::new(found.attributes().iter().cloned(), Some(url.into()))
            .with_entity_refs(found.entity_refs().iter().cloned()),
        None => found,
    }
}

fn level(level: LogLevel) -> Level {
    Level::from_name(level.name()).unwrap_or(Level::Info)
}

/// One line for each variable or option, as one is let through a minute: with all that is wrong, or the first of it.
fn tell(notices: &[Notice]) {
    let about = |notice: &Notice| (notice.variable.unwrap_or(notice.option), notice.level);
    for (at, first) in notices.iter().enumerate() {
        let is_same = |notice: &&Notice| about(notice) == about(first);
        if notices[..at].iter().any(|notice| is_same(&notice)) {
            continue;
        }
        let mut line = first.to_string();
        let mut further = notices[at + 1..].iter().filter(is_same);
        for notice in further.by_ref().take(MISTAKES - 1) {
            line += "; ";
            line += &notice.text;
        }
        match further.count() {
            0 => {}
            left => line += &format!("; and {left} more"),
        }
        let (kind, severity) = about(first);
        log::report_case(
            level(severity),
            kind,
            level(severity).name(),
            format_args!("{line}"),
        );
    }
}

/// Names the variables that nobody reads and that are nearly called like one that is read.
fn tell_misspelt() {
    let set = std::env::vars_os().filter(|(_, value)| !value.is_empty());
    let mut names: Vec<String> = set.filter_map(|(name, _)| name.into_string().ok()).collect();
    names.sort_unstable();
    for name in names {
        if let Some(meant) = misspelt(&name) {
            let line = format_args!("{name} is not known; did you mean {meant}?");
            log::report_case(Level::Warn, "environment_name", &name, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spanline_engine::options::Options;

    fn told(variables: &[(&str, &str)]) -> Vec<String> {
        let env = |name: &str| {
            let mut found = variables.iter().filter(|(known, _)| *known == name);
            found.next().map(|(_, value)| (*value).to_owned())
        };
        let code = Options::default();
        let layers = Layers {
            code: &code,
            file: None,
            env: &env,
            features: FEATURES,
        };
        let mut notices = Vec::new();
        resolve(&layers, &mut notices).unwrap();
        let ((), lines) = log::capture(|| tell(&notices));
        lines.into_iter().map(|(_, line)| line).collect()
    }

    #[test]
    fn all_mistakes_of_a_variable_are_told_in_one_line() {
        let lines = told(&[
            ("OTEL_PROPAGATORS", "xray,ottrace"),
            ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
            (
                "OTEL_TRACES_SAMPLER_ARG",
                "0.5,what=1,endpoint=h,pollingIntervalMs=0",
            ),
        ]);
        assert_eq!(lines.len(), 2, "{lines:?}");
        for (begin, parts) in [
            ("OTEL_PROPAGATORS: ", &["xray", "ottrace"][..]),
            (
                "OTEL_TRACES_SAMPLER_ARG: ",
                &["0.5", "what", "endpoint: ", "pollingIntervalMs: "],
            ),
        ] {
            let line = lines.iter().find(|line| line.starts_with(begin)).unwrap();
            for part in parts {
                assert!(line.contains(part), "{part} in {line}");
            }
        }
    }

    #[test]
    fn mistakes_without_number_make_no_line_without_end() {
        let names: Vec<String> = (0..1000).map(|n| format!("format-{n}")).collect();
        let lines = told(&[("OTEL_PROPAGATORS", &names.join(","))]);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].ends_with("; and 992 more"), "{lines:?}");
        assert!(lines[0].len() < 1000, "{}", lines[0].len());
    }
}
