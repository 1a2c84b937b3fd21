use super::*;
use crate::export::{ExportBatch, SpanExporter};
use spanline_core::wire::otlp::RequestView;
use spanline_engine::AnswerStatus;
use std::sync::{Arc, Mutex};

/// Keeps the batch.
#[derive(Clone, Debug, Default)]
struct Keep(Arc<Mutex<Vec<Arc<Batch>>>>);

impl SpanExporter for Keep {
    fn export(&self, batch: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        self.0.lock().unwrap().push(batch.batch.clone());
        ExportResult::success()
    }
}

/// A batch of these spans.
fn batch(names: &[&str]) -> Arc<Batch> {
    let keep = Keep::default();
    let provider = crate::init()
        .without_environment()
        .delay_ms(3_600_000)
        .add_exporter("keep", keep.clone())
        .build()
        .unwrap();
    let tracer = provider.tracer("t");
    for name in names {
        tracer.span(name).start().end();
    }
    assert!(provider.flush().complete);
    let batches = keep.0.lock().unwrap();
    assert_eq!(batches.len(), 1);
    batches[0].clone()
}

fn names(request: &[u8]) -> Vec<String> {
    let groups = RequestView::ours(request).resource_spans();
    let scopes = groups.flat_map(|group| group.scope_spans());
    let spans = scopes.flat_map(|scope| scope.spans());
    spans.map(|span| span.unwrap().name().to_owned()).collect()
}

/// Sends with a limit by the number of spans; gives what `answer` got, and the result.
fn send_up_to(
    most: usize,
    batch: &Batch,
    resume: &mut Resume,
    mut answer: impl FnMut(&[String]) -> ExportResult,
) -> (Vec<Vec<String>>, ExportResult) {
    let mut sent = Vec::new();
    let result = send(batch, resume, None, |request, left| {
        assert_eq!(left, None);
        let names = names(request);
        (names.len() <= most).then(|| {
            let result = answer(&names);
            sent.push(names);
            result
        })
    });
    (sent, result)
}

fn ok() -> ExportResult {
    ExportResult::success().status(AnswerStatus::Http(200))
}

#[test]
fn a_batch_is_halved_until_it_fits() {
    let batch = batch(&["a", "b", "c", "d", "e", "f", "g"]);
    let mut resume = Resume::default();
    let (sent, result) = send_up_to(9, &batch, &mut resume, |_| ok());
    assert_eq!((sent, result), (vec![names(batch.body())], ok()));
    let (sent, result) = send_up_to(3, &batch, &mut resume, |_| ok());
    assert_eq!(sent.concat(), names(batch.body()));
    let sizes: Vec<usize> = sent.iter().map(Vec::len).collect();
    assert_eq!((sizes, result), (vec![2, 2, 2, 1], ok()));
    let (sent, result) = send_up_to(0, &batch, &mut resume, |_| ok());
    assert_eq!((sent.len(), result), (0, ExportResult::failure("too_large")));
}

#[test]
fn what_was_delivered_is_not_sent_again() {
    let batch = batch(&["a", "b", "c", "d"]);
    let mut resume = Resume::default();
    let (sent, result) = send_up_to(2, &batch, &mut resume, |names| match names[0].as_str() {
        "a" => ExportResult::partial_success(1),
        _ => ExportResult::retry(),
    });
    assert_eq!((sent.len(), result), (2, ExportResult::retry()));
    let (sent, result) = send_up_to(2, &batch, &mut resume, |_| ok());
    assert_eq!(sent, [["c", "d"]]);
    let status = AnswerStatus::Http(200);
    assert_eq!(result, ExportResult::partial_success(1).status(status));
    // Done: the next time it is another batch.
    assert_eq!(send_up_to(2, &batch, &mut resume, |_| ok()).0.len(), 2);
}

#[test]
fn another_batch_is_not_mistaken_for_one_that_was_begun() {
    let (first, second) = (batch(&["a", "b"]), batch(&["a", "b"]));
    let mut resume = Resume::default();
    let begun = send_up_to(1, &first, &mut resume, |names| match names[0].as_str() {
        "a" => ok(),
        _ => ExportResult::retry(),
    });
    assert_eq!(begun.1, ExportResult::retry());
    let (sent, _) = send_up_to(1, &second, &mut resume, |_| ok());
    assert_eq!(sent, [["a"], ["b"]]);
}

#[test]
fn parts_that_are_refused_count_with_those_that_arrive() {
    let batch = batch(&["a", "b", "c"]);
    let mut resume = Resume::default();
    let refused = || ExportResult::failure("400").status(AnswerStatus::Http(400));
    let (sent, result) = send_up_to(1, &batch, &mut resume, |names| match names[0].as_str() {
        "b" => refused(),
        _ => ok(),
    });
    let status = AnswerStatus::Http(200);
    assert_eq!(
        (sent.len(), result),
        (3, ExportResult::partial_success(1).status(status))
    );
    let (sent, result) = send_up_to(1, &batch, &mut resume, |_| refused());
    assert_eq!((sent.len(), result), (3, refused()));
    let (sent, result) = send_up_to(1, &batch, &mut resume, |_| ExportResult::failure("tls"));
    assert_eq!(
        (sent.len(), result),
        (1, ExportResult::failure("tls")),
        "the others would fare no better"
    );
}
