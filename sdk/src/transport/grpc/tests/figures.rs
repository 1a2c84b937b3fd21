//! What a call costs: a measurement for people, no check.

use super::peer::{Link, peer};
use super::*;

fn cpu_nanos() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// Prints the CPU time of the sending thread for each call, to a receiver on this machine: run in release, by hand.
#[test]
#[ignore = "a measurement, not a check"]
fn figures() {
    for size in [64 << 10, 2 << 20] {
        let (address, server) = peer(|listener| {
            // Windows as wide as those of busy receivers.
            let mut link = Link::accept_with(listener, &[(4, 8 << 20)]);
            link.give_room(0, 1 << 30);
            while let Some(call) = link.call() {
                link.ok(call.stream);
            }
        });
        let mut transport = transport(address);
        let message = plain(&vec![0x55; size]);
        let rounds = 400u64;
        for _ in 0..20 {
            transport.send(&message, LONG).unwrap();
        }
        let (start, cpu) = (Instant::now(), cpu_nanos());
        for _ in 0..rounds {
            transport.send(&message, LONG).unwrap();
        }
        let (wall, cpu) = (
            start.elapsed().as_nanos() as u64 / rounds,
            (cpu_nanos() - cpu) / rounds,
        );
        let per_span = cpu as f64 / (size as f64 / 190.0);
        println!("{size} bytes: {cpu} ns CPU, {wall} ns wall, {per_span:.1} ns CPU a span");
        drop(transport);
        server.join().unwrap();
    }
}
