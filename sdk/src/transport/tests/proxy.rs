//! By way of a proxy.

use super::*;
use crate::transport::proxy::ProxyError;

fn through(url: &str, proxy: &str) -> HttpSettings {
    HttpSettings {
        proxy: Some(Proxy::parse(proxy).unwrap()),
        ..to(url)
    }
}

#[test]
fn urls_of_proxies() {
    for (url, host, port, authorization) in [
        ("http://p:3128", "p", 3128, None),
        ("p:3128", "p", 3128, None),
        ("p", "p", 80, None),
        ("http://[::1]:3128/", "::1", 3128, None),
        ("me:p%40w@p:1", "p", 1, Some("Basic bWU6cEB3")),
    ] {
        let proxy = Proxy::parse(url).unwrap();
        assert_eq!((proxy.host(), proxy.port()), (host, port), "{url}");
        assert_eq!(proxy.authorization(), authorization, "{url}");
        assert!(!format!("{proxy:?}").contains("me"), "{proxy:?}");
    }
    for (url, error) in [
        ("", ProxyError::Malformed),
        ("http://p:x", ProxyError::Malformed),
        ("socks5://p:1080", ProxyError::Scheme),
        ("https://p:3128", ProxyError::Scheme),
        ("unix:///p.sock", ProxyError::Scheme),
    ] {
        assert_eq!(Proxy::parse(url), Err(error), "{url}");
    }
}

/// The proxy plays the receiver as well: it answers what it would have passed on.
#[test]
fn an_http_request_is_made_of_the_proxy() {
    let moved = answer("307 Temporary Redirect", "Location: /b\r\n", b"");
    let ok = answer("200 OK", "", b"");
    let (proxy, requests, server) = serve(vec![ok.clone(), ok.clone(), moved, ok.clone(), ok]);
    let proxy = proxy.replace("//", "//me:pw@");
    let mut transport = HttpTransport::new(through("http://user:x@nowhere.invalid:4318/a?q", &proxy));
    let long = [("x-long".to_owned(), "y".repeat(6_000))];
    for (number, headers) in [&[][..], &long, &[]].into_iter().enumerate() {
        let sent = transport.send(&request(headers, b"body"), LONG);
        assert_eq!(response(sent).status, 200);
        let seen = requests.recv().unwrap();
        assert_eq!((seen.connection, &seen.body[..]), (1, &b"body"[..]));
        for line in [
            "post http://nowhere.invalid:4318/a?q http/1.1",
            "host: nowhere.invalid:4318",
            "proxy-authorization: basic bwu6chc=",
            "authorization: basic dxnlcjp4",
        ] {
            let found = seen.head.lines().filter(|seen| *seen == line).count();
            assert_eq!(found, 1, "{line}: {}", seen.head);
        }
        if number == 2 {
            let followed = requests.recv().unwrap().head;
            assert!(
                followed.starts_with("post http://nowhere.invalid:4318/b http/1.1\r\n"),
                "{followed}"
            );
        }
    }
    assert_eq!(response(send(&mut transport, b"")).status, 200);
    server.join().unwrap();
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut transport = HttpTransport::new(through("http://nowhere.invalid/", &free.to_string()));
    match send(&mut transport, b"x") {
        SendOutcome::Failed { kind, message } => {
            assert_eq!(kind, FailKind::ConnectRefused);
            assert!(message.starts_with("the proxy: "), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

#[cfg(all(feature = "tls", unix))]
mod tunnels {
    use super::super::tls::{Authority, offer, serve_tls, trusting};
    use super::*;
    use crate::export::folder::Folder;
    use std::net::TcpStream;

    /// A proxy that takes one connection: it reads the request for a tunnel, answers, and if that is yes carries bytes
    /// both ways until the client ends. Gives the request's head.
    fn tunnel(answer: &'static str) -> (String, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let mut client = BufReader::new(listener.accept().unwrap().0);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert_ne!(client.read_line(&mut head).unwrap(), 0);
            }
            client.get_mut().write_all(answer.as_bytes()).unwrap();
            if answer.starts_with("HTTP/1.1 200") {
                let authority = head.split(' ').nth(1).unwrap();
                let server = TcpStream::connect(authority).unwrap();
                let client = client.into_inner();
                let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let back = std::thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                });
                let _ = std::io::copy(&mut &client, &mut &server);
                let _ = server.shutdown(std::net::Shutdown::Write);
                back.join().unwrap();
            }
            head
        });
        (url, thread)
    }

    #[test]
    fn https_goes_through_a_tunnel() {
        let (authority, folder) = (Authority::new(), Folder::new());
        let ok = answer("200 OK", "", b"");
        let (url, requests, server) = serve_tls(offer(&authority.server(), None), vec![ok.clone(), ok]);
        let (proxy, asked) = tunnel("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n");
        let mut transport = HttpTransport::new(HttpSettings {
            proxy: Some(Proxy::parse(&proxy.replace("//", "//me:pw@")).unwrap()),
            ..trusting(&url, &authority, &folder)
        });
        for _ in 0..2 {
            assert_eq!(response(send(&mut transport, b"x")).status, 200);
            let seen = requests.recv().unwrap();
            assert!(seen.head.starts_with("post / "), "{}", seen.head);
            assert!(!seen.head.contains("proxy-authorization"), "not the receiver's");
        }
        drop(transport);
        server.join().unwrap();
        let head = asked.join().unwrap();
        let authority = url.strip_prefix("https://").unwrap();
        assert!(
            head.starts_with(&format!("CONNECT {authority} HTTP/1.1\r\n")),
            "{head}"
        );
        assert!(
            head.contains("\r\nProxy-Authorization: Basic bWU6cHc=\r\n"),
            "{head}"
        );
    }

    #[test]
    fn a_proxy_that_refuses_says_why() {
        let (authority, folder) = (Authority::new(), Folder::new());
        for (answer, expected, words) in [
            ("HTTP/1.1 407 No\r\n\r\n", FailKind::Proxy, "asks for credentials"),
            (
                "HTTP/1.0 403 No\r\n\r\n",
                FailKind::Proxy,
                "refuses to connect to",
            ),
            ("HTTP/1.1 502 Later\r\n\r\n", FailKind::Other, "cannot reach"),
            ("SSH-2.0\r\n\r\n", FailKind::Other, "is not HTTP"),
            ("HTTP/1.1 20", FailKind::Reset, "the proxy: "),
        ] {
            let (proxy, asked) = tunnel(answer);
            let mut transport = HttpTransport::new(HttpSettings {
                proxy: Some(Proxy::parse(&proxy).unwrap()),
                ..trusting("https://nowhere.invalid", &authority, &folder)
            });
            match send(&mut transport, b"x") {
                SendOutcome::Failed { kind, message } => {
                    assert_eq!(kind, expected, "{message}");
                    assert!(message.contains(words), "{message}");
                }
                other => panic!("{other:?}"),
            }
            assert!(asked.join().unwrap().starts_with("CONNECT nowhere.invalid:443 "));
        }
        assert!(!FailKind::Proxy.retryable());
    }
}
