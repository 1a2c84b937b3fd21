//! Reading and rewriting open spans through the public API.

use crate::common::{finish, memory, only_span};
use spanline::otlp::{Place, Rewrite};
use spanline::{
    Context, CurrentSpan, OwnedValue, SpanContext, SpanProcessor, StatusCode, TraceFlags, TraceState,
};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

/// Calls closures.
struct By<S, E> {
    start: S,
    ending: E,
}

impl<S, E> std::fmt::Debug for By<S, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("By")
    }
}

impl<S, E> SpanProcessor for By<S, E>
where
    S: Fn(&CurrentSpan) + Send + Sync,
    E: Fn(&CurrentSpan) + Send + Sync,
{
    fn on_start(&self, span: &CurrentSpan, _: &Context) {
        (self.start)(span);
    }

    fn on_ending(&self, span: &CurrentSpan) {
        (self.ending)(span);
    }
}

fn ending(ending: impl Fn(&CurrentSpan) + Send + Sync + 'static) -> impl SpanProcessor + 'static {
    By {
        start: |_: &CurrentSpan| {},
        ending,
    }
}

fn linked() -> SpanContext {
    let ids = (
        spanline::TraceId::from_bytes([7; 16]),
        spanline::SpanId::from_bytes([7; 8]),
    );
    SpanContext::new(ids.0, ids.1, TraceFlags::SAMPLED, true, TraceState::EMPTY)
}

#[test]
fn a_processor_sees_and_may_change_all_that_a_span_says() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = seen.clone();
    let processor = ending(move |span| {
        assert!(span.rewrite(|visited| {
            let text = visited.value.as_str().unwrap_or("?").to_owned();
            told.lock()
                .unwrap()
                .push((visited.place, visited.key.to_owned(), text.clone()));
            match (visited.key, visited.place) {
                ("goes", _) => Rewrite::Remove,
                ("stays", _) => Rewrite::Keep,
                ("number", _) => Rewrite::Replace(OwnedValue::F64(0.5)),
                _ => Rewrite::Replace(format!("new {text}").into()),
            }
        }));
    });
    let provider = memory().processor(processor).build().unwrap();
    let span = provider.tracer("t").span("name").start();
    span.set("goes", "1")
        .set("stays", "2")
        .set("number", 3)
        .set("text", "4");
    span.add_event("happened", &[("goes", "5".into()), ("text", "6".into())]);
    span.add_event("", &[("stays", "7".into())]);
    span.add_link(&linked(), &[("text", "8".into()), ("goes", "9".into())]);
    span.set_status(StatusCode::Error, "message");
    span.end();

    let expected = [
        (Place::Name, "", "name"),
        (Place::Attribute, "goes", "1"),
        (Place::Attribute, "stays", "2"),
        (Place::Attribute, "number", "?"),
        (Place::Attribute, "text", "4"),
        (Place::EventName(0), "", "happened"),
        (Place::EventAttribute(0), "goes", "5"),
        (Place::EventAttribute(0), "text", "6"),
        (Place::EventAttribute(1), "stays", "7"),
        (Place::LinkAttribute(0), "text", "8"),
        (Place::LinkAttribute(0), "goes", "9"),
        (Place::StatusMessage, "", "message"),
    ];
    let expected = expected.map(|(place, key, text)| (place, key.to_owned(), text.to_owned()));
    assert_eq!(*seen.lock().unwrap(), expected);
    let span = only_span(&provider);
    assert_eq!(
        (span.name.as_str(), span.status_message.as_str()),
        ("new name", "new message")
    );
    let pairs = |list: &[spanline::KeyValue]| -> Vec<(String, OwnedValue)> {
        let pairs = list.iter().map(|one| (one.key.to_string(), one.value.clone()));
        pairs.collect()
    };
    let text = |key: &str, text: &str| (key.to_owned(), OwnedValue::from(text.to_owned()));
    let number = ("number".to_owned(), OwnedValue::F64(0.5));
    assert_eq!(
        pairs(&span.attributes),
        [text("stays", "2"), number, text("text", "new 4")]
    );
    assert_eq!(span.events[0].name, "new happened");
    assert_eq!(pairs(&span.events[0].attributes), [text("text", "new 6")]);
    assert_eq!(pairs(&span.events[1].attributes), [text("stays", "7")]);
    assert_eq!(pairs(&span.links[0].attributes), [text("text", "new 8")]);
    let dropped =
        span.dropped_attributes + span.events[0].dropped_attributes + span.links[0].dropped_attributes;
    assert_eq!(dropped, 0, "what was removed was not dropped by a limit");
    finish(&provider);
}

#[test]
fn a_processor_may_take_back_what_a_span_starts_with_and_use_its_place() {
    let start = |span: &CurrentSpan| {
        assert_eq!(span.attribute("a"), Some("one".into()));
        assert!(span.remove("a") && !span.remove("a"));
        span.set("c", 3);
    };
    let provider = memory()
        .processor(By {
            start,
            ending: |_: &CurrentSpan| {},
        })
        .options(|options| options.limits.attributes = Some(2))
        .build()
        .unwrap();
    let attributes = [("a", "one".into()), ("b", 2.into())];
    let span = provider.tracer("t").span("s").attributes(&attributes).start();
    span.set("d", 4).end();
    assert!(!span.remove("b") && span.attribute("b").is_none(), "it has ended");
    assert!(!span.rewrite(|_| Rewrite::Remove) && span.read(|_| ()).is_none());
    let span = only_span(&provider);
    let keys: Vec<&str> = span.attributes.iter().map(|one| &*one.key).collect();
    assert_eq!((keys, span.dropped_attributes), (vec!["b", "c"], 1));
    finish(&provider);
}

#[test]
fn a_span_that_is_ending_is_read_with_its_end_and_changed_by_its_thread_alone() {
    let both = Arc::new(Barrier::new(2));
    let handed: Arc<Mutex<Option<CurrentSpan>>> = Arc::default();
    let (barrier, give) = (both.clone(), handed.clone());
    let processor = ending(move |span| {
        assert_eq!(span.read(|view| view.end_unix_nano() > 0), Some(true));
        *give.lock().unwrap() = Some(span.clone());
        barrier.wait();
        barrier.wait();
    });
    let provider = memory().processor(processor).build().unwrap();
    let span = provider.tracer("t").span("s").start();
    span.set("k", 1);
    assert_eq!(span.read(|view| view.end_unix_nano()), Some(0));
    let other = thread::spawn(move || {
        both.wait();
        let span = handed.lock().unwrap().take().unwrap();
        let results = (
            span.rewrite(|_| Rewrite::Remove),
            span.remove("k"),
            span.attribute("k"),
        );
        both.wait();
        results
    });
    span.end();
    assert_eq!(
        other.join().unwrap(),
        (false, false, Some(1_i64.into())),
        "it may look"
    );
    assert_eq!(only_span(&provider).attributes.len(), 1);
    finish(&provider);
}

#[test]
fn a_visit_that_panics_changes_nothing() {
    let processor = ending(|span| {
        span.rewrite(|visited| match visited.place {
            Place::Name => Rewrite::Replace("new".into()),
            _ => panic!("visit, as asked"),
        });
    });
    let provider = memory().processor(processor).build().unwrap();
    provider.tracer("t").span("old").start().set("k", 1).end();
    let span = only_span(&provider);
    assert_eq!((span.name.as_str(), span.attributes.len()), ("old", 1));
    assert_eq!(finish(&provider).caught_panics, 1);
}

/// Nothing is locked while the user's code looks, so it may do with the span what it likes.
#[test]
fn a_visit_may_change_the_span_itself() {
    let processor = ending(|span| {
        span.rewrite(|visited| {
            span.set("seen", 1).set("changed", "by the visit");
            match visited.key {
                "changed" | "other" => Rewrite::Replace("by the answer".into()),
                _ => Rewrite::Keep,
            }
        });
    });
    let provider = memory().processor(processor).build().unwrap();
    provider
        .tracer("t")
        .span("s")
        .start()
        .set("changed", "")
        .set("other", "")
        .end();
    let span = only_span(&provider);
    assert_eq!(span.attribute("seen"), Some(&1_i64.into()));
    assert_eq!(
        span.attribute("changed"),
        Some(&"by the visit".into()),
        "it came later"
    );
    assert_eq!(span.attribute("other"), Some(&"by the answer".into()));
    finish(&provider);
}

/// What changes between the look and the answer stays as it is.
#[test]
fn what_another_rewriting_has_changed_meanwhile_stays() {
    let processor = ending(|span| {
        let mut inner = false;
        span.rewrite(|visited| {
            if !std::mem::replace(&mut inner, true) {
                span.rewrite(|visited| match (visited.place, visited.key) {
                    (Place::EventAttribute(1) | Place::Attribute, "k") => Rewrite::Replace("inner".into()),
                    _ => Rewrite::Keep,
                });
            }
            match visited.key {
                "k" => Rewrite::Replace("outer".into()),
                _ => Rewrite::Keep,
            }
        });
    });
    let provider = memory().processor(processor).build().unwrap();
    let span = provider.tracer("t").span("s").start();
    span.set("k", "");
    for _ in 0..3 {
        span.add_event("e", &[("k", "".into())]);
    }
    span.end();
    let span = only_span(&provider);
    let events: Vec<_> = span
        .events
        .iter()
        .map(|event| event.attribute("k").cloned())
        .collect();
    assert_eq!(events, ["outer", "inner", "outer"].map(|text| Some(text.into())));
    assert_eq!(span.attribute("k"), Some(&"inner".into()));
    finish(&provider);
}

#[test]
fn a_rewriting_that_the_end_overtakes_changes_nothing() {
    let [begin, ending_now, answered] = [(); 3].map(|()| Arc::new(Barrier::new(2)));
    let (reached, done) = (ending_now.clone(), answered.clone());
    let processor = ending(move |_| {
        reached.wait();
        done.wait();
    });
    let provider = memory().processor(processor).build().unwrap();
    let span = Arc::new(provider.tracer("t").span("s").start());
    span.set("k", 1);
    let (seen, begun) = (span.clone(), begin.clone());
    let other = thread::spawn(move || {
        let mut first = true;
        let rewritten = seen.rewrite(|_| {
            if std::mem::take(&mut first) {
                begun.wait();
                ending_now.wait();
            }
            Rewrite::Remove
        });
        let mut shown = 0;
        let late = seen.rewrite(|_| {
            shown += 1;
            Rewrite::Keep
        });
        answered.wait();
        (rewritten, late, shown)
    });
    begin.wait();
    span.end();
    assert_eq!(other.join().unwrap(), (false, false, 0));
    let span = only_span(&provider);
    assert_eq!((span.name.as_str(), span.attributes.len()), ("s", 1));
    finish(&provider);
}
