//! The receiver: a small HTTP/1.1 server in a process of its own, so that its time is nobody's, which counts spans.

use flate2::read::GzDecoder;
use spanline_core::wire::otlp::decode_request_protobuf;
use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// No request is larger: those of the subjects hold a few thousand spans.
const LARGEST: u64 = 64 << 20;

/// Serves until standard input ends. Says its ports first, that of HTTP and that of gRPC (0 without the peers), then for
/// each line read the spans since the line before.
pub(crate) fn serve() -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let count = Arc::new(AtomicU64::new(0));
    #[cfg(feature = "peers")]
    let grpc = crate::sink_grpc::start(Arc::clone(&count))?;
    #[cfg(not(feature = "peers"))]
    let grpc = 0;
    println!("{}", listener.local_addr()?.port());
    println!("{grpc}");
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let count = Arc::clone(&counted);
            std::thread::spawn(move || {
                if let Err(error) = connection(&stream, &count) {
                    eprintln!("sink: {error}");
                }
            });
        }
    });
    for line in io::stdin().lines() {
        line?;
        println!("{}", count.swap(0, Ordering::AcqRel));
    }
    Ok(())
}

/// Answers the requests of a connection until its other side closes it.
fn connection(stream: &TcpStream, count: &AtomicU64) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(64 << 10, stream);
    let mut writer = stream;
    let mut body = Vec::new();
    while let Some(head) = Head::read(&mut reader)? {
        body.clear();
        reader.by_ref().take(head.length).read_to_end(&mut body)?;
        let answer = match head.plain(&body).and_then(|body| spans(&body)) {
            Ok(spans) => {
                count.fetch_add(spans, Ordering::AcqRel);
                "200 OK"
            }
            Err(error) => {
                eprintln!("sink: {error}");
                "400 Bad Request"
            }
        };
        let answer =
            format!("HTTP/1.1 {answer}\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n");
        writer.write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// What matters of a request's head.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    length: u64,
    encoding: Encoding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

impl Head {
    /// `None` at the end of the connection.
    fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut head = Self {
            length: 0,
            encoding: Encoding::Identity,
        };
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let field = line.trim_end().to_ascii_lowercase();
            if field.is_empty() {
                return Ok(Some(head));
            }
            match field.split_once(':').map(|(name, value)| (name, value.trim())) {
                Some(("content-length", value)) => {
                    let length = value.parse().ok().filter(|length| *length <= LARGEST);
                    head.length = length.ok_or_else(|| io::Error::other(format!("length {value}")))?;
                }
                Some(("content-encoding", "gzip")) => head.encoding = Encoding::Gzip,
                Some(("content-encoding", "zstd")) => head.encoding = Encoding::Zstd,
                Some(("transfer-encoding", value)) => {
                    return Err(io::Error::other(format!("a body without a length ({value})")));
                }
                _ => {}
            }
        }
    }
}

impl Head {
    /// The body as it was before compression.
    fn plain<'a>(&self, body: &'a [u8]) -> Result<Cow<'a, [u8]>, String> {
        let mut plain = Vec::new();
        let read = match self.encoding {
            Encoding::Identity => return Ok(Cow::Borrowed(body)),
            Encoding::Gzip => GzDecoder::new(body).take(LARGEST).read_to_end(&mut plain),
            Encoding::Zstd => zstd::stream::read::Decoder::new(body)
                .and_then(|decoder| decoder.take(LARGEST).read_to_end(&mut plain)),
        };
        read.map_err(|error| error.to_string())?;
        Ok(Cow::Owned(plain))
    }
}

/// The spans of a request.
pub(crate) fn spans(body: &[u8]) -> Result<u64, String> {
    let request = decode_request_protobuf(body).map_err(|error| error.to_string())?;
    let scopes = request.resource_spans().flat_map(|group| group.scope_spans());
    let count = scopes.flat_map(|scope| scope.spans_unchecked()).count();
    Ok(count as u64)
}

/// The receiver, as who started it sees it. It ends with this.
#[derive(Debug)]
pub(crate) struct Receiver {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    http: String,
    grpc: String,
}

impl Receiver {
    /// Starts this program once more.
    pub(crate) fn start() -> io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("sink")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
        let mut receiver = Self {
            child,
            input,
            output: BufReader::new(output),
            http: String::new(),
            grpc: String::new(),
        };
        receiver.http = format!("http://127.0.0.1:{}/v1/traces", receiver.line()?);
        receiver.grpc = format!("http://127.0.0.1:{}", receiver.line()?);
        Ok(receiver)
    }

    /// Where this variant sends to.
    pub(crate) fn endpoint(&self, variant: &str) -> &str {
        if variant == "grpc" { &self.grpc } else { &self.http }
    }

    /// The spans that have arrived since the last time.
    pub(crate) fn spans(&mut self) -> io::Result<u64> {
        let input = self.input.as_mut().ok_or_else(|| io::Error::other("no input"))?;
        input.write_all(b"\n")?;
        let line = self.line()?;
        line.parse().map_err(io::Error::other)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // The end of its input ends it.
        self.input = None;
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    /// Two resources with one and two spans, all of them empty.
    const REQUEST: &[u8] = &[0x0a, 4, 0x12, 2, 0x12, 0, 0x0a, 6, 0x12, 4, 0x12, 0, 0x12, 0];

    #[test]
    fn spans_of_all_groups_are_counted() {
        assert_eq!(spans(REQUEST), Ok(3));
        assert_eq!(spans(b""), Ok(0));
        assert!(spans(&REQUEST[..4]).is_err());
    }

    #[test]
    fn compressed_spans_are_counted() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(REQUEST).unwrap();
        let compressed = encoder.finish().unwrap();
        let head = |encoding| Head { length: 0, encoding };
        assert_eq!(head(Encoding::Gzip).plain(&compressed).unwrap(), REQUEST);
        assert!(head(Encoding::Gzip).plain(REQUEST).is_err());
        let compressed = zstd::stream::encode_all(REQUEST, 1).unwrap();
        assert_eq!(head(Encoding::Zstd).plain(&compressed).unwrap(), REQUEST);
        assert!(head(Encoding::Zstd).plain(REQUEST).is_err());
    }

    #[test]
    fn heads_are_read_until_the_connection_ends() {
        let mut text = &b"POST / HTTP/1.1\r\nContent-Length: 12\r\nContent-Encoding: gzip\r\n\r\n"[..];
        let head = Head::read(&mut text).unwrap();
        assert_eq!(
            head,
            Some(Head {
                length: 12,
                encoding: Encoding::Gzip
            })
        );
        assert_eq!(Head::read(&mut text).unwrap(), None);
        let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert!(Head::read(&mut chunked.as_bytes()).is_err());
    }

    #[test]
    fn a_connection_is_answered_request_by_request() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        let mut sent = format!(
            "POST /v1/traces HTTP/1.1\r\ncontent-length: {}\r\n\r\n",
            REQUEST.len()
        )
        .into_bytes();
        sent.extend_from_slice(REQUEST);
        sent.extend_from_slice(&sent.clone());
        client.write_all(&sent).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        let count = AtomicU64::new(0);
        connection(&server, &count).unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 6);
        drop(server);
        let mut answers = String::new();
        client.read_to_string(&mut answers).unwrap();
        assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2);
    }
}
