use super::peer::{DATA, END_STREAM, GRPC, Link, framed, peer};
use super::*;
use crate::transport::GzipCompressor;

#[test]
fn a_connection_is_kept_between_calls() {
    let (address, server) = peer(|listener| {
        let mut link = Link::accept(listener);
        let first = link.call().unwrap();
        link.answer(first.stream, b"one", &[("grpc-status", "0")]);
        let second = link.call().unwrap();
        link.answer(second.stream, b"", &[("grpc-status", "0")]);
        (first.body, second.body)
    });
    let mut transport = transport(address);
    let answer = transport.send(&plain(b"spans"), LONG).unwrap();
    assert_eq!(
        answer,
        GrpcAnswer {
            code: 0,
            message: String::new(),
            retry_info: None,
            http_status: None,
            retry_after: None,
            content: Message::Whole(b"one".to_vec()),
        }
    );
    let packed = GrpcRequest {
        message: Bytes::from_static(b"packed"),
        encoding: Some("gzip"),
    };
    assert_eq!(
        transport.send(&packed, None).unwrap().content,
        Message::Whole(Vec::new())
    );
    let bodies = server.join().unwrap();
    assert_eq!(bodies, (framed(0, b"spans"), framed(1, b"packed")));
}

/// Answers one call with this and gives what was made of it.
fn answered(script: impl FnOnce(&mut Link, u32) + Send + 'static) -> Result<GrpcAnswer, Failure> {
    let (address, server) = peer(|listener| {
        let mut link = Link::accept(listener);
        let stream = link.call().unwrap().stream;
        script(&mut link, stream);
        link
    });
    let answer = transport(address).send(&plain(b"spans"), LONG);
    drop(server.join().unwrap());
    answer
}

#[test]
fn a_status_comes_with_a_message_and_details() {
    // google.rpc.Status{14, "busy", RetryInfo{5.5 s}}
    const DETAILS: &str =
        "CA4SBGJ1c3kaNgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIKCggIBRCAyrXuAQ";
    let trailers = &[
        ("grpc-status", "14"),
        ("grpc-message", "at 100%25 %E2%82%AC %zz"),
        ("grpc-status-details-bin", DETAILS),
    ];
    // As trailers and, without a body, as headers.
    let late = answered(|link, stream| link.answer(stream, b"", trailers)).unwrap();
    let early = answered(|link, stream| link.headers(stream, &[GRPC, trailers].concat(), true)).unwrap();
    for answer in [late, early] {
        assert_eq!((answer.code, &*answer.message), (14, "at 100% \u{20ac} %zz"));
        assert_eq!(answer.retry_info, Some(Duration::from_millis(5500)));
        assert_eq!(answer.http_status, None);
    }
    // The message of the details stands in for a missing one; details that cannot be read say nothing.
    let trailers = &[("grpc-status", "14"), ("grpc-status-details-bin", DETAILS)];
    let answer = answered(|link, stream| link.answer(stream, b"", trailers)).unwrap();
    assert_eq!(answer.message, "busy");
    let trailers = &[("grpc-status", "8"), ("grpc-status-details-bin", "?")];
    let answer = answered(|link, stream| link.answer(stream, b"", trailers)).unwrap();
    assert_eq!((answer.code, answer.retry_info), (8, None));
}

#[test]
fn a_status_that_is_no_number_is_unknown() {
    for text in ["", "+1", "-1", " 1", "0x1", "99999999999"] {
        let answer = answered(move |link, stream| link.answer(stream, b"", &[("grpc-status", text)]));
        assert_eq!(answer.unwrap().code, 2, "{text:?}");
    }
    let answer = answered(|link, stream| link.answer(stream, b"", &[("grpc-status", "4294967295")]));
    assert_eq!(answer.unwrap().code, u32::MAX);
}

#[test]
fn without_a_status_that_of_http_counts() {
    for (status, code) in [
        ("400", 2),
        ("401", 16),
        ("403", 7),
        ("404", 12),
        ("429", 14),
        ("500", 2),
        ("502", 14),
        ("503", 14),
        ("504", 14),
        ("307", 2),
    ] {
        let answer = answered(move |link, stream| {
            let headers = [
                (":status", status),
                ("content-type", "text/html"),
                ("retry-after", "7"),
            ];
            link.headers(stream, &headers, false);
            link.send(DATA, END_STREAM, stream, b"<html>");
        })
        .unwrap();
        assert_eq!(answer.code, code, "{status}");
        assert_eq!(answer.http_status.unwrap().to_string(), status);
        assert_eq!(answer.retry_after.as_deref(), Some("7"));
    }
    // A page with 200, and an answer of gRPC that just ends.
    let page = answered(|link, stream| {
        link.headers(
            stream,
            &[(":status", "200"), ("content-type", "text/html")],
            false,
        );
        link.send(DATA, END_STREAM, stream, b"<html>");
    });
    assert_eq!(page.unwrap().code, 2);
    let ended = answered(|link, stream| {
        link.headers(stream, GRPC, false);
        link.send(DATA, END_STREAM, stream, &framed(0, b""));
    });
    assert_eq!(ended.unwrap().code, 2);
}

#[test]
fn a_message_may_come_in_many_frames() {
    let message = vec![7; 200_000];
    let sent = message.clone();
    let answer = answered(move |link, stream| {
        link.headers(stream, GRPC, false);
        // The window of a stream is 65,535 bytes until it is given more.
        let body = framed(0, &sent);
        let (first, rest) = body.split_at(3);
        link.send(DATA, 0, stream, first);
        link.send(DATA, 0, stream, b"");
        let mut room = 65_535 - first.len();
        for part in rest.chunks(16_384) {
            while room < part.len() {
                let update = link.wait_for(super::peer::WINDOW_UPDATE).unwrap();
                if update.stream == stream {
                    let more: [u8; 4] = update.payload.try_into().unwrap();
                    room += u32::from_be_bytes(more) as usize;
                }
            }
            link.send(DATA, 0, stream, part);
            room -= part.len();
        }
        link.headers(stream, &[("grpc-status", "0")], true);
    });
    assert_eq!(answer.unwrap().content, Message::Whole(message));
}

#[test]
fn answers_that_hold_no_single_message_are_unreadable_but_answers() {
    for body in [
        vec![],
        b"abc".to_vec(),
        [framed(0, b"a"), framed(0, b"b")].concat(),
    ] {
        let answer = answered(move |link, stream| {
            link.headers(stream, GRPC, false);
            link.send(DATA, 0, stream, &body);
            link.headers(stream, &[("grpc-status", "0")], true);
        })
        .unwrap();
        assert_eq!((answer.code, answer.content), (0, Message::Unreadable));
    }
}

#[test]
fn compressed_answers_are_bounded() {
    let zeros = vec![0; MAX_RESPONSE_BYTES + 1];
    let gzip = |length: usize| {
        GzipCompressor::new()
            .compress([&zeros[..length]])
            .unwrap()
            .to_vec()
    };
    let reply = |encoding: &'static str, message: Vec<u8>| {
        answered(move |link, stream| {
            link.headers(stream, &[GRPC, &[("grpc-encoding", encoding)]].concat(), false);
            link.data(stream, &framed(1, &message));
            link.headers(stream, &[("grpc-status", "0")], true);
        })
        .unwrap()
        .content
    };
    assert_eq!(reply("gzip", gzip(300)), Message::Whole(vec![0; 300]));
    assert_eq!(reply("gzip", gzip(MAX_RESPONSE_BYTES + 1)), Message::TooLarge);
    assert_eq!(reply("br", gzip(300)), Message::Unreadable);
    #[cfg(feature = "zstd")]
    {
        let zstd = |length: usize| zstd::encode_all(&zeros[..length], 1).unwrap();
        assert_eq!(reply("zstd", zstd(300)), Message::Whole(vec![0; 300]));
        assert_eq!(reply("zstd", zstd(MAX_RESPONSE_BYTES + 1)), Message::TooLarge);
    }
}

#[test]
fn a_huge_answer_is_not_read_to_its_end() {
    let answer = answered(|link, stream| {
        link.headers(stream, GRPC, false);
        let mut body = framed(0, &[]);
        body[1..].copy_from_slice(&u32::MAX.to_be_bytes());
        link.send(DATA, 0, stream, &body);
        (0..3).for_each(|_| link.send(DATA, 0, stream, &[0; 16_384]));
        // Until the other side has had enough.
        let mut sent = 3 * 16_384;
        while sent < 1 << 30 {
            let Some(update) = link.frame() else { break };
            if update.kind == super::peer::RST_STREAM {
                break;
            }
            if update.kind == super::peer::WINDOW_UPDATE && update.stream == stream {
                let more: [u8; 4] = update.payload.try_into().unwrap();
                for _ in 0..u32::from_be_bytes(more) / 16_384 {
                    link.send(DATA, 0, stream, &[0; 16_384]);
                    sent += 16_384;
                }
            }
        }
        assert!(sent <= MAX_RESPONSE_BYTES + 200_000, "{sent}");
    });
    assert_eq!(answer.unwrap().content, Message::TooLarge);
}
