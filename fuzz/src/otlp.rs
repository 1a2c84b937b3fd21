//! The OTLP readers.

use spanline_core::wire::otlp::{
    RequestView, RpcStatus, SpanEdit, SpanView, decode_request_json, decode_request_protobuf,
    decode_response, decode_response_json, write_json_request, write_json_span,
};

/// The input is taken for each message and for JSON.
pub fn otlp(input: &[u8]) {
    // Unchecked bytes read as something, without a panic.
    json(SpanView::ours(input));
    let _ = decode_response(input);
    let _ = decode_response_json(input);
    let _ = RpcStatus::decode(input);
    let _ = RpcStatus::decode_json(input);
    if let Ok(span) = SpanView::check(input) {
        checked(span);
    }
    if let Ok(request) = decode_request_protobuf(input) {
        let mut text = String::new();
        write_json_request(request, &mut text).expect("writing to a String");
        decode_request_json(text.as_bytes()).expect("our own JSON");
        for scope in request.resource_spans().flat_map(|group| group.scope_spans()) {
            scope.spans().flatten().for_each(checked);
        }
    }
    if let Ok(request) = decode_request_json(input) {
        // The bytes of numbers and of framing may take more room than their JSON, but never much more.
        assert!(request.protobuf.len() <= 4 * input.len());
        for group in decode_request_protobuf(&request.protobuf)
            .expect("our own request")
            .resource_spans()
        {
            for span in group.scope_spans().flat_map(|scope| scope.spans()) {
                checked(span.expect("our own span"));
            }
        }
    }
}

fn json(span: SpanView<'_>) -> String {
    let mut text = String::new();
    write_json_span(span, &mut text).expect("writing to a String");
    text
}

/// What holds for every span that was accepted.
fn checked(span: SpanView<'_>) {
    assert!(span.trace_id().is_valid() && span.span_id().is_valid());
    assert_eq!(SpanEdit::new(span).finish(), span.as_bytes());
    let mut edit = SpanEdit::new(span);
    edit.set_name("edited")
        .set_attribute("edited", 1.into())
        .remove_attribute("gone");
    let edited = edit.finish();
    let view = SpanView::check(&edited).expect("an edited span");
    assert_eq!(view.name(), "edited");
    assert!(view.attribute("edited").is_some() && view.attribute("gone").is_none());

    // JSON, and back.
    let text = json(span);
    let request = format!("{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{text}]}}]}}]}}");
    let request = decode_request_json(request.as_bytes()).expect("our own JSON");
    assert!(request.rejected.is_empty(), "{:?}", request.rejected);
    let groups = RequestView::ours(&request.protobuf).resource_spans();
    let again = groups
        .flat_map(|group| group.scope_spans())
        .flat_map(|scope| scope.spans())
        .next();
    assert_eq!(json(again.expect("one span").expect("a good span")), text);
}
