//! The host's side of published ports: sockets that listen, made before anything of the container
//! is, so that a port that is taken leaves nothing to undo.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketFlags, SocketType, bind, getsockname, listen, socket_with, sockopt,
};

use super::ports::{Port, Protocol, Publish, Published, Unavailable};

/// How many connections may wait to be taken; what the kernel allows by default.
const BACKLOG: i32 = 4096;

/// How often a free port is looked for that both IPv4 and IPv6 have.
const ATTEMPTS: usize = 16;

/// A socket of the host for one port of a container.
#[derive(Debug)]
pub(super) struct Listener {
    /// It never blocks.
    pub socket: OwnedFd,
    /// What it stands for.
    pub published: Published,
}

/// Listens for all of them, or for none.
pub(super) fn listen_for(asked: &[Publish]) -> Result<Vec<Listener>, Unavailable> {
    let mut listeners = Vec::new();
    for publish in asked {
        listeners.extend(listen_one(publish)?);
    }
    Ok(listeners)
}

/// Listens for one port: on one address, or on every address of IPv4 and, where the machine has it,
/// of IPv6.
fn listen_one(publish: &Publish) -> Result<Vec<Listener>, Unavailable> {
    let addresses = match publish.address {
        Some(address) => vec![address],
        None => vec![
            IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        ],
    };
    let (first, last) = publish.host;
    let mut tried = (addresses[0], Errno::ADDRINUSE);
    if first == 0 {
        for _ in 0..ATTEMPTS {
            match listen_on(&addresses, 0, publish.port) {
                Err((address, Errno::ADDRINUSE)) => tried = (address, Errno::ADDRINUSE),
                other => return other.map_err(|failed| unavailable(publish, failed)),
            }
        }
        return Err(unavailable(publish, tried));
    }
    for number in first..=last {
        match listen_on(&addresses, number, publish.port) {
            Err((address, Errno::ADDRINUSE)) => tried = (address, Errno::ADDRINUSE),
            other => return other.map_err(|failed| unavailable(publish, failed)),
        }
    }
    Err(unavailable(publish, tried))
}

fn unavailable(publish: &Publish, (address, errno): (IpAddr, Errno)) -> Unavailable {
    Unavailable {
        address,
        host: publish.host,
        port: publish.port,
        errno: errno.raw_os_error(),
    }
}

/// Listens on one port of several addresses. Of several, those that this machine lacks are left
/// out: a kernel without IPv6 publishes on IPv4.
fn listen_on(
    addresses: &[IpAddr],
    number: u16,
    port: Port,
) -> Result<Vec<Listener>, (IpAddr, Errno)> {
    let mut listeners: Vec<Listener> = Vec::new();
    for &address in addresses {
        // What the kernel chose for the first holds for the second.
        let number = listeners
            .first()
            .map_or(number, |it| it.published.host.port());
        match open(SocketAddr::new(address, number), port.protocol) {
            Ok((socket, host)) => listeners.push(Listener {
                socket,
                published: Published { port, host },
            }),
            Err(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL) if !listeners.is_empty() => {}
            Err(errno) => return Err((address, errno)),
        }
    }
    Ok(listeners)
}

fn open(host: SocketAddr, protocol: Protocol) -> Result<(OwnedFd, SocketAddr), Errno> {
    let kind = match protocol {
        Protocol::Tcp => SocketType::STREAM,
        Protocol::Udp => SocketType::DGRAM,
    };
    let socket = never_blocking(family(host.ip()), kind)?;
    if host.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    if protocol == Protocol::Tcp {
        // Connections of the last container on this port may still be dying down.
        sockopt::set_socket_reuseaddr(&socket, true)?;
    }
    bind(&socket, &host)?;
    if protocol == Protocol::Tcp {
        listen(&socket, BACKLOG)?;
    }
    let bound = getsockname(&socket)?;
    Ok((socket, bound.try_into()?))
}

/// Makes a socket in the network namespace of this thread.
pub(super) fn never_blocking(family: AddressFamily, kind: SocketType) -> Result<OwnedFd, Errno> {
    socket_with(
        family,
        kind,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        None,
    )
}

pub(super) fn family(address: IpAddr) -> AddressFamily {
    match address {
        IpAddr::V4(_) => AddressFamily::INET,
        IpAddr::V6(_) => AddressFamily::INET6,
    }
}

/// Lets this process open as many files as it may: each connection takes two.
pub(super) fn raise_open_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // With fewer, connections wait for each other.
    let _: Result<(), io::Error> = setrlimit(Resource::Nofile, limit).map_err(Into::into);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(text: &str) -> Vec<Publish> {
        super::super::ports::publish(text).unwrap()
    }

    #[test]
    fn a_port_is_taken_while_its_listener_lives_and_free_afterwards() {
        let first = listen_for(&publish("127.0.0.1::80")).unwrap();
        let number = first[0].published.host.port();
        let again = publish(&format!("127.0.0.1:{number}:80"));
        let refused = listen_for(&again).unwrap_err();
        assert!(refused.is_taken(), "{refused:?}");
        assert_eq!(refused.host, (number, number));
        drop(first);
        assert_eq!(listen_for(&again).unwrap()[0].published.host.port(), number);
    }

    #[test]
    fn a_range_gives_its_first_free_port_and_says_when_there_is_none() {
        let taken = listen_for(&publish("127.0.0.1::80/udp")).unwrap();
        let number = taken[0].published.host.port();
        let only = publish(&format!("127.0.0.1:{number}-{number}:53/udp"));
        assert!(listen_for(&only).unwrap_err().is_taken());
        // Whoever has the next ports, one of so many is free.
        let last = number.saturating_add(200);
        let range = publish(&format!("127.0.0.1:{number}-{last}:53/udp"));
        let chosen = listen_for(&range).unwrap()[0].published.host.port();
        assert!(chosen > number && chosen <= last, "{chosen}");
    }

    #[test]
    fn every_address_means_both_families_on_one_port() {
        let listeners = listen_for(&publish("80")).unwrap();
        let hosts: Vec<_> = listeners.iter().map(|it| it.published.host).collect();
        assert!(
            hosts[0].is_ipv4() && hosts[0].ip().is_unspecified(),
            "{hosts:?}"
        );
        let number = hosts[0].port();
        assert!(hosts.iter().all(|host| host.port() == number), "{hosts:?}");
    }

    #[test]
    fn an_address_of_another_machine_is_refused() {
        let refused = listen_for(&publish("192.0.2.1:8080:80")).unwrap_err();
        assert_eq!(refused.errno, nix::libc::EADDRNOTAVAIL);
    }
}
