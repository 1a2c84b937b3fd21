//! A port that stays ours while nobody listens on it.

use socket2::{Domain, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// A port of the loopback interface: connections to it are refused until it is listened on, and again after that. Nobody
/// else gets it meanwhile.
#[derive(Debug)]
pub struct Port {
    /// Bound and never listening.
    _held: Socket,
    address: SocketAddr,
}

impl Port {
    /// A free port.
    pub fn new() -> io::Result<Self> {
        let held = bound((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = held.local_addr()?.as_socket();
        Ok(Self {
            _held: held,
            address: address.ok_or(io::ErrorKind::AddrNotAvailable)?,
        })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens. With a small `receive_buffer` a sender notices early that nobody reads.
    pub(super) fn listen(&self, receive_buffer: Option<usize>) -> io::Result<TcpListener> {
        let socket = bound(self.address)?;
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        socket.listen(128)?;
        Ok(socket.into())
    }
}

fn bound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn a_port_is_kept_while_nobody_listens() {
        let port = Port::new().unwrap();
        for _ in 0..3 {
            let refused = TcpStream::connect(port.address()).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
            let listener = port.listen(None).unwrap();
            TcpStream::connect(port.address()).unwrap();
            drop(listener);
        }
    }
}
