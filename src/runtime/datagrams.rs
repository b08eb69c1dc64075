//! UDP through published ports. It knows no connections, so each client gets a socket in the
//! container for as long as something comes or goes, and answers find their way by it.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::net::{SocketType, connect};

use super::listening::{Listener, family, never_blocking};

/// How long a client may be silent; docker's.
const PATIENCE: Duration = Duration::from_secs(90);

/// How many clients are remembered; one more, and the most silent is forgotten.
const MOST: usize = 512;

/// How many datagrams are carried from one socket before the others have their turn.
const ROUND: usize = 32;

/// The datagrams of all published ports.
#[derive(Debug)]
pub(super) struct Datagrams {
    listeners: Vec<(UdpSocket, u16)>,
    clients: Vec<Client>,
    target: Option<IpAddr>,
}

#[derive(Debug)]
struct Client {
    address: SocketAddr,
    /// Which port it speaks to.
    listener: usize,
    inside: UdpSocket,
    heard: Instant,
}

impl Datagrams {
    pub fn new(listeners: Vec<Listener>, target: Option<IpAddr>) -> Self {
        let listeners = listeners.into_iter();
        Self {
            listeners: listeners
                .map(|it| (it.socket.into(), it.published.port.number))
                .collect(),
            clients: Vec::new(),
            target,
        }
    }

    /// How many sockets there are to poll.
    pub fn count(&self) -> usize {
        self.listeners.len() + self.clients.len()
    }

    /// One of them: the host's first, then those in the container.
    pub fn fd(&self, index: usize) -> BorrowedFd<'_> {
        match index.checked_sub(self.listeners.len()) {
            None => self.listeners[index].0.as_fd(),
            Some(client) => self.clients[client].inside.as_fd(),
        }
    }

    /// Carries what has come to one of them.
    pub fn carry(&mut self, index: usize, buffer: &mut [u8]) {
        for _ in 0..ROUND {
            let carried = match index.checked_sub(self.listeners.len()) {
                None => self.carry_in(index, buffer),
                Some(client) => self.carry_out(client, buffer),
            };
            if carried.is_none() {
                return;
            }
        }
    }

    /// Forgets who has been silent for long, and says when to look again.
    pub fn tidy(&mut self) -> Option<Duration> {
        if self.clients.is_empty() {
            return None;
        }
        self.clients
            .retain(|client| client.heard.elapsed() < PATIENCE);
        Some(PATIENCE / 9)
    }

    /// Gives the host's ports back.
    pub fn close(&mut self) {
        self.listeners.clear();
        self.clients.clear();
    }

    fn carry_in(&mut self, listener: usize, buffer: &mut [u8]) -> Option<()> {
        let (count, address) = self.listeners.get(listener)?.0.recv_from(buffer).ok()?;
        let known = |client: &Client| client.listener == listener && client.address == address;
        let client = match self.clients.iter().position(known) {
            Some(index) => &mut self.clients[index],
            None => {
                let inside = self.connect(self.listeners[listener].1)?;
                self.make_room();
                self.clients.push(Client {
                    address,
                    listener,
                    inside,
                    heard: Instant::now(),
                });
                self.clients.last_mut()?
            }
        };
        client.heard = Instant::now();
        // Nobody may listen in there (the refusal of the last one comes with this one), or be too
        // slow: datagrams are lost then, as on every way.
        let _ = client.inside.send(&buffer[..count]);
        Some(())
    }

    fn carry_out(&mut self, client: usize, buffer: &mut [u8]) -> Option<()> {
        let client = self.clients.get_mut(client)?;
        let count = client.inside.recv(buffer).ok()?;
        client.heard = Instant::now();
        // As above.
        let _ = self
            .listeners
            .get(client.listener)?
            .0
            .send_to(&buffer[..count], client.address);
        Some(())
    }

    fn connect(&self, port: u16) -> Option<UdpSocket> {
        let address = self.target?;
        let socket = never_blocking(family(address), SocketType::DGRAM).ok()?;
        connect(&socket, &SocketAddr::new(address, port)).ok()?;
        Some(socket.into())
    }

    fn make_room(&mut self) {
        if self.clients.len() < MOST {
            return;
        }
        let silent = (0..self.clients.len()).min_by_key(|&index| self.clients[index].heard);
        if let Some(index) = silent {
            self.clients.remove(index);
        }
    }
}
