//! Asking the sampling servers.

use super::steps::Steps;
use super::{ExporterCheck, TIMEOUT, Trouble, TroubleKind};
use crate::options::RemoteSettings;
use crate::provider::Config;
use crate::sampling::{NoStrategy, ask_once};
use spanline_core::sample::Sampler;

/// Begins to ask each server that the sampler asks.
pub(super) fn begin(config: &Config) -> Vec<Steps> {
    if config.effective.disabled {
        return Vec::new();
    }
    let name = config.described.resource().get("service.name");
    let service = name.and_then(|name| name.as_str()).unwrap_or_default();
    let servers = config.effective.sampler.remotes();
    servers
        .into_iter()
        .map(|settings| of(settings, service))
        .collect()
}

fn of(settings: &RemoteSettings, service: &str) -> Steps {
    let check = ExporterCheck {
        name: "sampling".to_owned(),
        target: settings.shown_endpoint(),
        steps: Vec::new(),
        trouble: None,
    };
    let (settings, service) = (settings.clone(), service.to_owned());
    Steps::begin(check, move |teller| {
        teller.trying("the question how to sample");
        let strategy = ask_once(&settings, &service, TIMEOUT).map_err(|why| trouble(&why, &service))?;
        teller.worked(format!("for {service} it says {}", strategy.description()));
        Ok(())
    })
}

fn trouble(why: &NoStrategy, service: &str) -> Trouble {
    const UNTIL: &str = "; until there is an answer the initial sampler decides";
    match why {
        NoStrategy::Failed(kind, message) => match Trouble::kind(*kind) {
            kind @ TroubleKind::Refused => {
                Trouble::new(kind, format!("nobody listens there ({message}){UNTIL}"))
            }
            kind => Trouble::new(kind, format!("{message}{UNTIL}")),
        },
        NoStrategy::Status(404) => Trouble::new(
            TroubleKind::Path,
            format!(
                "it answered 404: it knows no strategy for {service}, or is asked at a wrong path (a URL without one \
                 gets /sampling){UNTIL}"
            ),
        ),
        NoStrategy::Status(status @ (401 | 403)) => {
            Trouble::new(TroubleKind::Credentials, format!("it answered {status}{UNTIL}"))
        }
        NoStrategy::Status(status) => {
            Trouble::new(TroubleKind::Rejected, format!("it answered {status}{UNTIL}"))
        }
        NoStrategy::Nonsense(text) => Trouble::new(
            TroubleKind::Protocol,
            format!(
                "it gives no strategy: {text} (the port of Jaeger's sampling server is usually 5778){UNTIL}"
            ),
        ),
    }
}
