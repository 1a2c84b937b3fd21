//! The names that options accept, as types.

macro_rules! named {
    ($($(#[$doc:meta])* pub enum $type:ident {
        $($(#[$variant_doc:meta])* $variant:ident = $name:literal $(| $alias:literal)*,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        pub enum $type {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $type {
            /// The name in configuration.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The value of this name, in any case.
            pub fn from_name(name: &str) -> Option<Self> {
                $(if name.eq_ignore_ascii_case($name) $(|| name.eq_ignore_ascii_case($alias))* {
                    return Some(Self::$variant);
                })*
                None
            }
        }

        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.name())
            }
        }
    )*};
}

named! {
    /// How an exporter speaks.
    pub enum Protocol {
        /// Protobuf over HTTP.
        HttpProtobuf = "http/protobuf",
        /// JSON over HTTP.
        HttpJson = "http/json",
        /// gRPC.
        Grpc = "grpc",
        /// Thrift's binary protocol over HTTP: Jaeger's own.
        HttpThriftBinary = "http/thrift.binary",
    }

    /// Compression of requests.
    pub enum Compression {
        /// None.
        None = "none",
        /// gzip.
        Gzip = "gzip",
        /// Zstandard.
        Zstd = "zstd",
    }

    /// Where spans go.
    pub enum Exporter {
        /// To an OTLP receiver.
        Otlp = "otlp",
        /// To Zipkin.
        Zipkin = "zipkin",
        /// To Jaeger in a format of its own.
        Jaeger = "jaeger",
        /// To a file, OTLP in JSON.
        File = "file",
        /// To standard output, OTLP in JSON.
        OtlpStdout = "otlp/stdout",
        /// To the terminal.
        Console = "console",
        /// To a list in memory that tests read.
        Memory = "memory",
        /// Nowhere, after real batching.
        Discard = "discard",
    }

    /// How much is said. A level includes those above it.
    #[derive(PartialOrd, Ord)]
    pub enum LogLevel {
        /// Nothing.
        None = "none",
        /// Something is lost or does not work.
        Error = "error",
        /// Something is not as it was meant.
        Warn = "warn",
        /// Something worth knowing, once.
        Info = "info",
        /// For finding faults.
        Debug = "debug",
        /// Everything.
        Trace = "trace" | "verbose",
    }

    /// Which clock spans are measured with.
    pub enum ClockSource {
        /// The processor's counter where it is invariant, else the system's monotonic clock.
        Auto = "auto",
        /// The system's monotonic clock.
        Monotonic = "monotonic",
    }
}
