//! Helpers of the tests that look at the engine from outside: a scripted receiver, and children that are this same test
//! program run again.
#![allow(dead_code, unused_imports, reason = "each test program uses a part")]

mod forked;

pub(crate) use forked::{forked, wait};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Nothing here takes this long unless it hangs.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// In brackets, as this build says it: what is to be looked at, and what would have kept spans that were lost at the end.
pub(crate) fn advice(options: &str) -> String {
    let kept = match (cfg!(target_os = "linux"), cfg!(feature = "spool")) {
        (true, true) => "spool_dir would have kept them",
        (true, false) => "spool_dir would have kept them; it needs the cargo feature spool",
        (false, _) => "",
    };
    match (options, kept) {
        ("", "") => String::new(),
        ("", one) | (one, "") => format!(" ({one})"),
        (options, kept) => format!(" ({options}; {kept})"),
    }
}

/// What the receiver does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Status line, headers with their line ends, body.
    Answer(&'static str, String, Vec<u8>),
    /// Nothing; the connection stays open.
    Silence,
    /// An answer that breaks off in the middle.
    Torn,
    /// The answer 200, this much later.
    Late(Duration),
}

impl Reply {
    pub(crate) fn ok() -> Self {
        Self::status("200 OK")
    }

    pub(crate) fn status(status: &'static str) -> Self {
        Self::Answer(status, String::new(), Vec::new())
    }
}

/// One request, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) head: String,
    /// Decompressed when it came compressed.
    pub(crate) body: Vec<u8>,
    pub(crate) gzip: bool,
    delivered: bool,
}

#[derive(Debug, Default)]
struct State {
    requests: Vec<Request>,
    script: Vec<Reply>,
}

/// A receiver on the loopback: follows its script, then answers 200.
#[derive(Clone, Debug)]
pub(crate) struct Receiver {
    state: Arc<(Mutex<State>, Condvar)>,
    address: SocketAddr,
}

impl Receiver {
    pub(crate) fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        Self::listen(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), script)
    }

    pub(crate) fn listen(listener: TcpListener, script: impl IntoIterator<Item = Reply>) -> Self {
        let address = listener.local_addr().unwrap();
        let state = State {
            requests: Vec::new(),
            script: script.into_iter().collect(),
        };
        let receiver = Self {
            state: Arc::new((Mutex::new(state), Condvar::new())),
            address,
        };
        let serving = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(stream));
            }
        });
        receiver
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1/traces", self.address)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream);
        while let Some(mut request) = read(&mut reader) {
            let reply = {
                let mut state = self.lock();
                let reply = match state.script.is_empty() {
                    true => Reply::ok(),
                    false => state.script.remove(0),
                };
                request.delivered = matches!(&reply, Reply::Answer(status, ..) if status.starts_with("200"));
                state.requests.push(request);
                self.state.1.notify_all();
                reply
            };
            let stream = reader.get_mut();
            match reply {
                Reply::Answer(status, headers, body) => {
                    let head = format!(
                        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n",
                        body.len()
                    );
                    if stream.write_all(&[head.as_bytes(), &body].concat()).is_err() {
                        return;
                    }
                }
                Reply::Silence => {
                    let _ = stream.read(&mut [0; 1]);
                    return;
                }
                Reply::Torn => {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Le");
                    return;
                }
                Reply::Late(pause) => {
                    std::thread::sleep(pause);
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                }
            }
        }
    }

    /// All requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    /// Waits for so many requests.
    #[track_caller]
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Request> {
        let waited = self
            .state
            .1
            .wait_timeout_while(self.lock(), LIMIT, |state| state.requests.len() < count);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(state.requests.len() >= count, "{} requests", state.requests.len());
        state.requests.clone()
    }

    /// The spans of the requests that were answered with 200.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let requests = self.requests();
        requests
            .iter()
            .filter(|request| request.delivered)
            .flat_map(|request| spans_of(&request.body))
            .collect()
    }

    /// How often each name came.
    pub(crate) fn names(&self) -> HashMap<String, usize> {
        let mut names = HashMap::new();
        for span in self.spans() {
            *names.entry(span.name).or_default() += 1;
        }
        names
    }
}

pub(crate) fn spans_of(body: &[u8]) -> Vec<Span> {
    let request = ExportTraceServiceRequest::decode(body).expect("a request");
    let scopes = request
        .resource_spans
        .into_iter()
        .flat_map(|group| group.scope_spans);
    scopes.flat_map(|scope| scope.spans).collect()
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok())?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let gzip = head.contains("content-encoding: gzip");
    if gzip {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&body[..])
            .read_to_end(&mut plain)
            .expect("gzip");
        body = plain;
    }
    Some(Request {
        head,
        body,
        gzip,
        delivered: false,
    })
}

/// A port where nobody listens.
pub(crate) fn dead_url() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    format!("http://{}/v1/traces", listener.local_addr().unwrap())
}

const SCENARIO: &str = "SPANLINE_TEST_SCENARIO";
const ENDPOINT: &str = "SPANLINE_TEST_ENDPOINT";

/// In a child: what it is to play, and where it sends.
pub(crate) fn scenario() -> Option<(String, String)> {
    Some((std::env::var(SCENARIO).ok()?, std::env::var(ENDPOINT).ok()?))
}

/// How a child ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) output: String,
    /// What it said on its standard error, where the log goes.
    pub(crate) errors: String,
    pub(crate) took: Duration,
}

/// Runs this test program again to play a scenario: its test `child` does. Ends it when it hangs.
#[track_caller]
pub(crate) fn play(scenario: &str, endpoint: &str) -> Ended {
    play_as(Command::new(std::env::current_exe().unwrap()), scenario, endpoint)
}

/// As [`play`], with a command that runs this program with the arguments that it gets.
#[track_caller]
pub(crate) fn play_as(mut command: Command, scenario: &str, endpoint: &str) -> Ended {
    let began = Instant::now();
    let mut child = command
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(SCENARIO, scenario)
        .env(ENDPOINT, endpoint)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = all_of(child.stdout.take().unwrap());
    let errors = all_of(child.stderr.take().unwrap());
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > LIMIT {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{scenario} hangs");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let took = began.elapsed();
    let errors = errors.join().unwrap();
    eprint!("{errors}");
    Ended {
        status,
        output: output.join().unwrap(),
        errors,
        took,
    }
}

/// Reads to the end, while the child runs.
fn all_of(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Times that our threads gave up the processor or were made to.
pub(crate) fn switches() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
        if status.starts_with("Name:\tspanline") {
            let lines = status.lines().filter(|line| line.contains("ctxt_switches"));
            found.push((task.file_name().to_string_lossy().into_owned(), lines.collect()));
        }
    }
    found.sort();
    found
}
