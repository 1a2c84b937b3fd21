//! Over Unix sockets, and by names with several addresses.

use super::*;
use crate::export::folder::Folder;
use std::os::unix::net::UnixListener;

#[test]
fn a_unix_socket_is_an_endpoint() {
    let folder = Folder::new();
    let path = folder.path("agent.sock");
    let url = format!("unix://{}:/v1/traces", path.display());
    let listener = UnixListener::bind(&path).unwrap();
    let ok = answer("200 OK", "", b"");
    let closing = (ok.0.clone(), true);
    let moved = answer("307 Temporary Redirect", "Location: /there\r\n", b"");
    let answers = vec![ok.clone(), closing, moved, ok];
    let (requests, server) = serve_on(answers, move || Box::new(listener.accept().unwrap().0));
    // Neither is used on this way.
    let settings = HttpSettings {
        proxy: Some(Proxy::parse("http://u:p@127.0.0.1:1").unwrap()),
        ..to(&url)
    };
    let mut transport = HttpTransport::new(settings);
    for (connection, path) in [(1, "/v1/traces"), (1, "/v1/traces"), (2, "/v1/traces")] {
        assert_eq!(response(send(&mut transport, b"x")).status, 200);
        let seen = requests.recv().unwrap();
        assert_eq!((seen.connection, &seen.body[..]), (connection, &b"x"[..]));
        assert!(
            seen.head.starts_with(&format!("post {path} http/1.1\r\n")),
            "{}",
            seen.head
        );
        assert!(seen.head.contains("host: localhost\r\n"), "{}", seen.head);
        assert!(!seen.head.contains("proxy-"), "{}", seen.head);
    }
    let followed = requests.recv().unwrap();
    assert!(followed.head.starts_with("post /there "), "{}", followed.head);
    server.join().unwrap();
}

#[test]
fn a_unix_socket_that_nobody_owns_is_dead() {
    let folder = Folder::new();
    let url = format!("unix://{}", folder.path("gone.sock").display());
    let missing = kind(send(&mut HttpTransport::new(to(&url)), b"x"));
    assert_eq!(missing, FailKind::ConnectRefused);
    drop(UnixListener::bind(folder.path("gone.sock")).unwrap());
    let abandoned = kind(send(&mut HttpTransport::new(to(&url)), b"x"));
    assert_eq!(abandoned, FailKind::ConnectRefused);
}

#[test]
fn a_unix_socket_has_deadlines_and_is_stopped() {
    let folder = Folder::new();
    let path = folder.path("silent.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let transport = HttpTransport::new(to(&format!("unix://{}", path.display())));
    ends_at_the_deadline_and_when_stopped(transport, || Ok(listener.accept()?.0));
}

/// Where `localhost` is an address of either kind, only one of the two listens.
#[test]
fn every_address_of_a_name_is_tried() {
    let (url, _requests, server) = serve(vec![answer("200 OK", "", b"")]);
    let url = url.replace("127.0.0.1", "localhost");
    assert_eq!(
        response(send(&mut HttpTransport::new(to(&url)), b"x")).status,
        200
    );
    server.join().unwrap();
}
