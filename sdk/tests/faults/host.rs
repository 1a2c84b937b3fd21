//! The host program as the tests drive it.

use crate::child::{MARK, OPTIONS};
use spanline_test_vectors::serde_json::{Value, from_str, json};
use spanline_test_vectors::server::SpanKey;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Nothing here takes this long unless it hangs.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// How a host is set up.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    variables: Vec<(String, String)>,
    options: Value,
}

impl Setup {
    /// Sends to this URL, and by itself only when a batch is full.
    pub(crate) fn to(url: &str) -> Self {
        Self {
            variables: Vec::new(),
            options: json!({}),
        }
        .variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", url)
        .variable("OTEL_BSP_SCHEDULE_DELAY", "3600000")
        .variable("OTEL_SERVICE_NAME", "faults")
    }

    /// With this variable in its environment, which has no others of ours. A later one replaces an earlier one.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With an option that no variable sets.
    pub(crate) fn option(mut self, name: &str, value: u64) -> Self {
        self.options[name] = json!(value);
        self
    }

    /// With an OTLP exporter to each of these URLs.
    pub(crate) fn exporters(mut self, urls: &[String]) -> Self {
        self.options["exporters"] = json!(urls);
        self
    }

    pub(crate) fn start(&self) -> Host {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child::child", "--nocapture", "--test-threads=1"]);
        let ours = |name: &str| name.starts_with("OTEL_") || name.to_ascii_lowercase().ends_with("_proxy");
        for (name, _) in std::env::vars().filter(|(name, _)| ours(name)) {
            command.env_remove(name);
        }
        let variables = self.variables.iter().map(|(name, value)| (name, value));
        command.envs(variables).env(OPTIONS, self.options.to_string());
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.stderr(Stdio::piped()).spawn().unwrap();
        let (orders, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (say, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some((_, line)) = line.split_once(MARK) {
                    let _ = say.send(from_str::<Value>(line).unwrap());
                }
            }
        });
        let mut stderr = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let mut host = Host {
            child,
            orders,
            answers,
            log: Some(log),
            at_start: 0,
        };
        host.at_start = host.answer()["memory"].as_u64().unwrap();
        host
    }
}

/// A running host program.
#[derive(Debug)]
pub(crate) struct Host {
    child: Child,
    orders: ChildStdin,
    answers: Receiver<Value>,
    log: Option<JoinHandle<String>>,
    /// Its resident memory, KiB, before it made a span.
    pub(crate) at_start: u64,
}

impl Host {
    fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}").unwrap();
    }

    #[track_caller]
    fn answer(&mut self) -> Value {
        match self.answers.recv_timeout(LIMIT) {
            Ok(answer) => answer,
            Err(error) => panic!("the host does not answer: {error}"),
        }
    }

    #[track_caller]
    fn ask(&mut self, order: &str) -> Value {
        self.order(order);
        self.answer()
    }

    /// Makes so many spans.
    #[track_caller]
    pub(crate) fn make(&mut self, spans: u64) {
        self.ask(&format!("make {spans}"));
    }

    /// Begins to make so many spans a second.
    pub(crate) fn load(&mut self, per_second: u64) {
        self.order(&format!("load {per_second}"));
    }

    /// Ends that; gives how many it were.
    #[track_caller]
    pub(crate) fn unload(&mut self) -> u64 {
        self.ask("unload").as_u64().unwrap()
    }

    /// The ids of all spans since the last time.
    #[track_caller]
    pub(crate) fn ids(&mut self) -> Vec<SpanKey> {
        let ids = self.ask("ids");
        let digits = ids.as_str().unwrap().as_bytes();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        let key = |digits: &[u8]| {
            let bytes: Vec<u8> = digits.chunks(2).map(byte).collect();
            (bytes[..16].try_into().unwrap(), bytes[16..].try_into().unwrap())
        };
        digits.chunks(48).map(key).collect()
    }

    /// Waits until all spans have met their fate.
    #[track_caller]
    pub(crate) fn flush(&mut self) -> Told {
        let told = self.flush_within(LIMIT);
        assert!(told.complete(), "{told:?}");
        told
    }

    #[track_caller]
    pub(crate) fn flush_within(&mut self, limit: Duration) -> Told {
        Told::checked(self.ask(&format!("flush {}", limit.as_millis())))
    }

    #[track_caller]
    pub(crate) fn stats(&mut self) -> Told {
        Told(self.ask("stats"))
    }

    /// The statistics once they are as they should come to be.
    #[track_caller]
    pub(crate) fn stats_when(&mut self, are: impl Fn(&Told) -> bool) -> Told {
        let began = Instant::now();
        loop {
            let told = self.stats();
            if are(&told) {
                return told;
            }
            assert!(began.elapsed() < LIMIT, "{told:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Shuts down within this time, and ends.
    #[track_caller]
    pub(crate) fn shutdown_within(mut self, limit: Duration) -> Ended {
        let told = Told::checked(self.ask(&format!("shutdown {}", limit.as_millis())));
        self.ended(told)
    }

    /// Shuts down in all the time that there is, and ends.
    #[track_caller]
    pub(crate) fn shutdown(self) -> Ended {
        self.shutdown_within(LIMIT)
    }

    /// Ends without a shutdown: the exit hook does what is left to do. The statistics are those of before.
    #[track_caller]
    pub(crate) fn exit(mut self) -> Ended {
        let told = Told::checked(self.ask("stats"));
        self.ended(told)
    }

    #[track_caller]
    fn ended(mut self, told: Told) -> Ended {
        self.order("exit");
        assert!(self.child.wait().unwrap().success());
        let log = self.log.take().unwrap().join().unwrap();
        let lines = log.lines().filter_map(|line| line.strip_prefix("spanline "));
        Ended {
            told,
            log: lines.map(str::to_owned).collect(),
            at_start: self.at_start,
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Only a test that failed leaves it running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What was left of a host.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) told: Told,
    /// The lines that it wrote on standard error.
    pub(crate) log: Vec<String>,
    pub(crate) at_start: u64,
}

/// The statistics as the host tells them.
#[derive(Clone, Debug)]
pub(crate) struct Told(Value);

impl Told {
    /// After a flush or a shutdown the statistics balance.
    #[track_caller]
    fn checked(value: Value) -> Self {
        assert!(value["balances"] == json!(true), "{value}");
        Self(value)
    }

    pub(crate) fn complete(&self) -> bool {
        self.0["complete"] == json!(true)
    }

    #[track_caller]
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.0[name].as_u64().unwrap()
    }

    /// A number of the first exporter.
    #[track_caller]
    pub(crate) fn of(&self, name: &str) -> u64 {
        self.0["exporters"][0][name].as_u64().unwrap()
    }

    /// A number of the exporter in this place.
    #[track_caller]
    pub(crate) fn of_exporter(&self, place: usize, name: &str) -> u64 {
        self.0["exporters"][place][name].as_u64().unwrap()
    }

    /// Spans that the first exporter failed to send, by reason.
    pub(crate) fn failed(&self) -> Vec<(String, u64)> {
        let failed = self.0["exporters"][0]["failed"].as_array().into_iter().flatten();
        failed
            .map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].as_u64().unwrap()))
            .collect()
    }

    /// All of it that is not zero, in one line.
    pub(crate) fn line(&self) -> String {
        let mut parts = vec![format!("{} accepted", self.number("accepted"))];
        let dropped = self.number("dropped");
        if dropped > 0 {
            parts.push(format!("{dropped} dropped"));
        }
        let exporters = self.0["exporters"].as_array().unwrap();
        for exporter in exporters {
            if exporters.len() > 1 {
                parts.push(format!("**{}**", exporter["name"].as_str().unwrap()));
            }
            for name in ["exported", "rejected", "queue_full", "expired", "held"] {
                let number = exporter[name].as_u64().unwrap();
                if number > 0 {
                    parts.push(format!("{number} {name}"));
                }
            }
            for pair in exporter["failed"].as_array().unwrap() {
                parts.push(format!("{} failed ({})", pair[1], pair[0].as_str().unwrap()));
            }
            parts.push(format!("{} attempts", exporter["attempts"]));
        }
        parts.join(", ")
    }
}
