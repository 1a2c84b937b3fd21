//! Names are looked up by the system, whatever it is set up for: search domains here.
#![cfg(target_os = "linux")]

mod process;

use process::{LIMIT, Receiver, play_as};
use spanline_test_vectors::skip;
use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;

/// Plays the scenario when it is run by another test; by itself it does nothing.
#[test]
fn child() {
    let Some((_, endpoint)) = process::scenario() else {
        return;
    };
    let builder = spanline::init().without_environment().endpoint(endpoint);
    let provider = builder.build().unwrap();
    provider.tracer("names").span("found").start().end();
    let report = provider.flush_within(LIMIT);
    assert!(
        report.complete && report.stats.exporters[0].exported == 1,
        "{report:?}"
    );
}

/// Answers for `collector.shop.test` with 127.0.0.1, and that there is no other name.
fn serve(socket: &UdpSocket) {
    let mut query = [0; 512];
    while let Ok((length, from)) = socket.recv_from(&mut query) {
        let query = &query[..length];
        let known = b"\x09collector\x04shop\x04test\0";
        let asked = &query[12..];
        let found = asked.starts_with(known) && asked[known.len()..].starts_with(&[0, 1]);
        let is_other = !asked.starts_with(known);
        let end = asked.iter().position(|&byte| byte == 0).unwrap() + 5;
        let mut answer = query[..2].to_vec();
        answer.extend([
            0x81,
            if is_other { 0x83 } else { 0x80 },
            0,
            1,
            0,
            u8::from(found),
            0,
            0,
            0,
            0,
        ]);
        answer.extend(&asked[..end]);
        if found {
            answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
        }
        let _ = socket.send_to(&answer, from);
    }
}

#[test]
fn a_search_domain_is_looked_through() {
    let Ok(socket) = UdpSocket::bind(("127.0.77.54", 53)) else {
        return skip("port 53 of the loopback is not to be had");
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("names");
    std::fs::create_dir_all(&folder).unwrap();
    let (resolver, switch) = (folder.join("resolv.conf"), folder.join("nsswitch.conf"));
    std::fs::write(&resolver, "nameserver 127.0.77.54\nsearch shop.test\n").unwrap();
    std::fs::write(&switch, "hosts: files dns\n").unwrap();
    let script = "mount --bind \"$1\" /etc/resolv.conf && mount --bind \"$2\" /etc/nsswitch.conf && shift 2 && exec \"$@\"";
    let inside = |program: &Path| {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c", script, "sh"])
            .args([&resolver, &switch])
            .arg(program);
        command
    };
    let tried = inside("/bin/true".as_ref()).output();
    if !tried.is_ok_and(|ended| ended.status.success()) {
        return skip("mounts of its own are not permitted to this process");
    }
    std::thread::spawn(move || serve(&socket));
    let receiver = Receiver::start([]);
    let endpoint = receiver.url().replace("127.0.0.1", "collector");
    let ended = play_as(inside(&std::env::current_exe().unwrap()), "found", &endpoint);
    assert!(ended.status.success(), "{}", ended.output);
    assert_eq!(receiver.spans().len(), 1);
}
