//! The instrumentation scopes of a provider, numbered; found and added without a lock.

use crate::log;
use once_cell::race::OnceBox;
use spanline_core::InstrumentationScope;
use spanline_core::wire::otlp;
use spanline_engine::EncodedPart;
use std::sync::Arc;

const SEGMENT: usize = 64;
const SEGMENTS: usize = 64;

/// A scope and its encoding.
#[derive(Debug)]
pub(crate) struct KnownScope {
    /// Shared by whoever keeps spans.
    pub(crate) scope: Arc<InstrumentationScope>,
    pub(crate) encoded: EncodedPart,
}

/// Up to 4,096 scopes; a further one shares the number of the nameless scope 0.
pub(crate) struct Scopes {
    segments: [OnceBox<[OnceBox<KnownScope>; SEGMENT]>; SEGMENTS],
}

impl std::fmt::Debug for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|known| &known.scope.name))
            .finish()
    }
}

impl Scopes {
    pub(crate) fn new() -> Self {
        let scopes = Self {
            segments: [const { OnceBox::new() }; SEGMENTS],
        };
        scopes.number(&InstrumentationScope::default());
        scopes
    }

    fn place(&self, at: usize) -> Option<&OnceBox<KnownScope>> {
        let segment = self.segments.get(at / SEGMENT)?;
        segment
            .get_or_init(|| Box::new(std::array::from_fn(|_| OnceBox::new())))
            .get(at % SEGMENT)
    }

    fn iter(&self) -> impl Iterator<Item = &KnownScope> {
        self.segments
            .iter()
            .map_while(OnceBox::get)
            .flat_map(|segment| segment.iter())
            .map_while(OnceBox::get)
    }

    /// The number of this scope; the same for an equal one. 0 when there is no room.
    pub(crate) fn number(&self, scope: &InstrumentationScope) -> u16 {
        for at in 0..SEGMENT * SEGMENTS {
            let Some(place) = self.place(at) else { break };
            let known = place.get_or_init(|| Box::new(KnownScope::new(scope.clone())));
            if *known.scope == *scope {
                return at as u16;
            }
        }
        let message =
            format_args!("more than 4096 instrumentation scopes: further ones are exported without a name");
        log::report(log::Level::Warn, "scopes", message);
        0
    }

    /// The scope of this number; scope 0 when it was never given.
    pub(crate) fn get(&self, number: u16) -> Option<&KnownScope> {
        self.place(number.into())?.get().or_else(|| self.place(0)?.get())
    }
}

impl Scopes {
    /// The scope of exactly this number.
    #[cfg_attr(not(all(feature = "spool", target_os = "linux")), expect(dead_code))]
    pub(crate) fn known(&self, number: u16) -> Option<&KnownScope> {
        self.segments
            .get(usize::from(number) / SEGMENT)?
            .get()?
            .get(usize::from(number) % SEGMENT)?
            .get()
    }
}

impl KnownScope {
    fn new(scope: InstrumentationScope) -> Self {
        let (head, tail) = otlp::encode_scope(&scope);
        Self {
            scope: Arc::new(scope),
            encoded: EncodedPart { head, tail },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_scopes_share_a_number() {
        let scopes = Scopes::new();
        let named = InstrumentationScope::named("a");
        let versioned = InstrumentationScope {
            version: Some("1".into()),
            ..named.clone()
        };
        let number = scopes.number(&named);
        assert_eq!(scopes.number(&named), number);
        assert_ne!(scopes.number(&versioned), number);
        assert_eq!(scopes.number(&InstrumentationScope::default()), 0);
        assert_eq!(scopes.get(number).map(|known| &*known.scope), Some(&named));
    }

    #[test]
    fn too_many_scopes_lose_only_their_name() {
        let scopes = Scopes::new();
        for n in 0..5000 {
            scopes.number(&InstrumentationScope::named(format!("scope-{n}")));
        }
        assert_eq!(scopes.number(&InstrumentationScope::named("one more")), 0);
    }
}
