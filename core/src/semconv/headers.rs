//! Headers and metadata that the user wants to see.

use super::{Conventions, Names};
use crate::Value;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Which headers become attributes, with the names of these. Made once, asked for each request.
///
/// No header is recorded unless it is named here; what may hold credentials (`authorization`, `cookie`) should not be.
///
/// ```
/// use spanline_core::Value;
/// use spanline_core::semconv::{CapturedHeaders, Conventions};
/// let captured = CapturedHeaders::of_requests(["X-Tenant"], &Conventions::default());
/// let headers = [("X-Tenant", "a"), ("Accept", "*/*"), ("x-tenant", "b")];
/// let mut attributes = Vec::new();
/// captured.attributes(
///     &mut |name, values| {
///         let same = headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
///         values.extend(same.map(|(_, value)| *value));
///     },
///     &mut |key, value| attributes.push(format!("{key}={value:?}")),
/// );
/// assert_eq!(attributes, [r#"http.request.header.x-tenant=StrList(["a", "b"])"#]);
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CapturedHeaders(Vec<Captured>);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Captured {
    /// In lower case.
    header: Box<str>,
    key: Box<str>,
    old: Option<Box<str>>,
}

impl CapturedHeaders {
    /// None.
    pub const NONE: Self = Self(Vec::new());

    /// Headers of HTTP requests, by name in any case: `http.request.header.<name>`.
    pub fn of_requests<T: AsRef<str>>(names: impl IntoIterator<Item = T>, conventions: &Conventions) -> Self {
        Self::new(super::attribute::HTTP_REQUEST_HEADER, names, conventions.http)
    }

    /// Headers of HTTP responses: `http.response.header.<name>`.
    pub fn of_responses<T: AsRef<str>>(
        names: impl IntoIterator<Item = T>,
        conventions: &Conventions,
    ) -> Self {
        Self::new(super::attribute::HTTP_RESPONSE_HEADER, names, conventions.http)
    }

    /// Metadata of RPC requests: `rpc.request.metadata.<name>`.
    pub fn of_rpc_requests<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Self {
        Self::new(super::attribute::RPC_REQUEST_METADATA, names, Names::Stable)
    }

    /// Metadata of RPC responses: `rpc.response.metadata.<name>`.
    pub fn of_rpc_responses<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Self {
        Self::new(super::attribute::RPC_RESPONSE_METADATA, names, Names::Stable)
    }

    fn new<T: AsRef<str>>(prefix: &str, names: impl IntoIterator<Item = T>, written: Names) -> Self {
        let mut all: Vec<Captured> = Vec::new();
        for name in names {
            let header: String = name.as_ref().trim().to_ascii_lowercase();
            if header.is_empty() || all.iter().any(|known| *known.header == *header) {
                continue;
            }
            // Dashes were underscores once.
            let old = (written == Names::Both && header.contains('-'))
                .then(|| format!("{prefix}.{}", header.replace('-', "_")).into());
            all.push(Captured {
                key: format!("{prefix}.{header}").into(),
                old,
                header: header.into(),
            });
        }
        Self(all)
    }

    /// Whether nothing is captured.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Asks for the values of each header, by its name in lower case, and gives those that are there on as attributes.
    pub fn attributes<'v>(
        &self,
        get: &mut dyn FnMut(&str, &mut Vec<&'v str>),
        sink: &mut dyn FnMut(&str, Value<'_>),
    ) {
        let mut values = Vec::new();
        for captured in &self.0 {
            values.clear();
            get(&captured.header, &mut values);
            if values.is_empty() {
                continue;
            }
            sink(&captured.key, Value::StrList(&values));
            if let Some(old) = &captured.old {
                sink(old, Value::StrList(&values));
            }
        }
    }
}
