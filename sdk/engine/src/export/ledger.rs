//! What a spool learns of a batch, and what a batch tells of a process that is gone.

use super::batch::{EncodedPart, Envelope};
use alloc::{sync::Arc, vec::Vec};
use spanline_core::{InstrumentationScope, Resource, wire::otlp};

/// Published bytes of one slot of a spool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece {
    /// The slot's number.
    pub slot: u32,
    /// The first byte, from the start of the slot.
    pub from: u32,
    /// The byte behind the last.
    pub to: u32,
}

/// Where it is written down how far each exporter is done with the spans that a spool keeps.
pub trait Ledger: Send + Sync + core::fmt::Debug {
    /// The exporter of this number, from 0, is done with these bytes: delivered, refused, or given up for good. Called
    /// once for each exporter and piece, in any order.
    fn settled(&self, exporter: usize, pieces: &[Piece]);
}

/// Where the spans of a batch lie.
#[derive(Debug)]
pub(crate) struct Receipt {
    ledger: Arc<dyn Ledger>,
    pieces: Vec<Piece>,
}

impl Receipt {
    pub(crate) fn new(ledger: Arc<dyn Ledger>, pieces: Vec<Piece>) -> Self {
        Self { ledger, pieces }
    }

    pub(crate) fn settle(&self, exporter: usize) {
        self.ledger.settled(exporter, &self.pieces);
    }
}

/// A process that is gone and left spans: its resource and its scopes.
#[derive(Clone, Debug)]
pub struct Source {
    resource: Resource,
    encoded_resource: EncodedPart,
    scopes: Vec<(InstrumentationScope, EncodedPart)>,
}

impl Source {
    /// A process with this resource, and its scopes by number. Scope 0 is the nameless one when there is none.
    pub fn new(resource: Resource, scopes: impl IntoIterator<Item = InstrumentationScope>) -> Self {
        let (head, tail) = otlp::encode_resource(&resource);
        let mut scopes: Vec<_> = scopes
            .into_iter()
            .map(|scope| {
                let (head, tail) = otlp::encode_scope(&scope);
                (scope, EncodedPart { head, tail })
            })
            .collect();
        if scopes.is_empty() {
            let scope = InstrumentationScope::default();
            let (head, tail) = otlp::encode_scope(&scope);
            scopes.push((scope, EncodedPart { head, tail }));
        }
        Self {
            resource,
            encoded_resource: EncodedPart { head, tail },
            scopes,
        }
    }

    /// The resource of all its spans.
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// The scope of this number; scope 0 when the process left none with it.
    pub fn instrumentation_scope(&self, number: u16) -> Option<&InstrumentationScope> {
        let known = self.scopes.get(usize::from(number)).or(self.scopes.first());
        known.map(|(scope, _)| scope)
    }
}

impl Default for Source {
    fn default() -> Self {
        Self::new(Resource::empty(), [])
    }
}

impl Envelope for Source {
    fn resource(&self) -> &EncodedPart {
        &self.encoded_resource
    }

    fn scope(&self, number: u16) -> &EncodedPart {
        static NONE: EncodedPart = EncodedPart {
            head: Vec::new(),
            tail: Vec::new(),
        };
        let known = self.scopes.get(usize::from(number)).or(self.scopes.first());
        known.map_or(&NONE, |(_, encoded)| encoded)
    }
}
