//! Plain HTTP where TLS is spoken.

use super::receiver::Trial;
use crate::transport::{FailKind, Route, Target};

/// Whether there is TLS where plain text was meant, whosever the certificate is.
pub(super) fn speaks_tls(trial: &Trial, route: &Route) -> bool {
    let Target::Tcp {
        host,
        port,
        secure: false,
    } = &route.target
    else {
        return false;
    };
    let target = Target::Tcp {
        host: host.clone(),
        port: *port,
        secure: true,
    };
    let tried = trial.connect(Route {
        target,
        ..route.clone()
    });
    // A certificate that is not trusted is one all the same.
    tried.map_or_else(
        |failure| failure.kind == FailKind::Tls && failure.message.contains("certificate"),
        |()| true,
    )
}
