//! The other side of a call, as far as the attributes tell.

use super::super::tags::Tags;
use crate::wire::otlp::ValueView;
use core::net::IpAddr;

/// Who is at the other side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Remote<'a> {
    /// By the name of a service or host.
    Service(&'a str),
    /// By its address; the port is not 0.
    Address(IpAddr, Option<u16>),
}

/// Attributes that name the other side, the best first; with that of the port where the value may be an address.
const RANKS: [(&str, Option<&str>); 12] = [
    ("peer.service", None),
    ("service.peer.name", None),
    ("server.address", None),
    ("net.peer.name", None),
    ("network.peer.address", Some("network.peer.port")),
    ("server.socket.domain", None),
    ("server.socket.address", Some("server.socket.port")),
    ("net.sock.peer.name", None),
    ("net.sock.peer.addr", Some("net.sock.peer.port")),
    ("peer.hostname", None),
    ("peer.address", None),
    ("db.name", None),
];

/// The other side by the attributes of a span.
pub(super) fn remote<'a>(attributes: &Tags<'a>) -> Option<Remote<'a>> {
    RANKS.into_iter().find_map(|(key, port)| {
        let text = attributes.get(key)?.as_str().filter(|text| !text.is_empty())?;
        let address = port.and_then(|port| Some((port, text.parse::<IpAddr>().ok()?)));
        Some(match address {
            Some((port, address)) => Remote::Address(address, attributes.get(port).and_then(number)),
            None => Remote::Service(text),
        })
    })
}

fn number(port: ValueView<'_>) -> Option<u16> {
    u16::try_from(port.as_i64()?).ok().filter(|&port| port > 0)
}
