//! OTLP 1.11: the trace messages, written and read without a second span model.
