//! Answers over HTTP that are not a plain yes.

use crate::host::Setup;
use crate::scenario::{SPANS, arrived, fault, row, side_by_side};
use spanline_test_vectors::server::{Answer, Script, Server, Step};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn busy(status: u16, retry_after: &str) -> Step {
    Step::Answer(Answer::status(status).header("Retry-After", retry_after))
}

/// This many seconds from now, as HTTP writes it. Only for dates that are less than a day ahead or long past.
fn http_date(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (days, rest) = ((seconds / 86_400) as i64, seconds % 86_400);
    // The civil date of a day number, by the usual shift to years that begin in March.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12;
    let year = era * 400 + year_of_era + i64::from(month < 2);
    let names = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    format!(
        "{}, {day:02} {} {year} {:02}:{:02}:{:02} GMT",
        weekdays[days.rem_euclid(7) as usize],
        names[month as usize],
        rest / 3_600,
        rest / 60 % 60,
        rest % 60
    )
}

/// How long the sender waited before its second request.
fn pause(server: &Server) -> Duration {
    let handled = server.handled();
    handled[1].at - handled[0].at
}

#[test]
fn a_retry_after_is_kept_to() {
    side_by_side(&[
        &|| {
            let server = fault("a01", "429, Retry-After 2 (seconds)", [busy(429, "2")]).retried(2);
            assert!(pause(&server) >= Duration::from_secs(2), "{:?}", pause(&server));
        },
        &|| {
            let server = fault("a02", "503, Retry-After 2 (seconds)", [busy(503, "2")]).retried(2);
            assert!(pause(&server) >= Duration::from_secs(2), "{:?}", pause(&server));
        },
        &|| {
            // A date has no fractions of a second: what is 4 s ahead is at least 3 s ahead.
            let date = http_date(SystemTime::now() + Duration::from_secs(4));
            let server = fault("a03", "503, Retry-After with a date", [busy(503, &date)]).retried(2);
            assert!(
                pause(&server) >= Duration::from_secs(2),
                "{date} {:?}",
                pause(&server)
            );
        },
        &|| {
            let long_ago = http_date(UNIX_EPOCH + Duration::from_secs(1_000_000_000));
            assert_eq!(long_ago, "Sun, 09 Sep 2001 01:46:40 GMT");
            let steps = [busy(429, &long_ago), busy(503, "0")];
            fault("a04", "429 with a date long past, then 503 with 0", steps).retried(3);
        },
    ]);
}

#[test]
fn an_absurd_retry_after_does_no_harm() {
    // What is no number of seconds and no date, or more than fits: the own pauses apply.
    let own = ["soon", "99999999999999999999999"];
    let name = "503 with Retry-After `soon`, then 10^23";
    side_by_side(&[
        &|| {
            fault("a05", name, own.map(|value| busy(503, value))).retried(3);
        },
        &|| {
            // A pause of ten days ends with the age of its batch, and what comes after that is sent at once.
            let server = Server::start(Script::once([busy(503, "864000")]));
            let setup = Setup::to(&server.url()).variable("OTEL_BSP_SCHEDULE_DELAY", "50");
            let mut host = setup.option("max_age_ms", 2_000).start();
            host.make(SPANS);
            let told = host.stats_when(|told| told.of("expired") == SPANS);
            assert_eq!(told.of("attempts"), 1);
            host.ids();
            host.make(SPANS);
            let next = host.ids();
            let ended = host.shutdown();
            arrived(&server, &next);
            let happened =
                "waited no longer than the age limit (2 s here), counted as expired; the next batch arrives";
            row("a06", "503, Retry-After 864000 (ten days)", happened, &ended);
        },
    ]);
}

#[test]
fn what_will_pass_is_sent_again() {
    let plain = |status| [Step::Answer(Answer::status(status))];
    side_by_side(&[
        &|| drop(fault("a07", "429 without Retry-After", plain(429)).retried(2)),
        &|| drop(fault("a08", "502", plain(502)).retried(2)),
        &|| drop(fault("a09", "503 without Retry-After", plain(503)).retried(2)),
        &|| drop(fault("a10", "504", plain(504)).retried(2)),
    ]);
}

#[test]
fn what_will_not_pass_is_counted() {
    let said = "the batch is lost";
    let cases: [(&str, u16, &str); 11] = [
        ("b01", 400, said),
        ("b02", 401, "credentials"),
        ("b03", 403, "credentials"),
        ("b04", 404, "/v1/traces"),
        ("b05", 405, said),
        ("b06", 408, said),
        ("b07", 413, "max_batch_bytes"),
        ("b08", 415, "the option protocol"),
        ("b09", 500, said),
        ("b10", 501, said),
        ("b11", 505, said),
    ];
    for (id, status, said) in cases {
        let name = status.to_string();
        fault(id, &name, [Step::Answer(Answer::status(status))]).refused(&name, said);
    }
}

#[test]
fn the_message_of_a_refusal_is_said_and_nothing_but_text() {
    // google.rpc.Status { code: 3, message: ... }
    let message = "bad\r\nspanline error: forged \u{1b}[31m line";
    let mut status = vec![8, 3, 0x12, message.len() as u8];
    status.extend_from_slice(message.as_bytes());
    let answer = Answer::status(400)
        .header("Content-Type", "application/x-protobuf")
        .body(status);
    let name = "400 whose message forges a log line";
    fault("b12", name, [Step::Answer(answer)]).refused("400", "bad  spanline error: forged  [31m line");
}

#[test]
fn a_partial_success_is_not_sent_again() {
    side_by_side(&[
        &|| {
            let answer = Answer::partial(3, "three were too old");
            let name = "200, 3 of 10 spans rejected";
            let ended = fault("c01", name, [Step::Answer(answer)]).counts_as_delivered("three were too old");
            assert_eq!(
                (ended.told.of("exported"), ended.told.of("rejected")),
                (SPANS - 3, 3)
            );
            row("c01", name, "not sent again; the rejected are counted", &ended);
        },
        &|| {
            let answer = Answer::partial(0, "almost too old");
            let name = "200 with a warning";
            let ended = fault("c02", name, [Step::Answer(answer)]).counts_as_delivered("almost too old");
            assert_eq!((ended.told.of("exported"), ended.told.of("rejected")), (SPANS, 0));
            row("c02", name, "delivered; the warning is said", &ended);
        },
        &|| {
            let answer = Answer::partial(1_000, "more than there were");
            let name = "200, 1,000 of 10 spans rejected";
            let ended =
                fault("c03", name, [Step::Answer(answer)]).counts_as_delivered("more than there were");
            assert_eq!((ended.told.of("exported"), ended.told.of("rejected")), (0, SPANS));
            row("c03", name, "no more is counted than was sent", &ended);
        },
        &|| {
            let answer = Answer::partial(-5, "less than none");
            let name = "200, -5 spans rejected";
            let ended = fault("c04", name, [Step::Answer(answer)]).counts_as_delivered("less than none");
            assert_eq!((ended.told.of("exported"), ended.told.of("rejected")), (SPANS, 0));
            row("c04", name, "counted as none rejected", &ended);
        },
    ]);
}

#[test]
fn an_answer_that_says_nothing_counts_as_delivered() {
    let said = "could not be read";
    side_by_side(&[
        &|| {
            let name = "200 with the page of a portal";
            let ended = fault("c05", name, [Step::Answer(Answer::page())]).counts_as_delivered(said);
            assert_eq!(ended.told.of("exported"), SPANS);
            row("c05", name, "counts as delivered, and says so", &ended);
        },
        &|| {
            // 200 and half of what it announced.
            let answer = Answer::partial(3, &"x".repeat(100));
            let name = "200, body breaks off";
            let ended = fault("c06", name, [Step::Truncated(answer, 120)]).counts_as_delivered(said);
            assert_eq!(ended.told.of("exported"), SPANS);
            row("c06", name, "counts as delivered, and says so", &ended);
        },
        &|| {
            let answer = Answer::ok().header("Content-Encoding", "gzip").body("not gzip");
            let name = "200, body is not the gzip it says";
            let ended = fault("c07", name, [Step::Answer(answer)]).counts_as_delivered(said);
            assert_eq!(ended.told.of("exported"), SPANS);
            row("c07", name, "counts as delivered, and says so", &ended);
        },
    ]);
}

#[test]
fn an_answer_without_end_is_not_read() {
    let reason = "response_too_large";
    side_by_side(&[
        &|| {
            let answer = Answer::ok().body(vec![b'x'; 5 << 20]);
            let server = fault("c08", "200 with 5 MiB", [Step::Answer(answer)]);
            server.answer_not_read(reason, "max_response_bytes");
        },
        &|| {
            let bomb = Answer::ok().body(vec![0; 64 << 20]).gzip();
            let fault = fault("c09", "200 with 64 MiB in 64 KiB of gzip", [Step::Answer(bomb)]);
            fault.answer_not_read(reason, "max_response_bytes");
        },
    ]);
}

#[test]
fn redirects_keep_to_the_origin() {
    side_by_side(&[
        &|| {
            let step = |status| Step::Answer(Answer::redirect(status, "/elsewhere"));
            let script = fault("d01", "307 and 308 to the same origin", [step(307)]);
            let (server, ended) = script.delivers(2);
            assert!(server.handled()[1].line.contains("/elsewhere"));
            row("d01", "307 to the same origin", "followed, once", &ended);
            let (_, ended) = fault("d02", "308", [step(308)]).delivers(2);
            row("d02", "308 to the same origin", "followed, once", &ended);
        },
        &|| {
            let step = || Step::Answer(Answer::redirect(307, "/elsewhere"));
            fault("d03", "307 to the same origin, again and again", [step(), step()]).refused("307", "307");
        },
        &|| {
            for (id, status) in [("d04", 307), ("d05", 308), ("d06", 302), ("d07", 301)] {
                let elsewhere = Server::start(Script::accept());
                let step = Step::Answer(Answer::redirect(status, &elsewhere.url()));
                let name = format!("{status} to another origin");
                fault(id, &name, [step]).refused(&status.to_string(), &status.to_string());
                assert_eq!(elsewhere.connections(), 0);
            }
        },
    ]);
}
