//! Zipkin's and Jaeger's formats, read by decoders that are not this project's: `prost` for protobuf, `thrift` for
//! Thrift. Which field has which number is written down here a second time, from the formats' own definitions.
//!
//! What is read comes as JSON: Zipkin as its own JSON form, both of Jaeger's formats in one form (see [`jaeger`]), so that
//! they can be compared with each other.

pub mod jaeger;
pub mod zipkin;
