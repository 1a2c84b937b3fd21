//! What is set up, and whether it works: `spanline doctor`.

mod files;
#[cfg(feature = "tls")]
mod plain;
mod receiver;
mod report;
mod sampling;
mod steps;

use crate::features::FEATURES;
use crate::log;
use crate::provider::{Config, ExporterSpec, Provider};
use crate::transport::FailKind;
use crate::{Builder, Error};
use spanline_engine::options::Setting;
use std::time::Duration;
use steps::Steps;

/// How long an exporter is tried.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What is set up and whether it works: the options that hold with the source of each, and what came of trying each
/// exporter and sampling server. `Display` gives it as text, in which secrets are masked; its alternate form (`{:#}`) has the options that
/// nobody set too.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The cargo features of this build.
    pub features: &'static [&'static str],
    /// Every option; empty when the configuration cannot be used at all.
    pub settings: Vec<Setting>,
    /// The configuration file that was read.
    pub config_file: Option<String>,
    /// What was said while the configuration was read: each line is something that is not as it was meant.
    pub notices: Vec<String>,
    /// Why spans are not recorded or go nowhere, where that was asked for and so is no trouble.
    pub idle: Option<String>,
    /// Why there is no provider.
    pub error: Option<Error>,
    /// The exporters, in their order.
    pub exporters: Vec<ExporterCheck>,
    /// The servers that are asked how to sample.
    pub sampling: Vec<ExporterCheck>,
    /// The spool, when `spool_dir` is set.
    pub spool: Option<ExporterCheck>,
}

/// What came of trying an exporter or a sampling server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExporterCheck {
    /// Under which name it is accounted.
    pub name: String,
    /// Where it sends to, without secrets.
    pub target: String,
    /// What worked, in order.
    pub steps: Vec<String>,
    /// What did not, which ended the trial.
    pub trouble: Option<Trouble>,
}

/// What is wrong with an exporter, in one line.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Trouble {
    /// The kind of trouble.
    pub kind: TroubleKind,
    /// One line that says what is wrong and, where that is known, what to do.
    pub text: String,
}

impl Trouble {
    /// What a way to a server that failed like this is called here.
    fn kind(failure: FailKind) -> TroubleKind {
        match failure {
            FailKind::Dns => TroubleKind::Dns,
            FailKind::ConnectRefused => TroubleKind::Refused,
            FailKind::Unreachable => TroubleKind::Unreachable,
            FailKind::Timeout | FailKind::Interrupted => TroubleKind::Timeout,
            FailKind::Tls => TroubleKind::Tls,
            FailKind::Proxy => TroubleKind::Proxy,
            FailKind::Reset | FailKind::BrokenOff | FailKind::BadUrl | FailKind::Other => {
                TroubleKind::Protocol
            }
        }
    }

    fn new(kind: TroubleKind, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { kind, text }
    }
}

/// The kinds of trouble.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[non_exhaustive]
pub enum TroubleKind {
    /// The name of the host cannot be resolved.
    Dns,
    /// Nobody listens there.
    Refused,
    /// There is no way to there.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// Certificates, or TLS at one end only.
    Tls,
    /// The receiver wants other credentials.
    Credentials,
    /// The receiver does not know the path.
    Path,
    /// The proxy refuses.
    Proxy,
    /// What is there does not speak this protocol.
    Protocol,
    /// The receiver refuses for another reason, or for the moment.
    Rejected,
    /// The file cannot be written.
    File,
    /// The spool's folder cannot be used.
    Spool,
}

impl TroubleKind {
    /// The name, in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
            Self::Credentials => "credentials",
            Self::Path => "path",
            Self::Proxy => "proxy",
            Self::Protocol => "protocol",
            Self::Rejected => "rejected",
            Self::File => "file",
            Self::Spool => "spool",
        }
    }
}

impl Diagnosis {
    /// Whether nothing is wrong.
    pub fn is_fine(&self) -> bool {
        self.troubles().next().is_none()
    }

    /// What is wrong, one line for each.
    pub fn troubles(&self) -> impl Iterator<Item = String> {
        let error = self.error.iter().map(|error| format!("configuration: {error}"));
        let notices = self.notices.iter().map(|line| format!("configuration: {line}"));
        let checks = self.exporters.iter().chain(&self.sampling).chain(&self.spool);
        let checks = checks.filter_map(|check| {
            let trouble = check.trouble.as_ref()?;
            let kind = trouble.kind.name();
            Some(match check.name == kind {
                true => format!("{kind}: {}", trouble.text),
                false => format!("{}: {kind}: {}", check.name, trouble.text),
            })
        });
        error.chain(notices).chain(checks)
    }

    fn of(config: &Config, has_processors: bool, said: Vec<String>) -> Self {
        let effective = &config.effective;
        let tried: Vec<Steps> = config.exporters.iter().map(begin).collect();
        let asked = sampling::begin(config);
        let bound = std::time::Instant::now() + TIMEOUT + Duration::from_secs(1);
        Self {
            features: FEATURES,
            settings: report::settings(config),
            config_file: effective.config_file.clone(),
            notices: config.notices.iter().cloned().chain(said).collect(),
            idle: idle(config, has_processors),
            error: None,
            exporters: tried.into_iter().map(|steps| steps.wait(bound)).collect(),
            sampling: asked.into_iter().map(|steps| steps.wait(bound)).collect(),
            spool: (effective.spool_dir.as_deref())
                .filter(|_| !effective.disabled && !config.exporters.is_empty())
                .map(|folder| files::spool(folder, config)),
        }
    }
}

/// Why nothing comes of spans: because of which setting.
fn idle(config: &Config, has_processors: bool) -> Option<String> {
    let effective = &config.effective;
    let from = |name: &str| {
        let setting = effective.iter().find(|setting| setting.name == name)?;
        let source = report::source(setting.source, effective.config_file.as_deref());
        Some(format!("the option {name} is {} ({source})", setting.value))
    };
    if effective.disabled {
        return Some(format!("nothing is recorded: {}", from("disabled")?));
    }
    let nowhere = |spec: &ExporterSpec| matches!(spec, ExporterSpec::Discard);
    if has_processors || !config.exporters.iter().all(nowhere) {
        return None;
    }
    Some(format!("spans go nowhere: {}", from("exporter")?))
}

/// Tries an exporter, on a thread of its own where that may take time.
fn begin(spec: &ExporterSpec) -> Steps {
    match spec {
        ExporterSpec::Receiver(spec) => receiver::begin(spec),
        ExporterSpec::File { name, target } => Steps::known(files::file(name, target)),
        ExporterSpec::Console => Steps::known(local("console", "standard output")),
        ExporterSpec::Discard => Steps::known(local("discard", "nowhere")),
        ExporterSpec::Given { name, .. } => Steps::known(local(name, "the program itself")),
    }
}

/// A check of what cannot fail.
fn local(name: &str, target: &str) -> ExporterCheck {
    ExporterCheck {
        name: name.to_owned(),
        target: target.to_owned(),
        steps: Vec::new(),
        trouble: None,
    }
}

impl Provider {
    /// The options that hold and whether the exporters work: each endpoint is resolved, connected to and sent an empty
    /// request, compressed as batches are, through the proxy if there is one. What was said of the configuration when
    /// it was read is in it too. Takes at most about six seconds, whatever the network does, and
    /// must not be called where waiting is forbidden, as in an async task.
    ///
    /// ```
    /// let provider = spanline::init().exporter("discard").build()?;
    /// let diagnosis = provider.doctor();
    /// assert!(diagnosis.exporters[0].trouble.is_none());
    /// # Ok::<(), spanline::Error>(())
    /// ```
    pub fn doctor(&self) -> Diagnosis {
        let shared = self.shared();
        Diagnosis::of(&shared.config, !shared.processors.is_empty(), Vec::new())
    }
}

impl Builder {
    /// What [`Provider::doctor`] says of the provider that would be built, and what was said while it was. What the code
    /// sets wrongly is in the result too.
    pub fn doctor(self) -> Diagnosis {
        let (built, said) = log::capture(|| self.parts());
        let notices = log::problems(said);
        match built {
            Ok(parts) => Diagnosis::of(&parts.config, !parts.processors.is_empty(), notices),
            Err(error) => Diagnosis {
                features: FEATURES,
                settings: Vec::new(),
                config_file: None,
                notices,
                idle: None,
                error: Some(error),
                exporters: Vec::new(),
                sampling: Vec::new(),
                spool: None,
            },
        }
    }
}

/// What is set up and whether it works: for the global provider, or else for one that the environment alone would make.
/// See [`Provider::doctor`].
pub fn doctor() -> Diagnosis {
    match crate::global() {
        Some(provider) => provider.doctor(),
        None => crate::init().doctor(),
    }
}
