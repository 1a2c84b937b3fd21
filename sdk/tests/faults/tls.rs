//! TLS that cannot be agreed on, and TLS that merely breaks.

use crate::host::{LIMIT, Setup as Host};
use crate::scenario::{SPANS, arrived, row, side_by_side};
use spanline_test_vectors::server::{
    Authority, Folder, Identity, Script, Server, Setup, Step, server_config,
};
use std::time::Duration;

const HERE: &[&str] = &["localhost"];

/// A receiver that speaks TLS, a folder for the files of the host, and the authority that it trusts.
struct Secured {
    authority: Authority,
    folder: Folder,
}

impl Secured {
    fn new() -> Self {
        Self {
            authority: Authority::new("the authority"),
            folder: Folder::new(),
        }
    }

    fn server(&self, identity: &Identity, clients: Option<&Authority>, script: Script) -> Server {
        Server::with(Setup {
            script,
            tls: Some(server_config(identity, clients, &[])),
            receive_buffer: None,
        })
    }

    /// Trusts the authority alone.
    fn host(&self, server: &Server) -> Host {
        let url = format!("https://localhost:{}/v1/traces", server.address().port());
        let trusted = self.folder.write("authority.pem", &self.authority.certificate());
        Host::to(&url)
            .variable("OTEL_BSP_SCHEDULE_DELAY", "50")
            .variable("OTEL_EXPORTER_OTLP_CERTIFICATE", &trusted)
    }

    fn showing(&self, host: Host, identity: &Identity) -> Host {
        let certificate = self.folder.write("client.pem", &identity.certificate);
        let key = self.folder.write("client.key", &identity.key);
        host.variable("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", &certificate)
            .variable("OTEL_EXPORTER_OTLP_CLIENT_KEY", &key)
    }
}

/// Nothing arrives, the spans are counted as failed by TLS after one attempt, and a line says what is wrong.
#[track_caller]
fn is_refused(id: &str, name: &str, host: &Host, server: &Server, said: &str) {
    let mut host = host.start();
    host.make(SPANS);
    let told = host.flush();
    let counted = [("tls".to_owned(), SPANS)];
    assert_eq!(
        (told.failed(), told.of("attempts")),
        (counted.into(), 1),
        "{name}"
    );
    let ended = host.shutdown();
    assert_eq!(
        (server.handled().len(), server.ledger().accepted()),
        (0, 0),
        "{name}"
    );
    let heard = ended.log.iter().any(|line| line.contains(said));
    assert!(heard, "{name}: {:?}", ended.log);
    row(
        id,
        name,
        "not tried again, counted by reason; nothing was sent",
        &ended,
    );
}

#[track_caller]
fn is_delivered(id: &str, name: &str, host: &Host, server: &Server, attempts: u64) {
    let mut host = host.start();
    host.make(SPANS);
    let ids = host.ids();
    assert!(server.ledger().wait_for(ids.len(), LIMIT), "{name}");
    let ended = host.shutdown();
    arrived(server, &ids);
    assert_eq!(
        (ended.told.of("exported"), ended.told.of("attempts")),
        (SPANS, attempts),
        "{name}: {ended:?}"
    );
    let happened = match attempts {
        1 => "delivered".to_owned(),
        _ => format!("sent again until taken, in {attempts} attempts; nothing lost"),
    };
    row(id, name, &happened, &ended);
}

#[test]
fn certificates_that_are_not_good_are_refused_and_named() {
    let refused = |id: &str, name: &str, of: &dyn Fn(&Secured) -> Identity, said: &str| {
        let secured = Secured::new();
        let server = secured.server(&of(&secured), None, Script::accept());
        is_refused(id, name, &secured.host(&server), &server, said);
    };
    side_by_side(&[
        &|| {
            let name = "the certificate has expired";
            refused("h01", name, &|it| it.authority.sign_expired(HERE), "expired");
        },
        &|| {
            let name = "the certificate is for another name";
            let other = |it: &Secured| it.authority.sign(&["elsewhere.example"]);
            refused(
                "h02",
                name,
                &other,
                "is not for localhost but for elsewhere.example",
            );
        },
        &|| {
            let name = "the certificate is of an unknown authority";
            let unknown = |_: &Secured| Authority::new("somebody else").sign(HERE);
            refused("h03", name, &unknown, "unknown issuer");
        },
    ]);
}

#[test]
fn a_receiver_without_tls_is_named() {
    let secured = Secured::new();
    let server = Server::start(Script::accept());
    let name = "https to a receiver that speaks plain HTTP";
    is_refused("h04", name, &secured.host(&server), &server, "does not speak TLS");
}

#[test]
fn a_client_certificate_is_shown_when_it_is_asked_for() {
    let asking = |secured: &Secured| {
        let identity = secured.authority.sign(HERE);
        secured.server(&identity, Some(&secured.authority), Script::accept())
    };
    side_by_side(&[
        &|| {
            let secured = Secured::new();
            let server = asking(&secured);
            let name = "a client certificate is demanded, there is none";
            is_refused("h05", name, &secured.host(&server), &server, "client_certificate");
        },
        &|| {
            let secured = Secured::new();
            let server = asking(&secured);
            let wrong = Authority::new("somebody else").sign(&["client"]);
            let host = secured.showing(secured.host(&server), &wrong);
            let name = "the client certificate is of an unknown authority";
            is_refused("h06", name, &host, &server, "client_certificate");
        },
        &|| {
            let secured = Secured::new();
            let server = asking(&secured);
            let right = secured.authority.sign(&["client"]);
            let host = secured.showing(secured.host(&server), &right);
            is_delivered("h07", "the client certificate is right", &host, &server, 1);
        },
    ]);
}

#[test]
fn a_protected_connection_that_breaks_is_made_again() {
    let with = |steps: Vec<Step>| {
        let secured = Secured::new();
        let identity = secured.authority.sign(HERE);
        let server = secured.server(&identity, None, Script::once(steps));
        (secured, server)
    };
    side_by_side(&[
        &|| {
            let (secured, server) = with(vec![Step::Close]);
            let name = "closed in the handshake";
            is_delivered("h08", name, &secured.host(&server), &server, 2);
        },
        &|| {
            let (secured, server) = with(vec![Step::Mute]);
            let host = secured.host(&server);
            let host = host.variable("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "1000");
            let name = "the handshake is never answered (time-out 1 s)";
            is_delivered("h09", name, &host, &server, 2);
        },
        &|| {
            let (secured, server) = with(vec![Step::Reset(100)]);
            let name = "reset after 100 bytes of the body, under TLS";
            is_delivered("h10", name, &secured.host(&server), &server, 2);
        },
        &|| {
            let secured = Secured::new();
            let identity = secured.authority.sign(HERE);
            let server = secured.server(&identity, None, Script::accept());
            server.go_away();
            let mut host = secured.host(&server).start();
            host.make(SPANS);
            let ids = host.ids();
            host.flush_within(Duration::from_millis(200));
            server.come_back();
            let ended = host.shutdown();
            arrived(&server, &ids);
            row(
                "h11",
                "nobody listens yet, under TLS",
                "held until somebody does",
                &ended,
            );
        },
    ]);
}
