//! Our own collector as the receiver.

use crate::host::{LIMIT, Setup as Host};
use crate::scenario::row;
use spanline_test_vectors::server::Port;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Names the program; `cargo xtask test faults` builds it.
const PROGRAM: &str = "SPANLINE_TEST_COLLECTOR";

struct Collector {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Collector {
    fn start(port: &Port) -> Self {
        let program = std::env::var_os(PROGRAM).expect("the collector, see `cargo xtask test faults`");
        let mut command = Command::new(program);
        command.args([
            "--otlp-http",
            &port.address().to_string(),
            "--query",
            "127.0.0.1:0",
            "--quiet",
        ]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("shows traces") {
            line.clear();
            assert!(
                out.read_line(&mut line).unwrap() > 0,
                "the collector does not start"
            );
        }
        Self { child, out }
    }

    /// Ends it as a service manager does and gives the number of spans that it says it received.
    fn stop(mut self) -> u64 {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        self.child.wait().unwrap();
        let (_, sum) = rest.split_once("received ").expect("a sum at the end");
        sum.split(' ').next().unwrap().replace(',', "").parse().unwrap()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // Only a test that failed leaves it running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "needs the collector: cargo xtask test faults builds it"]
fn our_own_collector_restarts_and_misses_nothing() {
    let port = Port::new().unwrap();
    let collector = Collector::start(&port);
    let setup = Host::to(&format!("http://{}/v1/traces", port.address()));
    let mut host = setup.variable("OTEL_BSP_SCHEDULE_DELAY", "100").start();
    host.load(1_000);
    host.stats_when(|told| told.of("exported") > 500);
    let before = collector.stop();
    std::thread::sleep(Duration::from_secs(15));
    let collector = Collector::start(&port);
    host.stats_when(|told| told.of("exported") > before + 10_000);
    let made = host.unload();
    let told = host.flush_within(LIMIT);
    assert!(told.complete() && told.of("exported") == made, "{told:?}");
    let ended = host.shutdown();
    let after = collector.stop();
    // An answer that was lost when it stopped would have its batch arrive twice; nothing is missing.
    assert!(
        before + after >= made,
        "{before} and {after} of {made}: {ended:?}"
    );
    let name = "our own collector restarts, away for 15 s, at 1,000 spans/s";
    let happened = format!("made {made}; received {before} before and {after} after");
    row("g04", name, &happened, &ended);
}
