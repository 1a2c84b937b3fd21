//! Which provider `span!` and global tracers use: that of the current span, else the thread's, else the global one.

use super::{Owner, Provider, Shared};
use crate::latest::Latest;
use crate::local::{self, Local};
use spanline_core::semconv::Conventions;
use spanline_engine::{Error, ErrorKind};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, Ordering};

/// The number of the global provider, 0 while there is none.
static GLOBAL_ID: AtomicU32 = AtomicU32::new(0);
/// Kept when it is replaced, since a handle may be anywhere.
static GLOBAL: Latest<Provider> = Latest::new();

/// The provider of this thread's spans.
#[inline]
pub(crate) fn current_id() -> u32 {
    local::with(current_id_in)
}

/// As [`current_id`], for a thread whose state is at hand.
#[inline]
pub(crate) fn current_id_in(local: &Local) -> u32 {
    let current = local.head.provider();
    if current != 0 {
        return current;
    }
    match local.override_provider.get() {
        0 => GLOBAL_ID.load(Ordering::Relaxed),
        id => id,
    }
}

/// The global provider, once one was started.
pub fn global() -> Option<Provider> {
    GLOBAL.get().cloned()
}

/// What the global provider shares, when it has this number.
#[inline]
pub(crate) fn global_of(id: u32) -> Option<&'static Shared> {
    GLOBAL
        .get()
        .map(|provider| &**provider.shared())
        .filter(|shared| shared.id == id)
}

/// What instrumentations go by on this thread.
pub(crate) fn conventions() -> Conventions {
    let id = current_id();
    if let Some(global) = global_of(id) {
        return global.config.conventions.clone();
    }
    let shared = super::registry::find(id);
    shared.map_or_else(Conventions::default, |shared| shared.config.conventions.clone())
}

/// Makes a provider the global one, until it has shut down and another is started.
pub(crate) fn set_global(provider: &Provider) -> Result<(), Error> {
    if GLOBAL.get().is_some_and(|known| !known.shared().is_shut_down()) {
        return Err(Error::new(
            ErrorKind::AlreadyStarted,
            "a global provider is running: shut it down first, or use build() for a provider of your own",
        ));
    }
    GLOBAL.set(provider.clone());
    GLOBAL_ID.store(provider.shared().id, Ordering::Release);
    Ok(())
}

/// A provider set for a thread; see [`Provider::enter`]. Not `Send`.
#[derive(Debug)]
#[must_use = "the provider is set until this is dropped"]
pub struct Override {
    _provider: Provider,
    before: u32,
    _thread: PhantomData<*const Owner>,
}

impl Override {
    pub(super) fn new(provider: Provider) -> Self {
        let id = provider.shared().id;
        let before = local::with(|local| local.override_provider.replace(id));
        Self {
            _provider: provider,
            before,
            _thread: PhantomData,
        }
    }
}

impl Drop for Override {
    fn drop(&mut self) {
        local::with(|local| local.override_provider.set(self.before));
    }
}
