//! Errors of TLS in words that say what to do.

use super::super::{FailKind, Failure};
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

/// What an error means to an exporter. Where the peers cannot agree they cannot at the next attempt either; a
/// connection that breaks is another matter.
pub(crate) fn failure(error: &Error, host: &str) -> Failure {
    let (kind, message) = match error {
        Error::InvalidCertificate(error) => (FailKind::Tls, certificate(error, host)),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => (
            FailKind::Tls,
            "the receiver does not speak TLS there: is its endpoint http, or on another port?".to_owned(),
        ),
        Error::AlertReceived(alert) => return refused(*alert),
        Error::PeerIncompatible(_) => (
            FailKind::Tls,
            "the receiver offers no version or cipher of TLS that is safe".to_owned(),
        ),
        Error::NoCertificatesPresented | Error::InvalidMessage(_) | Error::NoApplicationProtocol => {
            (FailKind::Tls, format!("TLS failed: {error}"))
        }
        other => (FailKind::Reset, format!("TLS failed: {other}")),
    };
    Failure::new(kind, message)
}

fn certificate(error: &CertificateError, host: &str) -> String {
    const WHOSE: &str = "the receiver's certificate";
    match error {
        CertificateError::UnknownIssuer => format!(
            "{WHOSE} is not from a trusted authority (unknown issuer): name its authority's file in the option certificate"
        ),
        CertificateError::Expired => format!("{WHOSE} has expired"),
        CertificateError::ExpiredContext { time, not_after } => {
            format!("{WHOSE} expired {} ago", span(*not_after, *time))
        }
        CertificateError::NotValidYet => format!("{WHOSE} is not valid yet: is the clock right?"),
        CertificateError::NotValidYetContext { time, not_before } => format!(
            "{WHOSE} is not valid for another {}: is the clock right?",
            span(*time, *not_before)
        ),
        CertificateError::NotValidForName => format!("{WHOSE} is not for {host}"),
        CertificateError::NotValidForNameContext { presented, .. } => {
            // Names of hosts are told in a technical form.
            let plain = |name: &'_ String| {
                let inner = name.strip_prefix("DnsName(\"");
                inner
                    .and_then(|name| name.strip_suffix("\")"))
                    .unwrap_or(name)
                    .to_owned()
            };
            let names: Vec<String> = presented.iter().map(plain).take(8).collect();
            format!("{WHOSE} is not for {host} but for {}", names.join(", "))
        }
        CertificateError::Revoked => format!("{WHOSE} is revoked"),
        // That this is it, the library tells by the text of a foreign error alone.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => format!(
            "{WHOSE} is itself a certificate authority: issue a server certificate from it for the receiver, and keep the authority in the option certificate"
        ),
        CertificateError::BadSignature => format!("{WHOSE} has a bad signature"),
        other => format!("{WHOSE} is not valid: {other}"),
    }
}

/// The time between two moments, roughly.
fn span(from: UnixTime, to: UnixTime) -> String {
    let seconds = to.as_secs().saturating_sub(from.as_secs());
    match (seconds / 86_400, seconds / 3_600) {
        (0, 0) => "less than an hour".to_owned(),
        (0, hours) => format!("{hours} hours"),
        (days, _) => format!("{days} days"),
    }
}

/// The receiver ended it: about our certificate, about what we offered, or for reasons of its own.
fn refused(alert: AlertDescription) -> Failure {
    use AlertDescription as Alert;
    let message = match alert {
        Alert::CertificateRequired => {
            "the receiver asks for a client certificate: give client_certificate and client_key".to_owned()
        }
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::DecryptError
        | Alert::UnknownCA
        | Alert::AccessDenied => {
            format!(
                "the receiver refused our client certificate ({alert:?}): check client_certificate and client_key"
            )
        }
        Alert::HandshakeFailure
        | Alert::InsufficientSecurity
        | Alert::NoApplicationProtocol
        | Alert::ProtocolVersion
        | Alert::UnrecognisedName => format!("the receiver refused the TLS connection ({alert:?})"),
        other => {
            let message = format!("the receiver broke the TLS connection off ({other:?})");
            return Failure::new(FailKind::Reset, message);
        }
    };
    Failure::new(FailKind::Tls, message)
}
