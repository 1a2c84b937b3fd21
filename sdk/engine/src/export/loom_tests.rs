//! Every interleaving, within a bound of preemptions, of threads that write and leave and the drain that sleeps, is
//! woken and shuts down: the engine whole, with chunks of two records. Run by `cargo xtask test --all`.

use super::{
    batch::{EncodedPart, Envelope},
    pipeline::{Cutting, Next, Pipeline},
};
use crate::{
    engine::{Bounds, Engine, Wake},
    queue::producer::Producer,
    stats::Life,
    sync::{Arc, AtomicBool, Ordering},
};
use alloc::boxed::Box;
use loom::thread;
use spanline_core::SpanLimits;

/// What `unpark` leaves behind for a thread that parks.
#[derive(Clone)]
struct Token(Arc<AtomicBool>);

impl Wake for Token {
    fn wake(&self) {
        self.0.swap(true, Ordering::AcqRel);
    }
}

struct Plain(EncodedPart);

impl Envelope for Plain {
    fn resource(&self) -> &EncodedPart {
        &self.0
    }
    fn scope(&self, _: u16) -> &EncodedPart {
        &self.0
    }
}

/// The drain's thread.
struct Sleeper {
    pipeline: Pipeline,
    token: Token,
    taken: u64,
}

impl Sleeper {
    /// Takes what there is until it would sleep with nobody having woken it.
    fn run(&mut self) {
        loop {
            match self
                .pipeline
                .next(0, true, true, &mut Plain(EncodedPart::default()))
            {
                Next::Deliver(batch) => self.taken += batch.spans(),
                Next::WaitUntil(_) => {}
                Next::Wait if self.token.0.swap(false, Ordering::AcqRel) => {}
                Next::Wait => return,
            }
        }
    }

    /// As when the thread is unparked; it stays asleep when it was not.
    fn run_if_woken(&mut self) {
        if self.token.0.swap(false, Ordering::AcqRel) {
            self.run();
        }
    }
}

fn engine() -> (Arc<Engine>, Sleeper) {
    let token = Token(Arc::new(AtomicBool::new(false)));
    let engine = Engine::new(
        1,
        1,
        SpanLimits::default(),
        Bounds::default(),
        Box::new(token.clone()),
    );
    let pipeline = Pipeline::new(engine.clone(), Cutting::default());
    let sleeper = Sleeper {
        pipeline,
        token,
        taken: 0,
    };
    (engine, sleeper)
}

fn write(producer: &mut Producer, byte: u8) {
    producer.count(Life::SampleNone);
    producer.count(Life::Ended);
    producer.append(1, 0, |message| message[0] = byte);
}

fn model(f: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(f);
}

#[test]
fn a_new_thread_wakes_a_drain_that_goes_to_sleep() {
    model(|| {
        let (engine, mut drain) = engine();
        let thread = thread::spawn(move || {
            let mut producer = Producer::new(engine);
            write(&mut producer, 1);
            producer
        });
        drain.run();
        let _alive = thread.join().unwrap();
        drain.run_if_woken();
        assert_eq!(drain.taken, 1);
    });
}

#[test]
fn each_record_of_a_known_thread_wakes_a_drain_that_sleeps() {
    model(|| {
        let (engine, mut drain) = engine();
        let mut producer = Producer::new(engine);
        write(&mut producer, 1);
        drain.run();
        let thread = thread::spawn(move || {
            // The second fills the chunk, the third needs another one.
            write(&mut producer, 2);
            write(&mut producer, 3);
            producer
        });
        drain.run_if_woken();
        let _alive = thread.join().unwrap();
        drain.run_if_woken();
        assert_eq!(drain.taken, 3);
    });
}

#[test]
fn a_thread_that_leaves_loses_nothing_and_keeps_nothing() {
    model(|| {
        let (engine, mut drain) = engine();
        let mut producer = Producer::new(engine.clone());
        write(&mut producer, 1);
        let thread = thread::spawn(move || {
            write(&mut producer, 2);
            drop(producer);
        });
        drain.run();
        thread.join().unwrap();
        drain.run_if_woken();
        assert_eq!(drain.taken, 2);
        assert_eq!(engine.chunk_bytes(), 0, "its chunk is given back");
        let stats = engine.stats();
        assert_eq!(stats.accepted, 2, "its counts are kept");
        assert!(stats.balances());
    });
}

/// After the drain has run once behind `close`, nothing accepted is left behind and nothing late was taken.
fn shut_down(known: bool) {
    let (engine, mut drain) = engine();
    let mut producer = known.then(|| Producer::new(engine.clone()));
    if let Some(producer) = &mut producer {
        write(producer, 1);
    }
    let thread = {
        let engine = engine.clone();
        thread::spawn(move || {
            let mut producer = producer.unwrap_or_else(|| Producer::new(engine));
            write(&mut producer, 2);
            producer
        })
    };
    engine.close();
    drain.run();
    // The drain's thread ends here, whoever wakes it later.
    let _alive = thread.join().unwrap();
    let stats = engine.stats();
    assert!(stats.balances());
    assert_eq!(drain.taken, stats.accepted);
    assert_eq!(drain.taken + stats.dropped.after_shutdown, 1 + u64::from(known));
}

#[test]
fn at_shutdown_what_a_known_thread_writes_is_taken_or_counted_as_late() {
    model(|| shut_down(true));
}

#[test]
fn at_shutdown_what_a_new_thread_writes_is_taken_or_counted_as_late() {
    model(|| shut_down(false));
}
