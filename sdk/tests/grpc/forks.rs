//! A forked child leaves its parent's connection alone and makes its own.

use super::*;
use crate::process::{forked, play};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

/// What the process does that forks.
pub(super) fn scenario(endpoint: &str) {
    let provider = build(endpoint, |builder| builder);
    let send = |name: &'static str| {
        provider.tracer("grpc").span(name).start().end();
        let report = provider.flush_within(LIMIT);
        assert!(report.complete && report.stats.balances(), "{:?}", report.stats);
        report.stats
    };
    send("before");
    forked(|| {
        assert_eq!(send("child").exporters[0].exported, 1);
    });
    // An attempt each: the connection is as it was.
    let stats = send("after");
    assert_eq!((stats.exporters[0].exported, stats.exporters[0].attempts), (2, 2));
}

#[test]
fn a_child_has_a_connection_of_its_own() {
    let _turn = turn();
    let receiver = Receiver::start();
    let ended = play("fork", &receiver.url());
    assert!(ended.status.success(), "{}", ended.output);
    let names: Vec<String> = receiver
        .calls()
        .iter()
        .flat_map(|call| {
            ExportTraceServiceRequest::decode(&call.message[..])
                .unwrap()
                .resource_spans
        })
        .flat_map(|resource| resource.scope_spans)
        .flat_map(|scope| scope.spans)
        .map(|span| span.name)
        .collect();
    assert_eq!(names, ["before", "child", "after"]);
    let connections: std::collections::HashSet<_> = receiver.calls().iter().map(|call| call.peer).collect();
    assert_eq!(connections.len(), 2);
}
