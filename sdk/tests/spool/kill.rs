//! Processes that are killed under load, again and again: every span whose end had returned arrives at every exporter.

use crate::child::{Note, run_child};
use crate::support::{Folder, until};
use spanline_core::wire::otlp::{RequestView, ResourceView, decode_request_protobuf};
use std::collections::HashMap;
use std::collections::hash_map::{DefaultHasher, Entry};
use std::fmt::Write as _;
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A few, as one of the ordinary tests.
#[test]
fn nothing_is_missing_after_some_kills() {
    let report = kill(10, 7);
    println!("{}", report.text());
}

/// As many as are asked for; `cargo xtask test kill` asks, and keeps the report.
#[test]
#[ignore = "takes minutes: cargo xtask test kill"]
fn nothing_is_missing_after_many_kills() {
    let seed = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(1, |since| since.as_nanos() as u64);
    let report = kill(200, seed).text();
    println!("{report}");
    if let Some(path) = std::env::var_os("SPANLINE_KILL_REPORT") {
        std::fs::write(path, report).unwrap();
    }
}

/// What it came to.
#[derive(Debug, Default)]
struct Report {
    kills: usize,
    ended: usize,
    exporters: Vec<Seen>,
    took: Duration,
    /// Files in the folder at a kill.
    most_left: usize,
}

#[derive(Debug, Default)]
struct Seen {
    name: &'static str,
    spans: usize,
    bytes: usize,
    repeated: usize,
    /// Kills after which something was sent again.
    kills_with_repeats: usize,
    most_repeated: usize,
    /// Spans of the largest batch.
    largest: usize,
}

impl Report {
    fn text(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "- kills: {}, in {:.0} s",
            self.kills,
            self.took.as_secs_f64()
        );
        let _ = writeln!(
            text,
            "- spans whose end had returned: {}; missing at either exporter: 0",
            self.ended
        );
        let _ = writeln!(
            text,
            "- files in the folder at a kill, the process's own among them: at most {}",
            self.most_left
        );
        for seen in &self.exporters {
            let _ = writeln!(
                text,
                "- {}: {} different spans arrived in {} bytes; {} of them came again, after {} of the kills, at most {} \
                 after one; the largest batch had {}",
                seen.name,
                seen.spans,
                seen.bytes,
                seen.repeated,
                seen.kills_with_repeats,
                seen.most_repeated,
                seen.largest
            );
        }
        text
    }
}

/// A request as it came: the run of the child that sent it.
#[derive(Debug)]
struct Request {
    run: u32,
    body: Vec<u8>,
}

type Requests = Arc<Mutex<Vec<Request>>>;

/// Kills and restarts a child so often, then lets one finish, and compares.
fn kill(kills: usize, seed: u64) -> Report {
    let began = Instant::now();
    let folder = Folder::new();
    let (http, by_http) = listen(serve_http);
    let (plain, by_frames) = listen(serve_frames);
    let mut random = Random(seed | 1);
    let mut notes = Vec::new();
    let mut most_left = 0;
    for run in 0..kills {
        let path = folder.path().join(format!("notes-{run}"));
        let mut child = run_child(&folder.text(), &path, run as u32, http, plain, false);
        // Mostly under load; now and then while it starts and takes over what was left.
        let longest = if random.below(8) == 0 { 30_000 } else { 250_000 };
        let pause = random.below(longest);
        if random.below(4) != 0 {
            until("the child records", || {
                path.metadata().is_ok_and(|notes| notes.len() > 0)
            });
        }
        std::thread::sleep(Duration::from_micros(pause));
        // Beyond 16 a process makes no file of its own; on a busy machine the kills come faster than what is left is sent.
        until("what was left is sent", || folder.files().len() < 12);
        most_left = most_left.max(folder.files().len());
        child.kill().unwrap();
        child.wait().unwrap();
        notes.push(read_notes(&path));
    }
    let path = folder.path().join("notes-last");
    let last = run_child(&folder.text(), &path, kills as u32, http, plain, true);
    let output = last.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    notes.push(read_notes(&path));
    assert_eq!(folder.files().len(), 0, "every file was sent and deleted");
    let exporters = [("OTLP over HTTP", by_http), ("exporter of its own", by_frames)];
    Report {
        kills,
        ended: notes.iter().map(Vec::len).sum(),
        exporters: exporters
            .map(|(name, requests)| compare(name, &notes, &requests.lock().unwrap()))
            .into(),
        took: began.elapsed(),
        most_left,
    }
}

fn read_notes(path: &std::path::Path) -> Vec<Note> {
    let mut bytes = Vec::new();
    if let Ok(mut file) = File::open(path) {
        file.read_to_end(&mut bytes).unwrap();
    }
    bytes.as_chunks().0.to_vec()
}

/// What is known of a span that arrived.
struct Known {
    hash: u64,
    /// The run that recorded it, by its resource.
    origin: String,
    /// The request that it came in last.
    request: usize,
}

fn compare(name: &'static str, notes: &[Vec<Note>], requests: &[Request]) -> Seen {
    let mut last_of_run = HashMap::new();
    for (number, request) in requests.iter().enumerate() {
        last_of_run.insert(request.run, number);
    }
    let mut known: HashMap<Note, Known> = HashMap::new();
    let mut seen = Seen {
        name,
        ..Seen::default()
    };
    let mut repeats: HashMap<u32, usize> = HashMap::new();
    for (number, request) in requests.iter().enumerate() {
        seen.bytes += request.body.len();
        decode_request_protobuf(&request.body).unwrap();
        let mut spans = 0;
        for group in RequestView::ours(&request.body).resource_spans() {
            let resource = group.resource();
            let origin = ResourceView::ours(&resource).attribute("run");
            let origin = origin.and_then(|run| run.as_str()).expect("a run").to_owned();
            for scope in group.scope_spans() {
                assert_eq!(
                    spanline_core::wire::otlp::ScopeView::ours(&scope.scope()).name(),
                    "kill test"
                );
                for span in scope.spans() {
                    let span = span.expect("a whole span");
                    spans += 1;
                    let mut note = [0; 24];
                    note[..16].copy_from_slice(&span.trace_id().to_bytes());
                    note[16..].copy_from_slice(&span.span_id().to_bytes());
                    let mut hasher = DefaultHasher::new();
                    span.as_bytes().hash(&mut hasher);
                    let hash = hasher.finish();
                    match known.entry(note) {
                        Entry::Vacant(place) => {
                            place.insert(Known {
                                hash,
                                origin: origin.clone(),
                                request: number,
                            });
                        }
                        Entry::Occupied(mut place) => {
                            let before = place.get_mut();
                            assert_eq!(before.hash, hash, "a repeated span is the same to the byte");
                            assert_eq!(before.origin, origin, "and so is its resource");
                            // One send at a time: what is repeated was in flight when its sender was killed.
                            let run = requests[before.request].run;
                            assert_eq!(
                                last_of_run[&run], before.request,
                                "only what was in flight is repeated"
                            );
                            assert_ne!(run, request.run);
                            before.request = number;
                            seen.repeated += 1;
                            *repeats.entry(run).or_default() += 1;
                        }
                    }
                }
            }
        }
        seen.largest = seen.largest.max(spans);
    }
    for (run, notes) in notes.iter().enumerate() {
        let missing = notes.iter().filter(|note| !known.contains_key(*note)).count();
        assert_eq!(missing, 0, "of {} spans of run {run} by {name}", notes.len());
        let strange = notes
            .iter()
            .filter(|note| known[*note].origin != run.to_string())
            .count();
        assert_eq!(strange, 0, "spans of run {run} with the resource of another");
    }
    seen.spans = known.len();
    seen.kills_with_repeats = repeats.len();
    seen.most_repeated = repeats.into_values().max().unwrap_or(0);
    seen
}

/// Accepts connections; each is served on a thread of its own.
fn listen(serve: fn(TcpStream, &Requests) -> Option<()>) -> (u16, Requests) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let requests = Requests::default();
    let kept = requests.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let kept = kept.clone();
            std::thread::spawn(move || serve(stream, &kept));
        }
    });
    (port, requests)
}

fn serve_http(stream: TcpStream, requests: &Requests) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut run, mut length) = (None, None);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().ok();
            }
            if let Some(value) = line.strip_prefix("x-run: ") {
                run = value.parse().ok();
            }
        }
        let mut body = vec![0; length?];
        reader.read_exact(&mut body).ok()?;
        requests.lock().unwrap().push(Request { run: run?, body });
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        reader.get_mut().write_all(answer).ok()?;
    }
}

/// Run and length, both four bytes, and the body; answered with one byte.
fn serve_frames(mut stream: TcpStream, requests: &Requests) -> Option<()> {
    loop {
        let mut head = [0; 8];
        stream.read_exact(&mut head).ok()?;
        let [run, length] = [0, 4].map(|at| u32::from_le_bytes(*head[at..].first_chunk().unwrap()));
        let mut body = vec![0; length as usize];
        stream.read_exact(&mut body).ok()?;
        requests.lock().unwrap().push(Request { run, body });
        stream.write_all(&[1]).ok()?;
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
