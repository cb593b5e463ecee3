//! Binding the listeners: a taken port is one line that says who has it and how to move us.

use crate::ports;
use crate::settings::Wish;
use anyhow::bail;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, UdpSocket};

/// A bound listener and its address.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) listener: TcpListener,
    pub(crate) address: SocketAddr,
}

/// What happens when the port is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IfTaken {
    /// Say so and give up.
    Refuse,
    /// Take a free one and say so.
    TakeFree,
}

/// Binds to the address of a wish.
///
/// # Errors
/// One line: the port is taken (by whom), may not be used, or the address is not this machine's.
pub(crate) fn bind(wish: &Wish, if_taken: IfTaken) -> anyhow::Result<Bound> {
    let mut failure = None;
    for address in wish.resolve()? {
        match TcpListener::bind(address) {
            Ok(listener) => return bound(listener),
            Err(e) => failure = Some((address, e)),
        }
    }
    let Some((address, error)) = failure else {
        bail!("`{}` has no address for {}", wish.address, wish.what);
    };
    match error.kind() {
        ErrorKind::AddrInUse if if_taken == IfTaken::TakeFree => {
            let free = bound(TcpListener::bind(SocketAddr::new(address.ip(), 0))?)?;
            tracing::info!(
                "{address} is taken{}; {} listens on {} instead",
                by(address),
                wish.what,
                free.address
            );
            Ok(free)
        }
        ErrorKind::AddrInUse => bail!(
            "{address} for {} is taken{}; stop that program, or move this listener with {}: port 0 picks a free one",
            wish.what,
            by(address),
            wish.moved_by
        ),
        ErrorKind::PermissionDenied => bail!(
            "{address} for {} may not be used by this user; ports below 1024 are the system's; move it with {}",
            wish.what,
            wish.moved_by
        ),
        ErrorKind::AddrNotAvailable => bail!(
            "{address} for {} is no address of this machine; change {}",
            wish.what,
            wish.moved_by
        ),
        _ => bail!(
            "{address} for {}: {error}; change {}",
            wish.what,
            wish.moved_by
        ),
    }
}

/// A listener for TCP, and a socket for UDP under the same number.
#[derive(Debug)]
pub(crate) struct BoundBoth {
    pub(crate) tcp: Bound,
    pub(crate) udp: UdpSocket,
}

/// Receive buffer asked of the system, bytes; it gives what it allows (reliability.md §3).
const RECEIVE_BYTES: usize = 8 << 20;
/// Numbers tried when any will do: one may be free for TCP and taken for UDP.
const TRIES: usize = 16;

/// As [`bind`], for TCP and UDP under one number.
///
/// # Errors
/// As [`bind`].
pub(crate) fn bind_both(wish: &Wish, if_taken: IfTaken) -> anyhow::Result<BoundBoth> {
    let mut failure = None;
    for _ in 0..TRIES {
        let tcp = bind(wish, if_taken)?;
        match bind_udp(tcp.address) {
            Ok(udp) => return Ok(BoundBoth { tcp, udp }),
            Err(e) => failure = Some((tcp.address, e)),
        }
        let any = wish.resolve()?.iter().all(|a| a.port() == 0);
        if !any && if_taken == IfTaken::Refuse {
            break;
        }
        if !any {
            // Its number is taken for UDP: any other will do.
            let free = wish.resolve()?.first().map(|a| SocketAddr::new(a.ip(), 0));
            let address = free.map_or_else(|| wish.address.clone(), |a| a.to_string());
            return bind_both(
                &Wish {
                    address,
                    ..wish.clone()
                },
                if_taken,
            );
        }
    }
    match failure {
        Some((address, error)) => bail!(
            "{address} for {} cannot be used for UDP: {error}; is an X-Ray daemon running? stop it, or move this listener with {}",
            wish.what,
            wish.moved_by
        ),
        None => bail!("`{}` has no address for {}", wish.address, wish.what),
    }
}

fn bind_udp(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    let asked = socket2::SockRef::from(&socket);
    asked.set_recv_buffer_size(RECEIVE_BYTES)?;
    if let Ok(got) = asked.recv_buffer_size()
        && got < RECEIVE_BYTES
    {
        tracing::info!(
            "the system gives UDP {address} a receive buffer of {got} bytes, {RECEIVE_BYTES} were asked: net.core.rmem_max"
        );
    }
    Ok(socket)
}

fn by(address: SocketAddr) -> String {
    ports::holder(address).map_or(String::new(), |who| format!(" by {who}"))
}

fn bound(listener: TcpListener) -> anyhow::Result<Bound> {
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok(Bound { listener, address })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(address: &str) -> Wish {
        Wish {
            what: "HTTP",
            moved_by: "--http",
            address: address.into(),
        }
    }

    #[test]
    fn a_taken_port_is_one_line_that_names_flag_and_holder() {
        let first = bind(&wish("127.0.0.1:0"), IfTaken::Refuse).unwrap();
        let taken = wish(&first.address.to_string());
        let error = bind(&taken, IfTaken::Refuse).unwrap_err().to_string();
        assert!(
            error.contains("--http") && error.contains("taken"),
            "{error}"
        );
        assert_eq!(error.lines().count(), 1);
        let other = bind(&taken, IfTaken::TakeFree).unwrap();
        assert_ne!(other.address.port(), first.address.port());
    }
}
