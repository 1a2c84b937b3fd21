//! The collector's program: reads the command line, runs until it is told to stop.

use spanline_collector::{Collector, command, config};
use std::process::ExitCode;

fn main() -> ExitCode {
    let config = config(&command().get_matches());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(async {
        let collector = match Collector::start(&config).await {
            Ok(collector) => collector,
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::FAILURE;
            }
        };
        spanline_collector::print(&collector.greeting());
        stop_signal().await;
        let summary = collector.stop().await;
        spanline_collector::print(&format!("\n{summary}"));
        ExitCode::SUCCESS
    });
    runtime.shutdown_background();
    code
}

/// Waits for Ctrl-C or, where there is one, SIGTERM.
#[cfg(unix)]
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut signals: Vec<_> = [SignalKind::interrupt(), SignalKind::terminate()]
        .into_iter()
        .filter_map(|kind| signal(kind).ok())
        .collect();
    std::future::poll_fn(|context| {
        let any = signals
            .iter_mut()
            .any(|signal| signal.poll_recv(context).is_ready());
        if any {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

#[cfg(not(unix))]
async fn stop_signal() {
    let _ = tokio::signal::ctrl_c().await;
}
