//! What this build can do, by the names that the table of options uses.

/// The features of this build.
pub(crate) const FEATURES: &[&str] = &[
    #[cfg(feature = "config-file")]
    "config-file",
    #[cfg(feature = "grpc")]
    "grpc",
    #[cfg(feature = "tls")]
    "tls",
    #[cfg(feature = "zstd")]
    "zstd",
    #[cfg(feature = "spool")]
    "spool",
];
