//! What this build can do, by the names that the table of options uses.

/// The features of this build.
pub(crate) const FEATURES: &[&str] = &[
    #[cfg(feature = "config-file")]
    "config-file",
    #[cfg(feature = "doctor")]
    "doctor",
    #[cfg(feature = "grpc")]
    "grpc",
    #[cfg(feature = "http")]
    "http",
    #[cfg(feature = "regex")]
    "regex",
    #[cfg(feature = "spool")]
    "spool",
    #[cfg(feature = "tls")]
    "tls",
    #[cfg(feature = "webpki-roots")]
    "webpki-roots",
    #[cfg(feature = "zstd")]
    "zstd",
];
