//! Span limits (OpenTelemetry SDK "Span Limits", "Attribute Limits").

/// How much of one attribute value is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ValueLimits {
    /// Strings longer than this many Unicode scalar values, and bytes longer than this, are cut. Default: none.
    pub length: Option<u32>,
    /// Arrays and maps nested deeper than this become the empty value; a top-level value has depth 1. Default: 64.
    pub depth: u32,
}

impl Default for ValueLimits {
    fn default() -> Self {
        Self {
            length: None,
            depth: 64,
        }
    }
}

/// How much one span keeps. What exceeds a count is discarded and counted; the newcomer goes, never the oldest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpanLimits {
    /// Attributes of a span. Default: 128.
    pub attributes: u32,
    /// Events of a span. Default: 128.
    pub events: u32,
    /// Links of a span. Default: 128.
    pub links: u32,
    /// Attributes of one event. Default: 128.
    pub event_attributes: u32,
    /// Attributes of one link. Default: 128.
    pub link_attributes: u32,
    /// Length and depth of each value, also in events and links.
    pub value: ValueLimits,
}

impl Default for SpanLimits {
    fn default() -> Self {
        Self {
            attributes: 128,
            events: 128,
            links: 128,
            event_attributes: 128,
            link_attributes: 128,
            value: ValueLimits::default(),
        }
    }
}
