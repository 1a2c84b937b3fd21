//! Everything may be used from several threads at once.

use crate::common::{finish, memory, only_span, spans};
use spanline::{MemoryExporter, StatusCode};
use std::collections::HashSet;
use std::sync::Barrier;

const THREADS: usize = 8;

fn together(work: impl Fn(usize) + Sync) {
    let barrier = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for n in 0..THREADS {
            let (barrier, work) = (&barrier, &work);
            scope.spawn(move || {
                barrier.wait();
                work(n);
            });
        }
    });
}

#[test]
fn a_provider_serves_many_threads() {
    let kept = MemoryExporter::new();
    let provider = memory().add_exporter("second", kept.clone()).build().unwrap();
    together(|n| {
        for i in 0..100 {
            let tracer = provider.tracer(format!("scope {}", (n + i) % 5));
            tracer.span("work").start().end();
            if i % 25 == 0 {
                provider.flush();
            }
            assert!(provider.stats().started > 0);
        }
    });
    let scopes: HashSet<_> = spans(&provider).into_iter().map(|span| span.scope.name).collect();
    assert_eq!(scopes.len(), 5);
    let stats = finish(&provider);
    assert_eq!(
        (stats.accepted, kept.get().len()),
        (THREADS as u64 * 100, THREADS * 100)
    );
}

#[test]
fn shutting_down_in_the_midst_of_work_loses_no_account() {
    let provider = memory().build().unwrap();
    let tracer = provider.tracer("t");
    together(|n| {
        for i in 0..200 {
            let span = tracer.span("work").start();
            if n == 0 && i == 100 {
                let _ = provider.shutdown();
            }
            span.set("k", i).end();
        }
    });
    let stats = provider.stats();
    assert!(stats.balances(), "{stats:#?}");
    assert_eq!(stats.started, THREADS as u64 * 200);
    assert_eq!(stats.live, 0);
}

#[test]
fn a_tracer_serves_many_threads() {
    let provider = memory().build().unwrap();
    let tracer = provider.tracer("t");
    together(|_| {
        for _ in 0..100 {
            let _outer = tracer.span("outer").enter();
            tracer.span("inner").start().end();
        }
    });
    let spans = spans(&provider);
    let ids: HashSet<_> = spans.iter().map(|span| span.span_id).collect();
    assert_eq!(
        (spans.len(), ids.len()),
        (THREADS * 200, THREADS * 200),
        "ids are unique"
    );
    let traces: HashSet<_> = spans.iter().map(|span| span.trace_id).collect();
    assert_eq!(traces.len(), THREADS * 100);
}

#[test]
fn a_span_serves_many_threads() {
    let provider = memory()
        .options(|options| options.limits.events = Some(10_000))
        .build()
        .unwrap();
    let span = provider.tracer("t").span("s").start();
    together(|n| {
        for i in 0..100 {
            span.set(&format!("thread {n}"), i);
            span.add_event(&format!("event {n}"), &[("i", i.into())]);
            span.add_link(span.context(), &[]);
            span.set_status(StatusCode::Error, "x").update_name("renamed");
            assert!(span.is_recording());
        }
    });
    span.end();
    let span = only_span(&provider);
    assert_eq!(span.attributes.len(), THREADS);
    assert!(
        span.attributes
            .iter()
            .all(|attribute| attribute.value == 99.into())
    );
    assert_eq!(
        (span.events.len(), span.links.len() as u32 + span.dropped_links),
        (THREADS * 100, THREADS as u32 * 100)
    );
    // Each thread's events are in the order of its calls.
    for n in 0..THREADS {
        let name = format!("event {n}");
        let own = span.events.iter().filter(|event| event.name == name);
        let order: Vec<_> = own.map(|event| event.attributes[0].value.clone()).collect();
        assert_eq!(order, (0..100).map(Into::into).collect::<Vec<_>>());
    }
}

#[test]
fn setting_while_another_thread_ends_is_never_torn() {
    for _ in 0..50 {
        let provider = memory().build().unwrap();
        let span = provider.tracer("t").span("s").start();
        together(|n| match n {
            0 => span.end(),
            _ => {
                span.set(
                    &format!("k{n}"),
                    "a text that is long enough to be written in pieces",
                );
            }
        });
        let span = only_span(&provider);
        for attribute in &span.attributes {
            assert_eq!(
                attribute.value.as_str(),
                Some("a text that is long enough to be written in pieces")
            );
        }
    }
}

#[test]
fn a_span_ends_on_another_thread_once() {
    let provider = memory().build().unwrap();
    let span = provider.tracer("t").span("s").start();
    together(|_| span.end());
    assert_eq!(spans(&provider).len(), 1);
    assert_eq!(finish(&provider).ended, 1);
}
