//! rtnetlink by hand: the few messages that links, addresses and routes need (rtnetlink(7)).
//!
//! A netlink socket speaks for the network namespace in which it was made, whoever uses it.

use std::io;
use std::mem::MaybeUninit;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netdevice, recv, send,
    socket_with,
};

// linux/rtnetlink.h and linux/netlink.h
const NEW_LINK: u16 = 16;
const DELETE_LINK: u16 = 17;
const NEW_ADDRESS: u16 = 20;
const NEW_ROUTE: u16 = 24;
const REQUEST_AND_ACK: u16 = 1 | 4;
const CREATE: u16 = 0x400;
const EXCLUSIVE: u16 = 0x200;

// linux/if_link.h, linux/if_addr.h, linux/veth.h
const LINK_ADDRESS: u16 = 1;
const LINK_NAME: u16 = 3;
const LINK_MASTER: u16 = 10;
const LINK_INFO: u16 = 18;
const LINK_NAMESPACE: u16 = 28;
const INFO_KIND: u16 = 1;
const INFO_DATA: u16 = 2;
const VETH_PEER: u16 = 1;
const ADDRESS_WHOLE: u16 = 1;
const ADDRESS_LOCAL: u16 = 2;
const ADDRESS_BROADCAST: u16 = 4;
const ROUTE_LINK: u16 = 4;
const ROUTE_GATEWAY: u16 = 5;

/// Room for what the kernel answers to one message: an error with the message in it.
const ANSWER: usize = 1024;

/// What stands before a message: length, type, flags, sequence, port.
const HEADER: usize = 16;

/// The number of `lo` in every namespace.
pub(super) const LOOPBACK: u32 = 1;

/// A pair of links: one end here, in a bridge, the other in a container.
pub(super) struct Veth<'a> {
    /// The name of the end here.
    pub name: &'a str,
    /// The bridge it belongs to.
    pub bridge: u32,
    /// Where the other end goes.
    pub namespace: BorrowedFd<'a>,
    /// What it is called there.
    pub inside: &'a str,
    /// Its hardware address.
    pub mac: [u8; 6],
}

/// A socket to the kernel's links, addresses and routes.
#[derive(Debug)]
pub(super) struct Netlink(OwnedFd);

impl Netlink {
    /// Opens one for the namespace of this thread.
    pub fn open() -> io::Result<Self> {
        // Without a protocol it is number 0: NETLINK_ROUTE.
        let (family, kind) = (AddressFamily::NETLINK, SocketType::RAW);
        Ok(Self(socket_with(family, kind, SocketFlags::CLOEXEC, None)?))
    }

    /// Returns the number of a link; none where there is no such link.
    pub fn index(&self, name: &str) -> io::Result<Option<u32>> {
        match netdevice::name_to_index(&self.0, name) {
            Ok(index) => Ok(Some(index)),
            Err(Errno::NODEV) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Brings a link up.
    pub fn up(&self, link: u32) -> io::Result<()> {
        self.ask(Message::new(NEW_LINK, 0).raw(&link_header(link, true)))
    }

    /// Takes a link away.
    pub fn remove(&self, link: u32) -> io::Result<()> {
        self.ask(Message::new(DELETE_LINK, 0).raw(&link_header(link, false)))
    }

    /// Makes a bridge that is up, and returns its number.
    pub fn add_bridge(&self, name: &str) -> io::Result<u32> {
        let message = Message::new(NEW_LINK, CREATE | EXCLUSIVE)
            .raw(&link_header(0, true))
            .attribute(LINK_NAME, &c_name(name))
            .nest(LINK_INFO, |info| info.attribute(INFO_KIND, b"bridge"));
        self.ask(message)?;
        self.index(name)?.ok_or_else(|| Errno::NODEV.into())
    }

    /// Makes a pair of links, the one here up.
    pub fn add_veth(&self, veth: &Veth<'_>) -> io::Result<()> {
        let namespace = veth.namespace.as_raw_fd().to_ne_bytes();
        let message = Message::new(NEW_LINK, CREATE | EXCLUSIVE)
            .raw(&link_header(0, true))
            .attribute(LINK_NAME, &c_name(veth.name))
            .attribute(LINK_MASTER, &veth.bridge.to_ne_bytes())
            .nest(LINK_INFO, |info| {
                info.attribute(INFO_KIND, b"veth").nest(INFO_DATA, |data| {
                    data.nest(VETH_PEER, |peer| {
                        // Up before it has its other end it would be refused.
                        peer.raw(&link_header(0, false))
                            .attribute(LINK_NAME, &c_name(veth.inside))
                            .attribute(LINK_ADDRESS, &veth.mac)
                            .attribute(LINK_NAMESPACE, &namespace)
                    })
                })
            });
        self.ask(message)
    }

    /// Gives a link an address in a network of this many bits.
    pub fn add_address(&self, link: u32, address: Ipv4Addr, bits: u8) -> io::Result<()> {
        let broadcast =
            Ipv4Addr::from(u32::from(address) | u32::MAX.checked_shr(bits.into()).unwrap_or(0));
        let [a, b, c, d] = link.to_ne_bytes();
        let message = Message::new(NEW_ADDRESS, CREATE | EXCLUSIVE)
            .raw(&[INET, bits, 0, 0, a, b, c, d])
            .attribute(ADDRESS_LOCAL, &address.octets())
            .attribute(ADDRESS_WHOLE, &address.octets())
            .attribute(ADDRESS_BROADCAST, &broadcast.octets());
        self.ask(message)
    }

    /// Sends everything that has no nearer way to a gateway.
    pub fn add_default_route(&self, link: u32, gateway: Ipv4Addr) -> io::Result<()> {
        // struct rtmsg: main table (254), made at boot (3), to anywhere (0), unicast (1).
        let header = [INET, 0, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0];
        let message = Message::new(NEW_ROUTE, CREATE | EXCLUSIVE)
            .raw(&header)
            .attribute(ROUTE_GATEWAY, &gateway.octets())
            .attribute(ROUTE_LINK, &link.to_ne_bytes());
        self.ask(message)
    }

    /// Sends a message and waits until it is carried out.
    fn ask(&self, message: Message) -> io::Result<()> {
        send(&self.0, &message.finish(), SendFlags::empty())?;
        let mut answer = [MaybeUninit::<u8>::uninit(); ANSWER];
        let ((answer, _), _) = recv(&self.0, &mut answer, RecvFlags::empty())?;
        // struct nlmsgerr: a negative errno after the header.
        let errno = answer
            .get(HEADER..HEADER + 4)
            .and_then(|bytes| bytes.try_into().ok())
            .map(i32::from_ne_bytes);
        match errno {
            Some(0) => Ok(()),
            Some(error) => Err(io::Error::from_raw_os_error(-error)),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// `AF_INET`.
const INET: u8 = 2;

/// struct ifinfomsg: which link, and whether it is to be up.
fn link_header(link: u32, up: bool) -> [u8; 16] {
    let mut header = [0; 16];
    header[4..8].copy_from_slice(&link.to_ne_bytes());
    // IFF_UP, as a flag and as what of the flags is changed.
    let up = u32::from(up).to_ne_bytes();
    header[8..12].copy_from_slice(&up);
    header[12..16].copy_from_slice(&up);
    header
}

fn c_name(name: &str) -> Vec<u8> {
    [name.as_bytes(), &[0]].concat()
}

/// A message that is being written.
struct Message(Vec<u8>);

impl Message {
    fn new(kind: u16, flags: u16) -> Self {
        let mut bytes = vec![0; HEADER];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        bytes[6..8].copy_from_slice(&(flags | REQUEST_AND_ACK).to_ne_bytes());
        Self(bytes)
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    fn attribute(self, kind: u16, value: &[u8]) -> Self {
        self.nest(kind, |message| message.raw(value))
    }

    /// Adds an attribute whose value is written by `fill`.
    fn nest(mut self, kind: u16, fill: impl FnOnce(Self) -> Self) -> Self {
        let start = self.0.len();
        self.0.extend([0; 2]);
        self.0.extend(kind.to_ne_bytes());
        let mut filled = fill(self);
        let length = u16::try_from(filled.0.len() - start).expect("attributes here are short");
        filled.0[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        let padded = filled.0.len().next_multiple_of(4);
        filled.0.resize(padded, 0);
        filled
    }

    fn finish(mut self) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).expect("messages here are short");
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_padded_and_nested_ones_know_their_length() {
        let message = Message::new(NEW_LINK, CREATE)
            .attribute(LINK_NAME, b"ab\0")
            .nest(LINK_INFO, |info| info.attribute(INFO_KIND, b"veth"))
            .finish();
        let mut expected = Vec::new();
        expected.extend(36_u32.to_ne_bytes());
        expected.extend(NEW_LINK.to_ne_bytes());
        expected.extend(0x405_u16.to_ne_bytes());
        expected.extend([0; 8]);
        expected.extend([7_u16.to_ne_bytes(), LINK_NAME.to_ne_bytes()].concat());
        expected.extend(b"ab\0\0");
        expected.extend([12_u16.to_ne_bytes(), LINK_INFO.to_ne_bytes()].concat());
        expected.extend([8_u16.to_ne_bytes(), INFO_KIND.to_ne_bytes()].concat());
        expected.extend(b"veth");
        assert_eq!(message, expected);
    }

    #[test]
    fn a_link_nobody_has_is_not_there() {
        let netlink = Netlink::open().unwrap();
        assert_eq!(netlink.index("no-such-link").unwrap(), None);
        assert_eq!(netlink.index("lo").unwrap(), Some(LOOPBACK));
    }
}
