//! A receiver whose every frame the test decides.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A frame.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

/// A connection that was accepted.
pub(super) struct Link(pub(super) TcpStream);

/// What a call brought: its stream and its body with the message's head.
pub(super) struct Call {
    pub(super) stream: u32,
    pub(super) body: Vec<u8>,
    pub(super) data_frames: usize,
}

/// Runs a script on a thread; gives the address that it listens on.
pub(super) fn peer<T: Send + 'static>(
    script: impl FnOnce(&TcpListener) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (address, std::thread::spawn(move || script(&listener)))
}

impl Link {
    /// Takes the next connection, whose settings are the defaults.
    pub(super) fn accept(listener: &TcpListener) -> Self {
        Self::accept_with(listener, &[])
    }

    /// Takes the next connection; these are our settings.
    pub(super) fn accept_with(listener: &TcpListener, settings: &[(u16, u32)]) -> Self {
        let mut link = Self(listener.accept().unwrap().0);
        link.0.set_nodelay(true).unwrap();
        let mut preface = [0; PREFACE.len()];
        link.0.read_exact(&mut preface).unwrap();
        assert_eq!(preface, PREFACE);
        let settings: Vec<u8> = settings
            .iter()
            .flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat())
            .collect();
        link.send(SETTINGS, 0, 0, &settings);
        link
    }

    pub(super) fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        // The other side may be gone already; the test looks at that side.
        let _ = self.try_send(kind, flags, stream, payload);
    }

    fn try_send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        self.0.write_all(&[&head, payload].concat())
    }

    /// The next frame; `None` at the end.
    pub(super) fn frame(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).ok()?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        self.0.read_exact(&mut payload).ok()?;
        Some(Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
            payload,
        })
    }

    /// The next frame of this kind; settings are acknowledged on the way.
    pub(super) fn wait_for(&mut self, kind: u8) -> Option<Frame> {
        loop {
            let frame = self.frame()?;
            if frame.kind == SETTINGS && frame.flags & ACK == 0 {
                self.send(SETTINGS, ACK, 0, &[]);
            }
            if frame.kind == kind {
                return Some(frame);
            }
        }
    }

    /// The beginning of the next call.
    pub(super) fn begin(&mut self) -> Option<u32> {
        self.wait_for(HEADERS).map(|headers| headers.stream)
    }

    /// The next call with all of its body, which is given room as it comes.
    pub(super) fn call(&mut self) -> Option<Call> {
        let stream = self.begin()?;
        let mut call = Call {
            stream,
            body: Vec::new(),
            data_frames: 0,
        };
        loop {
            let data = self.wait_for(DATA)?;
            call.body.extend_from_slice(&data.payload);
            call.data_frames += 1;
            if data.flags & END_STREAM != 0 {
                return Some(call);
            }
            if !data.payload.is_empty() {
                let room = u32::try_from(data.payload.len()).unwrap();
                self.give_room(0, room);
                self.give_room(stream, room);
            }
        }
    }

    /// Lets this many bytes more come on a stream, or on all of them.
    pub(super) fn give_room(&mut self, stream: u32, bytes: u32) {
        self.send(WINDOW_UPDATE, 0, stream, &bytes.to_be_bytes());
    }

    /// Sends a body in frames of the usual size.
    pub(super) fn data(&mut self, stream: u32, body: &[u8]) {
        for part in body.chunks(16_384) {
            self.send(DATA, 0, stream, part);
        }
    }

    /// Sends headers or trailers.
    pub(super) fn headers(&mut self, stream: u32, fields: &[(&str, &str)], end: bool) {
        let mut block = Vec::new();
        for (name, value) in fields {
            block.push(0);
            for text in [name, value] {
                integer(&mut block, text.len());
                block.extend_from_slice(text.as_bytes());
            }
        }
        let flags = END_HEADERS | if end { END_STREAM } else { 0 };
        self.send(HEADERS, flags, stream, &block);
    }

    /// Answers with a message in one frame, and this status.
    pub(super) fn answer(&mut self, stream: u32, message: &[u8], trailers: &[(&str, &str)]) {
        self.headers(stream, GRPC, false);
        self.data(stream, &framed(0, message));
        self.headers(stream, trailers, true);
    }

    /// Answers with success.
    pub(super) fn ok(&mut self, stream: u32) {
        self.answer(stream, b"", &[("grpc-status", "0")]);
    }
}

/// The headers of an answer of gRPC.
pub(super) const GRPC: &[(&str, &str)] = &[(":status", "200"), ("content-type", "application/grpc")];

/// A message with its head.
pub(super) fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flag][..], &length, message].concat()
}

/// An integer of HPACK with a prefix of seven bits.
fn integer(block: &mut Vec<u8>, mut value: usize) {
    if value < 127 {
        block.push(value as u8);
        return;
    }
    block.push(127);
    value -= 127;
    while value >= 128 {
        block.push((value % 128 + 128) as u8);
        value /= 128;
    }
    block.push(value as u8);
}
