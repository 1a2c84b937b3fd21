//! `cargo xtask demo`: the collector and the example services, from a real request to a picture.
//!
//! What the example (package `spanline-example-orders`) promises: its services `payments` and `orders` listen at the address in
//! `LISTEN`, print `listening on ADDRESS` as a line of its own once they answer, send their spans
//! to `OTEL_EXPORTER_OTLP_ENDPOINT` and end on SIGTERM; `orders` finds the other one by `PAYMENTS_URL`; `driver` sends
//! orders to `ORDERS_URL`, of which one is declined and one fails on purpose, and exits with 0 when every answer was the
//! expected one.

mod api;
mod expect;
mod processes;

use crate::root::target;
use crate::shell::{Run, interrupted};
use processes::{Program, port};
use std::time::{Duration, Instant};

/// How long a program may take to answer, and a trace to arrive. Only a broken one takes that long.
const PATIENCE: Duration = Duration::from_secs(30);

/// The command.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    let once = match args {
        [] => false,
        ["--once"] => true,
        _ => return Err("usage: cargo xtask demo [--once]".to_owned()),
    };
    println!("==> building the collector and the example services");
    build(&["spanline-collector", "spanline-example-orders"])?;
    let (otlp, query) = (port(4318)?, port(16686)?);
    println!("==> starting the collector: receives at 127.0.0.1:{otlp}, shows at 127.0.0.1:{query}");
    let collector = start_collector(otlp, query)?;
    wait(
        "the collector",
        || api::services(query).is_ok().then_some(()),
        &[&collector],
    )?;

    let endpoint = format!("http://127.0.0.1:{otlp}");
    println!("==> starting the services payments and orders");
    let payments = service("payments", &endpoint, &[])?;
    let address = wait("payments", || address_of(&payments), &[&collector])?;
    let url = ("PAYMENTS_URL", format!("http://{address}"));
    let orders = service("orders", &endpoint, &[url])?;
    let address = wait("orders", || address_of(&orders), &[&collector, &payments])?;
    println!("==> sending orders to http://{address}/orders");
    let driver = binary("driver").env("ORDERS_URL", format!("http://{address}"));
    println!("{}", driver.limit(PATIENCE).output()?.trim_end());

    println!("==> reading the traces back from the collector's API");
    let traces = wait(
        "the traces",
        || expect::all(&api::traces(query, "orders").ok()?),
        &[&collector, &payments, &orders],
    )
    .map_err(|why| {
        format!(
            "{why}\nthe API says: {}",
            api::traces(query, "orders").map_or_else(|e| e, |t| t.to_string())
        )
    })?;
    for id in [&traces.paid, &traces.failed] {
        let drawn = wait("the waterfall", || block(&collector.output(), id), &[&collector])?;
        println!("\n{drawn}");
    }
    println!("\n==> read back: an order that was paid, one declined and one failed, each with its parents");
    if once {
        println!("    `cargo xtask demo` stays, and shows them on a page");
    } else {
        println!("    the page:     http://127.0.0.1:{query}/");
        println!(
            "    one as JSON:  http://127.0.0.1:{query}/api/traces/{}",
            traces.paid
        );
        println!("    the code:     examples/orders");
        println!("    another order, of a book or a pencil, with a good, declined or broken card:");
        println!("    curl http://{address}/orders --json '{ORDER}'");
        println!("==> showing what comes; Ctrl-C ends everything\n");
        stay(&collector, &[&payments, &orders])?;
    }
    for program in [orders, payments, collector] {
        program.stop();
    }
    Ok(())
}

/// An order as the service takes it.
const ORDER: &str = r#"{"item":"book","quantity":1,"card":"good"}"#;
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Builds packages in debug, which from nothing is faster than release.
pub(crate) fn build(packages: &[&str]) -> Result<(), String> {
    let chosen = packages.iter().flat_map(|package| ["-p", *package]);
    Run::cargo(["build"].into_iter().chain(chosen)).shown_run()
}

fn binary(name: &str) -> Run {
    Run::new(
        &target().join("debug").join(name).display().to_string(),
        std::iter::empty::<&str>(),
    )
}

fn start_collector(otlp: u16, query: u16) -> Result<Program, String> {
    let (otlp, query) = (format!("127.0.0.1:{otlp}"), format!("127.0.0.1:{query}"));
    let path = target().join("debug/spanline-collector").display().to_string();
    let run = Run::new(
        &path,
        ["--otlp-http", &otlp, "--query", &query, "--print-traces", "100"],
    );
    // Its output goes through a file; colours are still wanted when ours goes to a terminal.
    let colours =
        std::io::IsTerminal::is_terminal(&std::io::stdout()) && std::env::var_os("NO_COLOR").is_none();
    Program::start(
        "collector",
        if colours {
            run.env("CLICOLOR_FORCE", "1")
        } else {
            run
        },
    )
}

fn service(name: &'static str, endpoint: &str, more: &[(&str, String)]) -> Result<Program, String> {
    let mut run = binary(name).env("LISTEN", "127.0.0.1:0").env(ENDPOINT, endpoint);
    for (name, value) in more {
        run = run.env(name, value);
    }
    Program::start(name, run)
}

/// The address in the line that a service prints when it is ready.
fn address_of(service: &Program) -> Option<String> {
    let output = service.output();
    let (whole_lines, _) = output.rsplit_once('\n')?;
    let line = whole_lines
        .lines()
        .find_map(|line| line.trim().strip_prefix("listening on "))?;
    Some(
        line.trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned(),
    )
}

/// Waits until `ready` has something, while the given programs are alive.
fn wait<T>(what: &str, ready: impl Fn() -> Option<T>, alive: &[&Program]) -> Result<T, String> {
    let start = Instant::now();
    loop {
        if let Some(value) = ready() {
            return Ok(value);
        }
        if interrupted() {
            return Err("interrupted".to_owned());
        }
        alive.iter().try_for_each(|program| program.check())?;
        if start.elapsed() > PATIENCE {
            return Err(format!("waited {} s for {what}", PATIENCE.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The paragraph of the collector's output that draws this trace, once it is complete.
fn block(output: &str, id: &str) -> Option<String> {
    let (complete, _) = output.rsplit_once("\n\n")?;
    complete
        .split("\n\n")
        .find(|block| block.contains(id))
        .map(|block| block.trim_matches('\n').to_owned())
}

/// Shows what the collector prints from now on, until Ctrl-C.
fn stay(collector: &Program, others: &[&Program]) -> Result<(), String> {
    let mut shown = collector.output().len();
    while !interrupted() {
        let output = collector.output();
        if let Some(new) = output.get(shown..).filter(|new| !new.is_empty()) {
            print!("{new}");
            let _ = std::io::Write::flush(&mut std::io::stdout());
            shown = output.len();
        }
        collector.check()?;
        others.iter().try_for_each(|program| program.check())?;
        std::thread::sleep(Duration::from_millis(100));
    }
    println!("\n==> stopping");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::block;

    #[test]
    fn a_block_is_taken_when_it_is_complete() {
        let output = "greeting\n\ntrace aa11\n  a\n  b\n\ntrace bb22\n  c";
        assert_eq!(block(output, "aa11").as_deref(), Some("trace aa11\n  a\n  b"));
        assert_eq!(block(output, "bb22"), None);
        assert_eq!(
            block(&format!("{output}\n\n"), "bb22").as_deref(),
            Some("trace bb22\n  c")
        );
    }
}
