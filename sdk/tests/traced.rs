//! `#[traced]` on functions of all kinds.

#[path = "traced_support/mod.rs"]
mod support;

use spanline::{OwnedValue, SpanKind, StatusCode, traced};
use std::cell::Cell;
use std::fmt::Debug;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Waker};
use support::{Declined, Nothing, block_on, one, pause, spans, text};

struct Till {
    total: u64,
    names: Vec<String>,
}

trait Pays {
    fn pay(&self) -> u64;
    /// A method with a body of its own.
    #[traced]
    fn pay_twice(&self) -> u64 {
        self.pay() * 2
    }
}

impl Pays for Till {
    #[traced]
    fn pay(&self) -> u64 {
        self.total
    }
}

impl Till {
    #[traced]
    fn count(&mut self, more: u64) -> u64 {
        self.total += more;
        self.total
    }

    #[traced]
    fn first(&self) -> Result<&str, Declined> {
        let name = self.names.first().ok_or(Declined(404))?;
        Ok(name)
    }

    #[traced]
    fn first_mut<'a>(&'a mut self, _other: &str) -> Result<&'a mut String, Declined> {
        self.names.first_mut().ok_or(Declined(404))
    }

    #[traced]
    async fn later(&mut self, more: u64) -> Result<&mut Vec<String>, Declined> {
        pause().await;
        self.total += more;
        Ok(&mut self.names)
    }
}

#[traced]
fn plain() {}

#[test]
fn the_span_has_the_functions_name_and_path() {
    let span = one(plain);
    assert_eq!(
        (&*span.name, span.kind, span.status),
        ("plain", SpanKind::Internal, StatusCode::Unset)
    );
    assert_eq!(text(&span, "code.function.name"), "traced::plain");
    assert_eq!(span.scope.name, env!("CARGO_PKG_NAME"));
    assert_eq!(span.attributes.len(), 1);
}

#[traced("charge card", kind = Client)]
fn r#try() {}

#[traced(kind = Server, name = "other name")]
fn named() {}

#[test]
fn name_and_kind_are_taken() {
    let span = one(r#try);
    assert_eq!((&*span.name, span.kind), ("charge card", SpanKind::Client));
    let span = one(named);
    assert_eq!((&*span.name, span.kind), ("other name", SpanKind::Server));
}

#[test]
fn methods_keep_their_borrows_and_tell_their_type() {
    let mut till = Till {
        total: 1,
        names: vec!["ada".into()],
    };
    let all = spans(|| {
        assert_eq!(till.count(2), 3);
        assert_eq!(till.first().unwrap(), "ada");
        till.first_mut("x").unwrap().push('!');
        assert_eq!(block_on(till.later(4)).unwrap().len(), 1);
        assert_eq!(till.pay_twice(), 14);
    });
    assert_eq!(till.names, ["ada!"]);
    let names: Vec<String> = all.iter().map(|span| text(span, "code.function.name")).collect();
    assert_eq!(
        names,
        [
            "traced::Till::count",
            "traced::Till::first",
            "traced::Till::first_mut",
            "traced::Till::later",
            "<traced::Till as traced::Pays>::pay",
            "traced::Pays::pay_twice",
        ]
    );
    assert_eq!(all[4].parent_span_id, all[5].span_id);
}

#[traced(record(count, name, rate, ?list, %shown, big, huge), fields("sum" = count + 1, "len" = name.len(), "why" = ?list.first()))]
#[allow(clippy::too_many_arguments)]
fn recorded(
    count: i32,
    name: &str,
    rate: f64,
    list: &[u8],
    shown: Declined,
    big: u64,
    huge: u64,
    hidden: &str,
) {
    let _ = (count, name, rate, list, shown, big, huge, hidden);
}

#[test]
fn arguments_are_recorded_as_what_they_are() {
    let span = one(|| recorded(1, "n", 0.5, &[1, 2], Declined(3), 7, u64::MAX, "secret"));
    let expected: [(&str, OwnedValue); 10] = [
        ("count", 1.into()),
        ("name", "n".into()),
        ("rate", 0.5.into()),
        ("list", "[1, 2]".into()),
        ("shown", "declined with code 3".into()),
        ("big", 7.into()),
        ("huge", "18446744073709551615".into()),
        ("sum", 2.into()),
        ("len", 1.into()),
        ("why", "Some(1)".into()),
    ];
    let recorded: Vec<(&str, OwnedValue)> = span.attributes[1..]
        .iter()
        .map(|attribute| (&*attribute.key, attribute.value.clone()))
        .collect();
    assert_eq!(recorded, expected);
}

struct Opaque;

#[traced(record_all, skip(secret, opaque))]
fn all<T: Debug + Clone>(
    &(left, ref right): &(bool, String),
    mut value: T,
    secret: &str,
    opaque: Opaque,
    r#type: Vec<i64>,
) {
    value = value.clone();
    let _ = (left, right, &value, secret, opaque, r#type);
}

#[test]
fn all_arguments_but_the_skipped_are_recorded() {
    let span = one(|| all(&(true, "r".into()), Some(1), "secret", Opaque, vec![1]));
    let recorded: Vec<(&str, OwnedValue)> = span.attributes[1..]
        .iter()
        .map(|attribute| (&*attribute.key, attribute.value.clone()))
        .collect();
    let expected: [(&str, OwnedValue); 4] = [
        ("left", true.into()),
        ("right", "r".into()),
        ("value", "Some(1)".into()),
        ("type", "[1]".into()),
    ];
    assert_eq!(recorded, expected);
}

thread_local! {
    static EVALUATED: Cell<u32> = const { Cell::new(0) };
}

fn evaluated() -> i64 {
    EVALUATED.set(EVALUATED.get() + 1);
    1
}

#[traced(fields("costly" = evaluated()))]
fn costly() {}

#[traced(fields("costly" = evaluated()))]
async fn costly_later() {}

#[test]
fn nothing_is_evaluated_unless_it_is_recorded() {
    costly();
    let disabled = spanline::init()
        .without_environment()
        .disabled(true)
        .build()
        .unwrap();
    {
        let _provider = disabled.enter();
        costly();
    }
    let off = spanline::init()
        .without_environment()
        .exporter("memory")
        .sampler("always_off")
        .build()
        .unwrap();
    {
        let _provider = off.enter();
        costly();
        block_on(costly_later());
    }
    assert_eq!(EVALUATED.get(), 0);
    one(costly);
    one(|| block_on(costly_later()));
    assert_eq!(EVALUATED.get(), 2);
}

/// Samples what it is told the cost of.
#[derive(Debug)]
struct ByCost;

impl spanline::Sampler for ByCost {
    fn should_sample(
        &self,
        request: &spanline::sample::SamplingRequest<'_>,
    ) -> spanline::sample::SamplingResult {
        let mut costly = false;
        request.attributes.visit(&mut |key, _| costly |= key == "costly");
        spanline::sample::SamplingResult::of(if costly {
            spanline::sample::Decision::RecordAndSample
        } else {
            spanline::sample::Decision::Drop
        })
    }

    fn description(&self) -> String {
        "ByCost".into()
    }
}

#[test]
fn a_sampler_sees_what_is_recorded() {
    let provider = spanline::init()
        .without_environment()
        .exporter("memory")
        .custom_sampler(ByCost)
        .build()
        .unwrap();
    {
        let _provider = provider.enter();
        costly();
        plain();
    }
    let all = provider.finished_spans().unwrap();
    assert_eq!(all.iter().map(|span| &*span.name).collect::<Vec<_>>(), ["costly"]);
}

#[traced]
async fn outer(deep: bool) -> u32 {
    pause().await;
    if deep { inner().await } else { 0 }
}

#[traced]
async fn inner() -> u32 {
    pause().await;
    plain();
    7
}

#[test]
fn the_span_of_a_future_is_current_at_each_poll_and_only_then() {
    let all = spans(|| {
        let waker = Waker::from(Arc::new(Nothing));
        let mut first = pin!(outer(true));
        let mut second = pin!(outer(false));
        let mut task = Context::from_waker(&waker);
        for round in 0.. {
            let done = first.as_mut().poll(&mut task).is_ready();
            assert!(!spanline::current_span().context().is_valid());
            if round < 2 {
                let _ = second.as_mut().poll(&mut task);
            }
            if done {
                break;
            }
        }
    });
    let named = |name: &str| all.iter().filter(|span| span.name == name).collect::<Vec<_>>();
    let (outers, inner, plain) = (named("outer"), named("inner")[0], named("plain")[0]);
    assert_eq!(all.len(), 4);
    assert_ne!(outers[0].trace_id, outers[1].trace_id);
    assert_eq!(plain.parent_span_id, inner.span_id);
    assert!(outers.iter().any(|outer| outer.span_id == inner.parent_span_id));
}

#[test]
fn a_future_begins_its_span_at_the_first_poll_and_ends_it_when_dropped() {
    assert!(spans(|| drop(inner())).is_empty());
    let span = one(|| {
        let waker = Waker::from(Arc::new(Nothing));
        let mut future = Box::pin(inner());
        assert!(
            future
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
    });
    assert_eq!((&*span.name, span.status), ("inner", StatusCode::Unset));
}

trait Store {
    fn load<'a>(
        &'a self,
        key: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<String, Declined>> + Send + 'a>>;
}

impl Store for Till {
    // As async_trait writes it.
    #[traced(record(key))]
    fn load<'a>(
        &'a self,
        key: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<String, Declined>> + Send + 'a>> {
        Box::pin(async move {
            pause().await;
            let name = self.names.iter().find(|name| *name == key).ok_or(Declined(404))?;
            Ok(name.clone())
        })
    }
}

#[traced(record(n))]
fn sized(n: i64) -> impl Future<Output = i64> + Send {
    async move {
        pause().await;
        n + 1
    }
}

#[test]
fn functions_that_return_a_future_are_asynchronous() {
    let till = Till {
        total: 0,
        names: vec![],
    };
    let span = one(|| drop(block_on(till.load("ada"))));
    assert_eq!(
        (text(&span, "key"), span.status),
        ("ada".to_owned(), StatusCode::Error)
    );
    assert_eq!(
        text(&span, "code.function.name"),
        "<traced::Till as traced::Store>::load"
    );
    assert!(spans(|| drop(sized(1))).is_empty());
    let span = one(|| assert_eq!(block_on(sized(1)), 2));
    assert_eq!(span.attribute("n"), Some(&1.into()));
}

/// Documented.
#[traced]
#[must_use = "the items"]
#[inline]
#[allow(clippy::needless_lifetimes, reason = "named lifetimes are to compile")]
fn generic<'a, T, const N: usize>(items: &'a [T; N], by: impl Fn(&T) -> bool) -> impl Iterator<Item = &'a T>
where
    T: PartialEq,
{
    items.iter().filter(move |item| by(item))
}

#[traced]
async fn shown(n: u8) -> impl std::fmt::Display {
    n
}

fn send<T: Send>(value: T) -> T {
    value
}

#[test]
fn generics_and_impl_trait_compile_and_futures_stay_send() {
    let span = one(|| assert_eq!(generic(&[1, 2, 3], |n| *n > 1).count(), 2));
    assert_eq!(text(&span, "code.function.name"), "traced::generic");
    let mut till = Till {
        total: 0,
        names: vec![],
    };
    spans(|| {
        assert_eq!(block_on(send(shown(3))).to_string(), "3");
        assert!(block_on(send(till.load("ada"))).is_err());
        assert!(block_on(send(till.later(0))).is_ok());
        std::thread::scope(|scope| {
            scope.spawn(|| block_on(inner()));
        });
    });
}
