//! What sending costs: a measurement for people, no check.

use super::tests::{LONG, answer, read_request, request, response, to};
use super::*;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;

/// Prints the CPU time of the sending thread for each request, to a receiver on this machine: run in release, by hand.
#[test]
#[ignore = "a measurement, not a check"]
fn figures() {
    fn cpu_nanos() -> u64 {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        text.split(' ').next().unwrap().parse().unwrap()
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || {
                let mut stream = BufReader::with_capacity(1 << 20, stream.unwrap());
                while let Some(_seen) = read_request(&mut stream, 1) {
                    stream.get_mut().write_all(&answer("200 OK", "", b"").0).unwrap();
                }
            });
        }
    });
    let url = format!("http://{address}/v1/traces");
    for size in [100_000usize, 700_000] {
        let body = vec![0x55; size];
        let rounds = 2_000u64;
        let mut transport = HttpTransport::new(to(&url));
        response(transport.send(&request(&[], &body), LONG));
        let (start, cpu) = (Instant::now(), cpu_nanos());
        for _ in 0..rounds {
            response(transport.send(&request(&[], &body), LONG));
        }
        let (wall, cpu) = (
            start.elapsed().as_nanos() as u64 / rounds,
            (cpu_nanos() - cpu) / rounds,
        );
        let mut stream = BufReader::new(TcpStream::connect(address).unwrap());
        stream.get_ref().set_nodelay(true).unwrap();
        let head = format!("POST / HTTP/1.1\r\nContent-Length: {size}\r\n\r\n");
        let floor = cpu_nanos();
        for _ in 0..rounds {
            stream.get_mut().write_all(head.as_bytes()).unwrap();
            stream.get_mut().write_all(&body).unwrap();
            let mut line = String::new();
            while !line.ends_with("\r\n\r\n") {
                stream.read_line(&mut line).unwrap();
            }
        }
        let floor = (cpu_nanos() - floor) / rounds;
        let per_span = cpu as f64 / (size as f64 / 190.0);
        println!(
            "{size} bytes: {cpu} ns CPU, {wall} ns wall, bare sockets {floor} ns CPU; {per_span:.1} ns CPU a span"
        );
        let mut compressor = GzipCompressor::new();
        let start = cpu_nanos();
        for _ in 0..200 {
            compressor.compress([&body[..]]).unwrap();
        }
        println!("gzip of so many equal bytes: {} ns", (cpu_nanos() - start) / 200);
    }
}
