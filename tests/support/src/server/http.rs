//! One connection that speaks HTTP/1.1.

use super::listen::{Inner, reset};
use super::{Answer, Handled, SpanKey, Step};
use flate2::read::GzDecoder;
use socket2::SockRef;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Serves requests until the connection ends. `raw` is the socket under `stream`.
pub(super) fn talk<S: Read + Write>(inner: &Arc<Inner>, raw: &TcpStream, stream: S, connection: u64) {
    let mut reader = BufReader::new(stream);
    match reader.fill_buf() {
        Ok(bytes) if bytes.first().is_some_and(u8::is_ascii_uppercase) => {}
        // What is no HTTP gets the answer of a real server to that.
        Ok([_, ..]) => return drop(reader.get_mut().write_all(&Inner::undecodable().bytes())),
        _ => return,
    }
    while let Some(head) = read_head(&mut reader, connection) {
        let length = header(&head, "content-length").and_then(|length| length.parse().ok());
        let (length, step) = (length.unwrap_or(0), inner.next_step());
        let encoding = header(&head, "content-encoding").map(str::to_owned);
        let number = inner.note(head);
        let mut request = Request {
            inner,
            reader: &mut reader,
            encoding,
            length,
            number,
        };
        if !request.follow(step, raw) {
            return;
        }
    }
}

/// Says nothing until the other side gives up.
pub(super) fn stay_mute(mut stream: &TcpStream) {
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
}

struct Request<'a, S> {
    inner: &'a Arc<Inner>,
    reader: &'a mut BufReader<S>,
    encoding: Option<String>,
    length: usize,
    number: usize,
}

impl<S: Read + Write> Request<'_, S> {
    /// Does what the step says. `false`: the connection ends.
    fn follow(&mut self, step: Step, raw: &TcpStream) -> bool {
        match step {
            Step::Answer(answer) => self.answered(&answer, Duration::ZERO),
            Step::Late(pause, answer) => self.answered(&answer, pause),
            Step::Truncated(answer, bytes) => {
                if let Some(keys) = self.body(usize::MAX, Duration::ZERO) {
                    let whole = answer.bytes();
                    let written = self.write(&whole[..bytes.min(whole.len())]).is_ok();
                    if let (true, Some(keys)) = (written && answer.accepts_within(bytes), keys) {
                        self.accept(&keys);
                    }
                    // What has been written is to arrive: an end, not a reset.
                    let _ = raw.shutdown(std::net::Shutdown::Write);
                    let _ = std::io::copy(self.reader, &mut std::io::sink());
                }
                false
            }
            Step::Reset(bytes) => {
                if bytes < self.length {
                    let mut part = vec![0; bytes];
                    let _ = self.reader.read_exact(&mut part);
                } else {
                    let _ = self.body(usize::MAX, Duration::ZERO);
                }
                reset(raw);
                false
            }
            Step::SlowRead(chunk, pause) => match self.body(chunk, pause) {
                Some(keys) => self.taken(&keys, &Answer::ok()),
                None => false,
            },
            Step::Silence => {
                let _ = self.body(usize::MAX, Duration::ZERO);
                // Until the other side gives up.
                let _ = self.reader.read(&mut [0; 1]);
                false
            }
            Step::Close => false,
            Step::Mute => {
                stay_mute(raw);
                false
            }
            Step::Away(pause) => {
                let _ = SockRef::from(raw).set_linger(Some(Duration::ZERO));
                self.inner.be_away(pause);
                false
            }
        }
    }

    fn answered(&mut self, answer: &Answer, pause: Duration) -> bool {
        let Some(keys) = self.body(usize::MAX, Duration::ZERO) else {
            return false;
        };
        std::thread::sleep(pause);
        self.taken(&keys, answer)
    }

    /// Answers; the spans are taken when the answer says so and has gone out.
    fn taken(&mut self, keys: &Option<Vec<SpanKey>>, answer: &Answer) -> bool {
        let accepted = (200..300).contains(&answer.status);
        let refusal = (accepted && keys.is_none()).then(Inner::undecodable);
        let written = self.write(&refusal.as_ref().unwrap_or(answer).bytes()).is_ok();
        if let (true, true, Some(keys)) = (written, accepted, keys) {
            self.accept(keys);
        }
        written
    }

    fn accept(&self, keys: &[SpanKey]) {
        self.inner.settle(self.number, |handled| handled.accepted = true);
        self.inner.ledger.accept(keys);
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let stream = self.reader.get_mut();
        stream.write_all(bytes)?;
        stream.flush()
    }

    /// Reads the body, in pieces with pauses, and enters it. `None`: it broke off. `Some(None)`: it is no request.
    fn body(&mut self, chunk: usize, pause: Duration) -> Option<Option<Vec<SpanKey>>> {
        let mut body = vec![0; self.length];
        for part in body.chunks_mut(chunk.max(1)) {
            self.reader.read_exact(part).ok()?;
            std::thread::sleep(pause);
        }
        let plain = match self.encoding.as_deref() {
            None | Some("identity") => Some(body),
            Some("gzip") => {
                let mut plain = Vec::new();
                let read = GzDecoder::new(&body[..]).read_to_end(&mut plain);
                read.ok().map(|_| plain)
            }
            Some("zstd") => zstd::decode_all(&body[..]).ok(),
            Some(_) => None,
        };
        let keys = self.inner.ledger.enter(plain.as_deref().unwrap_or(b"\xff"));
        self.inner.settle(self.number, |handled| {
            handled.body_bytes = self.length;
            handled.spans = keys.as_ref().map_or(0, Vec::len);
        });
        Some(keys)
    }
}

fn header<'a>(head: &'a Handled, name: &str) -> Option<&'a str> {
    let found = head.headers.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

/// The head of the next request; `None` at the end of the connection.
fn read_head(reader: &mut impl BufRead, connection: u64) -> Option<Handled> {
    let mut line = || {
        let mut line = String::new();
        let length = reader.read_line(&mut line).ok()?;
        (length > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    };
    let first = line()?;
    let mut headers = Vec::new();
    loop {
        let header = line()?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Some(Handled {
        at: Instant::now(),
        connection,
        line: first,
        headers,
        body_bytes: 0,
        spans: 0,
        accepted: false,
    })
}
