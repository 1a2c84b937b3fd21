//! What the scenarios have in common, and the row that each leaves for the table of faults.

use crate::host::{Ended, Host, LIMIT, Setup};
use spanline_test_vectors::serde_json::json;
use spanline_test_vectors::server::{Script, Server, SpanKey, Step};
use std::path::PathBuf;

/// Names the folder for the rows of the table; the long scenarios are long only when it is set.
const TABLE: &str = "SPANLINE_FAULTS_TABLE";

/// Spans of a scenario that needs only some.
pub(crate) const SPANS: u64 = 10;

/// Whether the table is being made: there is time for the long scenarios.
pub(crate) fn takes_its_time() -> bool {
    std::env::var_os(TABLE).is_some()
}

/// Runs scenarios side by side, as most of them only wait.
pub(crate) fn side_by_side(scenarios: &[&(dyn Fn() + Sync)]) {
    std::thread::scope(|scope| {
        let threads: Vec<_> = scenarios.iter().map(|scenario| scope.spawn(scenario)).collect();
        let failed = threads
            .into_iter()
            .map(|thread| thread.join())
            .filter(Result::is_err);
        assert_eq!(failed.count(), 0, "scenarios failed; see above");
    });
}

/// A line of the table. `id` is its place in it.
pub(crate) fn row(id: &str, fault: &str, happened: &str, ended: &Ended) {
    let Some(folder) = std::env::var_os(TABLE).map(PathBuf::from) else {
        return;
    };
    let said: Vec<String> = ended.log.iter().map(|line| without_places(line)).collect();
    let row = json!({
        "fault": fault,
        "happened": happened,
        "statistics": ended.told.line(),
        "said": said,
        "memory_kib": [ended.at_start, ended.told.number("peak")],
    });
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{id}.json")), row.to_string()).unwrap();
}

/// Without the addresses and folders of this run.
pub(crate) fn without_places(line: &str) -> String {
    let folder = std::env::temp_dir().display().to_string();
    let line = line.replace(&folder, "FOLDER");
    ["127.0.0.1:", "localhost:"].iter().fold(line, |line, host| {
        let mut parts = line.split(host);
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            text += "HOST:PORT";
            text += part.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        text
    })
}

/// One fault: what the receiver does, and how the host is set up.
pub(crate) struct Fault<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) script: Script,
    /// Changes the set-up of the host.
    pub(crate) setup: fn(Setup) -> Setup,
}

/// A fault that is over in one scenario, with a plain receiver.
pub(crate) fn fault<'a>(id: &'a str, name: &'a str, steps: impl IntoIterator<Item = Step>) -> Fault<'a> {
    Fault {
        id,
        name,
        script: Script::once(steps),
        setup: |setup| setup,
    }
}

impl Fault<'_> {
    pub(crate) fn setup(mut self, setup: fn(Setup) -> Setup) -> Self {
        self.setup = setup;
        self
    }

    fn start(&self) -> (Server, Host, Vec<SpanKey>) {
        let server = Server::start(self.script.clone());
        let mut host = (self.setup)(Setup::to(&server.url())).start();
        host.make(SPANS);
        let ids = host.ids();
        assert_eq!(ids.len() as u64, SPANS);
        (server, host, ids)
    }

    /// It passes: after so many attempts everything has arrived, the same bytes each time. The pauses are the exporter's
    /// own: nobody flushes.
    #[track_caller]
    pub(crate) fn retried(self, attempts: u64) -> Server {
        let server = Server::start(self.script.clone());
        let setup = Setup::to(&server.url()).variable("OTEL_BSP_SCHEDULE_DELAY", "50");
        let mut host = (self.setup)(setup).start();
        host.make(SPANS);
        let ids = host.ids();
        assert!(server.ledger().wait_for(ids.len(), LIMIT), "{}", self.name);
        let ended = host.shutdown();
        arrived(&server, &ids);
        assert_eq!(
            (ended.told.of("exported"), ended.told.of("attempts")),
            (SPANS, attempts),
            "{}: {ended:?}",
            self.name
        );
        assert!(!ended.log.is_empty(), "{}: said nothing", self.name);
        let happened = format!("sent again until taken, in {attempts} attempts; nothing lost");
        row(self.id, self.name, &happened, &ended);
        server
    }

    /// It is final: the spans are counted under the reason, a line says so, and what follows is sent as ever.
    #[track_caller]
    pub(crate) fn refused(self, reason: &str, said: &str) -> Server {
        let (server, mut host, ids) = self.start();
        let told = host.flush();
        let counted = [(reason.to_owned(), SPANS)];
        assert_eq!(
            (told.failed(), told.of("attempts")),
            (counted.into(), 1),
            "{}",
            self.name
        );
        assert_eq!(server.ledger().missing(&ids).len() as u64, SPANS);
        host.make(SPANS);
        let next = host.ids();
        let ended = host.shutdown();
        arrived(&server, &next);
        assert!(
            ended.log.iter().any(|line| line.contains(said)),
            "{}: {:?}",
            self.name,
            ended.log
        );
        let happened = "not sent again, counted by reason; the next batch arrives";
        row(self.id, self.name, happened, &ended);
        server
    }

    /// The receiver has taken them, whatever it answered; `said` stands in the log.
    #[track_caller]
    pub(crate) fn counts_as_delivered(self, said: &str) -> Ended {
        let (server, mut host, ids) = self.start();
        host.flush();
        let ended = host.shutdown();
        arrived(&server, &ids);
        assert_eq!(ended.told.of("attempts"), 1, "{}", self.name);
        assert!(
            ended.log.iter().any(|line| line.contains(said)),
            "{}: {:?}",
            self.name,
            ended.log
        );
        ended
    }

    /// The receiver has taken them, but its answer is one that is not read: counted under the reason.
    #[track_caller]
    pub(crate) fn answer_not_read(self, reason: &str, said: &str) {
        let (id, name) = (self.id, self.name);
        let ended = self.counts_as_delivered(said);
        assert_eq!(ended.told.failed(), [(reason.to_owned(), SPANS)]);
        let grown = ended.told.number("peak") - ended.at_start;
        assert!(grown < 24 << 10, "{grown} KiB");
        row(
            id,
            name,
            "not read to its end, not sent again, counted by reason",
            &ended,
        );
    }

    /// Nothing happened that the sender need speak of; it took so many requests.
    #[track_caller]
    pub(crate) fn delivers(self, requests: usize) -> (Server, Ended) {
        let (server, mut host, ids) = self.start();
        host.flush();
        let ended = host.shutdown();
        arrived(&server, &ids);
        assert_eq!(ended.told.of("exported"), SPANS, "{}", self.name);
        assert_eq!(server.handled().len(), requests, "{}", self.name);
        (server, ended)
    }
}

/// All of these were taken, each once, and what came again was the same as before.
#[track_caller]
pub(crate) fn arrived(server: &Server, ids: &[SpanKey]) {
    let ledger = server.ledger();
    assert_eq!(
        ledger.missing_after(ids, LIMIT).len(),
        0,
        "missing of {}",
        ids.len()
    );
    assert_eq!(
        (ledger.repeated(), ledger.altered(), ledger.undecodable()),
        (0, 0, 0)
    );
}
