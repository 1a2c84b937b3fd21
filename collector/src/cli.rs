//! The command line.

use crate::config::{Config, Cors, MIB};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::net::SocketAddr;

const AFTER: &str = "\
Both ports listen on this machine alone unless told otherwise; in a container use for example
  spanline-collector --otlp-http 0.0.0.0:4318 --query 0.0.0.0:16686

Send spans with any OpenTelemetry SDK: OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318
and OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf (or http/json). Then open http://localhost:16686.";

/// The program's command, for parsing and for its help.
pub fn command() -> Command {
    let bytes = "Bytes; a suffix KiB, MiB or GiB may follow";
    Command::new("spanline-collector")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Receives traces by OTLP/HTTP, keeps them in memory and shows them")
        .after_help(AFTER)
        .max_term_width(100)
        .args([
            address(
                "otlp-http",
                "127.0.0.1:4318",
                "Where OTLP/HTTP (protobuf, JSON; gzip) is received",
            ),
            address(
                "query",
                "127.0.0.1:16686",
                "Where the page and the query API are served",
            ),
            size(
                "memory",
                "256MiB",
                format!("Memory for kept traces; over it the oldest goes. {bytes}"),
            ),
            size(
                "max-body",
                "20MiB",
                format!("Longest request body, after decompression. {bytes}"),
            ),
            size(
                "max-in-flight",
                "64MiB",
                format!("All bodies being received together; over it: 503. {bytes}"),
            ),
            number(
                "max-connections",
                "512",
                "Open connections on each port; over it: 503",
            ),
            Arg::new("cors-origin")
                .long("cors-origin")
                .value_name("ORIGIN")
                .action(ArgAction::Append)
                .help("Web pages that may send spans: an origin (repeatable), * for all, none [default: *]"),
            Arg::new("quiet")
                .long("quiet")
                .short('q')
                .action(ArgAction::SetTrue)
                .help("Print no finished traces"),
            number(
                "print-traces",
                "5",
                "Traces printed each second; the rest are counted in one line",
            ),
            number(
                "print-spans",
                "50",
                "Spans printed of one trace; the rest are counted in one line",
            ),
        ])
}

fn address(name: &'static str, default: &'static str, help: &'static str) -> Arg {
    let parser = |text: &str| {
        text.parse::<SocketAddr>()
            .map_err(|_| "write an IP address and a port, such as 127.0.0.1:4318 or [::1]:4318")
    };
    Arg::new(name)
        .long(name)
        .value_name("ADDR")
        .default_value(default)
        .value_parser(parser)
        .help(help)
}

fn size(name: &'static str, default: &'static str, help: String) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("SIZE")
        .default_value(default)
        .value_parser(parse_size)
        .help(help)
}

fn number(name: &'static str, default: &'static str, help: &'static str) -> Arg {
    let parser = value_parser!(u32).range(1..);
    Arg::new(name)
        .long(name)
        .value_name("N")
        .default_value(default)
        .value_parser(parser)
        .help(help)
}

fn parse_size(text: &str) -> Result<usize, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim_start() {
        "" => 1,
        "KiB" | "K" | "k" => 1024,
        "MiB" | "M" | "m" => MIB,
        "GiB" | "G" | "g" => 1024 * MIB,
        _ => return Err("write a number of bytes, or one with KiB, MiB or GiB".to_owned()),
    };
    let number: usize = number
        .parse()
        .map_err(|_| "write a number of bytes, or one with KiB, MiB or GiB".to_owned())?;
    number
        .checked_mul(factor)
        .filter(|&bytes| bytes > 0)
        .ok_or_else(|| "out of range".to_owned())
}

/// The options in parsed arguments.
pub fn config(matches: &ArgMatches) -> Config {
    let defaults = Config::default();
    let address = |name, default| matches.get_one(name).copied().unwrap_or(default);
    let size = |name, default| matches.get_one::<usize>(name).copied().unwrap_or(default);
    let number = |name, default| matches.get_one::<u32>(name).map_or(default, |&n| n as usize);
    let origins: Vec<String> = matches
        .get_many("cors-origin")
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    let cors = match origins.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => defaults.cors,
        ["none"] => Cors::Off,
        ref some if some.contains(&"*") => Cors::Any,
        _ => Cors::Origins(origins),
    };
    Config {
        otlp_http: address("otlp-http", defaults.otlp_http),
        query: address("query", defaults.query),
        memory: size("memory", defaults.memory),
        max_body: size("max-body", defaults.max_body),
        max_in_flight: size("max-in-flight", defaults.max_in_flight),
        max_connections: number("max-connections", defaults.max_connections),
        cors,
        quiet: matches.get_flag("quiet"),
        print_traces: number("print-traces", defaults.print_traces),
        print_spans: number("print-spans", defaults.print_spans),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Config, clap::Error> {
        let args = std::iter::once(&"spanline-collector").chain(args);
        command()
            .try_get_matches_from(args)
            .map(|matches| config(&matches))
    }

    #[test]
    fn the_defaults_of_the_help_are_those_of_the_library() {
        command().debug_assert();
        let parsed = parse(&[]).expect("no arguments");
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn options_are_read() {
        let args = [
            "--otlp-http",
            "[::1]:1",
            "--memory",
            "1 GiB",
            "--max-body",
            "77",
            "-q",
            "--print-spans=9",
        ];
        let config = parse(&args).expect("valid");
        assert_eq!(config.otlp_http.to_string(), "[::1]:1");
        assert_eq!(
            (config.memory, config.max_body, config.print_spans),
            (1 << 30, 77, 9)
        );
        assert!(config.quiet);
        let cors = |args: &[&str]| parse(args).expect("valid").cors;
        assert_eq!(cors(&["--cors-origin", "none"]), Cors::Off);
        assert_eq!(
            cors(&["--cors-origin", "http://a", "--cors-origin", "*"]),
            Cors::Any
        );
        assert_eq!(
            cors(&["--cors-origin", "http://a"]),
            Cors::Origins(vec!["http://a".into()])
        );
    }

    #[test]
    fn bad_values_are_refused_with_advice() {
        for args in [
            ["--memory", "-1"],
            ["--memory", "0"],
            ["--memory", "1TB"],
            ["--query", "16686"],
            ["--print-traces", "0"],
        ] {
            assert!(parse(&args).is_err(), "{args:?}");
        }
        let error = parse(&["--otlp-http", "localhost"])
            .expect_err("no port")
            .to_string();
        assert!(error.contains("127.0.0.1:4318"), "{error}");
    }
}
