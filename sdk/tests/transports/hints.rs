//! What the log says of connections that end without a word: what that usually comes from.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Takes connections and breaks each off once something came.
fn breaking() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1]);
        }
    });
    port
}

#[test]
fn a_connection_that_ends_without_a_word_has_a_hint() {
    spanline::set_error_handler(Some(Arc::new(|problem| {
        SAID.lock().unwrap().push(problem.message.to_owned());
    })));
    let mut ways = vec![(
        "http/protobuf",
        "is TLS (https) spoken there, or gRPC (usually at port 4317)?",
    )];
    if cfg!(feature = "grpc") {
        ways.push((
            "grpc",
            "is TLS (https) spoken there, or HTTP (usually at port 4318)?",
        ));
    }
    for (protocol, hint) in ways {
        let provider = spanline::init()
            .without_environment()
            .exporter("otlp")
            .protocol(protocol)
            .endpoint(format!("http://127.0.0.1:{}/v1/traces", breaking()))
            .delay_ms(0)
            .exit_timeout_ms(0)
            .build()
            .unwrap();
        provider.tracer("t").span("s").start().end();
        let began = Instant::now();
        while !SAID.lock().unwrap().iter().any(|line| line.contains(hint)) {
            let said = SAID.lock().unwrap().join("\n");
            assert!(began.elapsed() < Duration::from_secs(60), "{protocol}: {said}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
