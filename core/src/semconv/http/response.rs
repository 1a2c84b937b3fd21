//! What a request ended with.

use super::{size, write_version};
use crate::Value;
use crate::semconv::network::Socket;
use crate::semconv::sink::Writer;
use crate::semconv::{Conventions, Names, Outcome, Sink, attribute};

/// What is known when a request is over: once the head of the response was read, or was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HttpResponse<'a> {
    /// The status code that was received or sent.
    pub status_code: Option<u16>,
    /// What failed beside the status code: the type of an exception that left the handler, the kind of a broken
    /// connection. It makes the request a failure, whatever the code.
    pub error_type: Option<&'a str>,
    /// The message of that failure.
    pub error_message: &'a str,
    /// The caller cancelled the request on purpose: nothing failed. Of clients only.
    pub cancelled: bool,
    /// The route, where the request did not have it yet. Of servers only.
    pub route: Option<&'a str>,
    /// Address of the other side of the socket, where the request did not have it yet.
    pub peer_address: Option<&'a str>,
    /// Port of the other side of the socket.
    pub peer_port: Option<u16>,
    /// Version of HTTP, where the request did not have it yet.
    pub protocol_version: &'a str,
    /// Bytes of the body, as sent; only where they shall be recorded.
    pub body_size: Option<u64>,
}

impl<'a> HttpResponse<'a> {
    /// The end of a server's span. Codes from 500 and those that are none are failures; those from 400 are the
    /// client's.
    pub fn server(&self, conventions: &Conventions) -> HttpEnd<'a> {
        let code = self.status_code.filter(|code| !(100..500).contains(code));
        HttpEnd {
            response: *self,
            names: conventions.http,
            outcome: self.outcome(code),
        }
    }

    /// The end of a client's span. Codes from 400 and those that are none are failures.
    pub fn client(&self, conventions: &Conventions) -> HttpEnd<'a> {
        let code = self.status_code.filter(|code| !(100..400).contains(code));
        let outcome = if self.cancelled {
            Outcome::UNSET
        } else {
            self.outcome(code)
        };
        HttpEnd {
            response: HttpResponse { route: None, ..*self },
            names: conventions.http,
            outcome,
        }
    }

    fn outcome(&self, failed: Option<u16>) -> Outcome<'a> {
        match (self.error_type, failed) {
            (Some(error_type), _) => Outcome::failed(error_type, self.error_message),
            (None, Some(code)) => Outcome::of_code(code),
            (None, None) => Outcome::UNSET,
        }
    }
}

/// How the span of a request ends: [`HttpResponse::server`], [`HttpResponse::client`].
#[derive(Clone, Copy, Debug)]
pub struct HttpEnd<'a> {
    response: HttpResponse<'a>,
    names: Names,
    outcome: Outcome<'a>,
}

impl<'a> HttpEnd<'a> {
    /// The status of the span.
    pub const fn outcome(&self) -> &Outcome<'a> {
        &self.outcome
    }

    /// The attributes to end the span with, `error.type` among them.
    pub fn attributes<'s>(&'s self, sink: Sink<'_, 's>) {
        let out = &mut Writer::new(self.names, sink);
        let response = &self.response;
        out.set_some(
            attribute::HTTP_RESPONSE_STATUS_CODE,
            "http.status_code",
            response.status_code,
        );
        out.new_some(attribute::HTTP_ROUTE, response.route);
        out.new_some(attribute::ERROR_TYPE, self.outcome.error_type());
        Socket {
            peer_address: response.peer_address,
            peer_port: response.peer_port,
            transport: None,
        }
        .write(out);
        write_version(out, response.protocol_version);
        out.set_some(
            attribute::HTTP_RESPONSE_BODY_SIZE,
            "http.response_content_length",
            size(response.body_size).map(Value::I64),
        );
    }
}
