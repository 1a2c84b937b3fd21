//! What counts how much.

use crate::SpanKind;
use crate::sample::AttributeSource;
use alloc::borrow::Cow;

/// What kind of work a span stands for, told by the attributes given at creation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[non_exhaustive]
pub enum OperationClass {
    /// It has an attribute `http.*` or `url.*`.
    Http,
    /// It has an attribute `db.*`.
    Database,
    /// It has an attribute `messaging.*`.
    Messaging,
    /// It has an attribute `rpc.*`.
    Rpc,
    /// None of these.
    Other,
}

impl OperationClass {
    /// The class of a span with these attributes; the first attribute that tells decides.
    pub fn of(attributes: &dyn AttributeSource) -> Self {
        let mut class = None;
        attributes.visit(&mut |key, _| {
            let told = match key.split_once('.') {
                Some(("http" | "url", _)) => Self::Http,
                Some(("db", _)) => Self::Database,
                Some(("messaging", _)) => Self::Messaging,
                Some(("rpc", _)) => Self::Rpc,
                _ => return,
            };
            class.get_or_insert(told);
        });
        class.unwrap_or(Self::Other)
    }
}

/// The weights of [`SpanKind`]s.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct KindWeights {
    /// Default: -1.
    pub internal: f64,
    /// Default: 0.5.
    pub server: f64,
    /// Default: 0.
    pub client: f64,
    /// Default: 0.
    pub producer: f64,
    /// Default: 0.5.
    pub consumer: f64,
}

impl Default for KindWeights {
    fn default() -> Self {
        Self {
            internal: -1.0,
            server: 0.5,
            client: 0.0,
            producer: 0.0,
            consumer: 0.5,
        }
    }
}

/// The weights of [`OperationClass`]es.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct ClassWeights {
    /// Default: 0.5.
    pub http: f64,
    /// Default: 0.
    pub database: f64,
    /// Default: 0.5.
    pub messaging: f64,
    /// Default: 0.5.
    pub rpc: f64,
    /// Default: 0.
    pub other: f64,
}

impl Default for ClassWeights {
    fn default() -> Self {
        Self {
            http: 0.5,
            database: 0.0,
            messaging: 0.5,
            rpc: 0.5,
            other: 0.0,
        }
    }
}

/// The weights of [`super::Scored`]. With `s` as their sum below, the probability is `1 / (1 + e^-s)`, but between `min`
/// and `max`. At the defaults an HTTP server's operation without errors or slowness has 5 %, one with a tenth of errors
/// 25 %, one that always fails 95 %.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct ScoreOptions {
    /// Always added. Default: -4.
    pub bias: f64,
    /// One of them is added.
    pub kind: KindWeights,
    /// One of them is added.
    pub class: ClassWeights,
    /// The attribute, given at creation, that says how critical the operation is: a number from 0 to 1, `true`, or one of
    /// `critical` (1), `high` (2/3), `medium` (1/3), `low` (0). Default: `spanline.criticality`.
    pub criticality_key: Cow<'static, str>,
    /// Times what that attribute says; without it 0. Default: 6.
    pub criticality: f64,
    /// Times the operation's mean duration `d` as `d / (d + duration_scale_ms)`. Default: 3.
    pub duration: f64,
    /// The mean duration in milliseconds that counts half. Above 0. Default: 1,000.
    pub duration_scale_ms: f64,
    /// Times the square root of the share of the operation's spans that end with an error. Default: 6.
    pub errors: f64,
    /// The smallest probability, at least 2^-56. Default: 0.001.
    pub min: f64,
    /// The largest probability, at most 1. Default: 1.
    pub max: f64,
    /// Operations, by name and kind, whose means are kept at most (64 bytes each; rounded up to a power of two, 65,536 at
    /// most). Further ones share one mean. Default: 1,024.
    pub max_operations: usize,
}

impl Default for ScoreOptions {
    fn default() -> Self {
        Self {
            bias: -4.0,
            kind: KindWeights::default(),
            class: ClassWeights::default(),
            criticality_key: Cow::Borrowed("spanline.criticality"),
            criticality: 6.0,
            duration: 3.0,
            duration_scale_ms: 1000.0,
            errors: 6.0,
            min: 0.001,
            max: 1.0,
            max_operations: 1024,
        }
    }
}

impl ScoreOptions {
    pub(super) const fn of_kind(&self, kind: SpanKind) -> f64 {
        match kind {
            SpanKind::Internal => self.kind.internal,
            SpanKind::Server => self.kind.server,
            SpanKind::Client => self.kind.client,
            SpanKind::Producer => self.kind.producer,
            SpanKind::Consumer => self.kind.consumer,
        }
    }

    pub(super) const fn of_class(&self, class: OperationClass) -> f64 {
        match class {
            OperationClass::Http => self.class.http,
            OperationClass::Database => self.class.database,
            OperationClass::Messaging => self.class.messaging,
            OperationClass::Rpc => self.class.rpc,
            OperationClass::Other => self.class.other,
        }
    }

    /// Whether every weight is a number, and the others are in their ranges.
    pub(super) fn is_usable(&self) -> bool {
        let KindWeights {
            internal,
            server,
            client,
            producer,
            consumer,
        } = self.kind;
        let ClassWeights {
            http,
            database,
            messaging,
            rpc,
            other,
        } = self.class;
        let kinds = [internal, server, client, producer, consumer];
        let classes = [http, database, messaging, rpc, other];
        let others = [self.bias, self.criticality, self.duration, self.errors];
        let mut weights = kinds.iter().chain(&classes).chain(&others);
        weights.all(|weight| weight.is_finite())
            && self.duration_scale_ms.is_finite()
            && self.duration_scale_ms > 0.0
            && self.min <= self.max
    }
}
