//! The program itself: its flags, what it prints, how it stops.

mod common;

use common::*;
use prost::Message;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, ChildStdout, Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_spanline-collector");

struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
    otlp: SocketAddr,
    query: SocketAddr,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(flags: &[&str]) -> Running {
    let mut child = Command::new(PROGRAM)
        .args(["--otlp-http", "127.0.0.1:0", "--query", "127.0.0.1:0"])
        .args(flags)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = || {
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        line
    };
    assert_eq!(
        line(),
        format!("Spanline collector {}\n", env!("CARGO_PKG_VERSION"))
    );
    let address = |line: &str, before: &str, after: &str| {
        let port = line
            .strip_prefix(before)
            .and_then(|line| line.strip_suffix(after))
            .expect(before);
        SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()))
    };
    let otlp = address(
        &line(),
        "  receives OTLP/HTTP at http://localhost:",
        "/v1/traces\n",
    );
    let query = address(&line(), "  shows traces at       http://localhost:", "\n");
    assert_eq!(line(), "\n");
    Running {
        child,
        out,
        otlp,
        query,
    }
}

fn send(
    running: &Running,
    request: &opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest,
) {
    let body = request.encode_to_vec();
    assert_eq!(
        call(
            running.otlp,
            "POST",
            "/v1/traces",
            &[("content-type", PROTOBUF)],
            &body
        )
        .status,
        200
    );
}

#[cfg(unix)]
fn stop(mut running: Running, signal: &str) -> String {
    let id = running.child.id().to_string();
    assert!(
        Command::new("kill")
            .args([signal, &id])
            .status()
            .unwrap()
            .success()
    );
    let mut rest = String::new();
    running.out.read_to_string(&mut rest).unwrap();
    assert!(running.child.wait().unwrap().success());
    rest
}

#[test]
fn help_and_version_are_told() {
    let run = |flag: &str| {
        let output = Command::new(PROGRAM).arg(flag).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(
        run("--version"),
        format!("spanline-collector {}\n", env!("CARGO_PKG_VERSION"))
    );
    let help = run("--help");
    for flag in [
        "--otlp-http",
        "--query",
        "--memory",
        "--max-body",
        "--max-in-flight",
        "--max-connections",
        "--cors-origin",
        "--quiet",
        "--print-traces",
        "--print-spans",
        "127.0.0.1:4318",
        "127.0.0.1:16686",
        "256MiB",
        "20MiB",
    ] {
        assert!(help.contains(flag), "{flag}: {help}");
    }
}

#[test]
fn a_taken_port_is_said_with_its_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (flag, other) in [("--otlp-http", "--query"), ("--query", "--otlp-http")] {
        let output = Command::new(PROGRAM)
            .args([flag, &address, other, "127.0.0.1:0"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(
            text.starts_with(&format!("error: cannot listen on {address}: ")),
            "{text}"
        );
        assert!(
            text.contains(&format!("choose another one with {flag} ADDR")),
            "{text}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_finished_trace_is_printed_once_and_the_end_is_summed_up() {
    let mut running = start(&[]);
    send(
        &running,
        &request("orders", vec![span(0xa, 1, 0, "POST /orders", 0)]),
    );
    send(
        &running,
        &request(
            "payments",
            vec![failed(span(0xa, 2, 1, "charge \u{1b}[31m", 300), "declined")],
        ),
    );
    let mut printed = String::new();
    while !printed.ends_with("\n\n") {
        assert!(running.out.read_line(&mut printed).unwrap() > 0, "{printed}");
    }
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(
        lines[0],
        "22:13:20.000Z  POST /orders  1.8 ms, 2 spans, 2 services, 1 error  0000000000000000000000000000000a"
    );
    assert!(
        lines[1].starts_with("  orders    POST /orders    \u{2501}"),
        "{printed}"
    );
    assert!(
        lines[2].starts_with("  payments    charge \u{fffd}[31m  "),
        "{printed}"
    );
    assert!(lines[2].ends_with("   1.5 ms !"), "{printed}");
    assert!(
        !printed.contains('\u{1b}'),
        "no colours and no foreign escapes in a pipe"
    );
    // A late span joins its trace without printing it again.
    send(&running, &request("payments", vec![span(0xa, 3, 1, "late", 900)]));
    let rest = stop(running, "-TERM");
    assert_eq!(
        rest.trim(),
        "received 3 spans in 3 requests; kept 1 trace (3 spans, 0.0 MiB)"
    );
}

#[cfg(unix)]
#[test]
fn a_flood_is_summed_up() {
    let mut running = start(&["--print-traces", "2"]);
    let spans = (1..=500).map(|trace| span(trace, 1, 0, "op", 0)).collect();
    send(&running, &request("api", spans));
    let mut printed = String::new();
    while !printed.contains("not printed") {
        assert!(running.out.read_line(&mut printed).unwrap() > 0, "{printed}");
    }
    assert!(
        printed.contains("\u{2026} 498 more traces with 498 spans not printed; all are at http://"),
        "{printed}"
    );
    assert_eq!(printed.matches("22:13:20").count(), 2, "{printed}");
    let rest = stop(running, "-INT");
    assert!(
        rest.contains("received 500 spans in 1 request; kept 500 traces"),
        "{rest}"
    );
    assert!(rest.contains("finished traces not printed: 498"), "{rest}");
}

#[cfg(unix)]
#[test]
fn quiet_prints_no_traces() {
    let running = start(&["--quiet"]);
    send(&running, &request("api", vec![span(1, 1, 0, "op", 0)]));
    eventually("the trace is finished", || {
        call(running.query, "GET", "/api/status", &[], b"").json()["finished"]["traces"] == 1
    });
    let rest = stop(running, "-TERM");
    assert!(
        rest.trim()
            .starts_with("received 1 span in 1 request; kept 1 trace (1 span,"),
        "{rest}"
    );
}
