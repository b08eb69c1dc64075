//! What a container is connected to, from its supervisor: each of its networks by a link, the outside
//! by the bridge's NAT (as root) or by slirp4netns, and a name server of its own in networks that
//! were made.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};

use super::bridge::{Bridge, Endpoint, Joiner, NoConnection};
use super::containers::ContainerConfig;
use super::hub::{Hub, HubError, inside};
use super::launch::Note;
use super::names::ContainerId;
use super::netlink::Netlink;
use super::network::{self, Making, Namespace};
use super::network_error::NetworkError;
use super::networks::{BRIDGE, Networks};
use super::resolver::Resolver;
use super::resolving::{name_servers, resolv_conf, rewrite, with_own_server};
use super::slirp::{self, Slirp};
use super::spec::{Dns, Membership};
use super::subnet::Subnet;
use super::zone::Zone;

/// The connections of one container. Dropped, they end; [`leave`](Self::leave) and
/// [`sweep`](Self::sweep) give back what others could use.
#[derive(Debug)]
pub(super) struct Connections {
    networks: Networks,
    id: ContainerId,
    /// What the container is called in every network besides its name.
    names: Vec<String>,
    /// What was asked for about names.
    dns: Dns,
    rootless: bool,
    namespace: Option<Namespace>,
    hub: Option<Hub>,
    slirp: Option<Slirp>,
    resolver: Option<Resolver>,
    /// Networks that have an address for it, or may have.
    joined: Vec<String>,
    endpoints: Vec<Endpoint>,
    /// The link that leads out, as root.
    outside: Option<String>,
}

/// A container that is connected, or not, before it is started.
pub(super) struct Prepared {
    /// Its network namespace, where there is one already.
    pub network: Option<Making>,
    /// What was done in a lesser way than asked.
    pub notes: Vec<Note>,
}

impl Connections {
    pub fn new(networks: Networks, config: &ContainerConfig, rootless: bool) -> Self {
        let id = config.record.id.clone();
        let mut names = vec![id.short().to_owned(), config.spec.hostname.clone()];
        names.dedup();
        Self {
            networks,
            id,
            names,
            dns: config.spec.dns.clone(),
            rootless,
            namespace: None,
            hub: None,
            slirp: None,
            resolver: None,
            joined: Vec::new(),
            endpoints: Vec::new(),
            outside: None,
        }
    }

    /// Where it stands in its networks.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Connects a container that is about to be started, and tells its description what comes of it.
    /// Where this machine cannot, the container stands alone, with a note; what cannot be because of
    /// what was asked for is refused.
    pub fn prepare(
        &mut self,
        config: &mut ContainerConfig,
        ahead: Option<Making>,
    ) -> Result<Prepared, NetworkError> {
        let wishes = std::mem::take(&mut config.networks);
        let notes = Vec::new();
        if wishes.is_empty() {
            return Ok(Prepared {
                network: ahead,
                notes,
            });
        }
        let alone = self.rootless && wishes.iter().all(|it| it.network == BRIDGE);
        if alone && Slirp::find().is_none() {
            return Ok(Prepared {
                network: ahead,
                notes: vec![Note::Isolated { reason: None }],
            });
        }
        match self.connect_all(&wishes, ahead) {
            Ok((network, notes)) => {
                let spec = &mut config.spec;
                spec.own_address = self.endpoints.first().map(|it| it.address);
                if self.resolver.is_some() {
                    spec.dns = with_own_server(&host_resolv_conf(), &self.dns);
                } else if let Some(slirp) = &self.slirp
                    && spec.dns.servers.is_empty()
                {
                    let server = slirp::name_server(slirp.range());
                    spec.dns.servers.push(server.to_string());
                }
                Ok(Prepared {
                    network: Some(network),
                    notes,
                })
            }
            Err(NoConnection::Refused(error)) => Err(error),
            Err(NoConnection::Impossible(error)) => {
                self.leave();
                self.namespace = None;
                let reason = Some(format!("no bridge could be made: {error}"));
                // What was begun is connected by half: another one is made.
                Ok(Prepared {
                    network: None,
                    notes: vec![Note::Isolated { reason }],
                })
            }
        }
    }

    fn connect_all(
        &mut self,
        wishes: &[Membership],
        ahead: Option<Making>,
    ) -> Result<(Making, Vec<Note>), NoConnection> {
        let namespace = ahead.map_or_else(network::make, Ok)?.finish()?;
        let descriptor = namespace.descriptor.try_clone()?;
        self.namespace = Some(namespace);
        let mut notes = Vec::new();
        for wish in wishes {
            notes.extend(self.connect_one(wish)?);
        }
        notes.extend(self.lead_out()?);
        notes.dedup();
        self.serve_names()?;
        Ok((Making::Made(descriptor), notes))
    }

    /// Connects it to one more network while it runs; `init` is its PID 1.
    pub fn connect(&mut self, wish: &Membership, init: u32) -> Result<(), NetworkError> {
        if self.is_in(&wish.network) {
            return Err(NetworkError::Connected {
                container: self.id.short().to_owned(),
                name: wish.network.clone(),
            });
        }
        let done = self.connect_running(wish, init);
        if done.is_err() && !self.is_in(&wish.network) {
            self.give_back(&wish.network);
        }
        done.map_err(|error| match error {
            NoConnection::Refused(NetworkError::Elsewhere) => NetworkError::NotWhileRunning,
            NoConnection::Refused(error) => error,
            NoConnection::Impossible(error) => NetworkError::io("connect the container")(error),
        })
    }

    fn connect_running(&mut self, wish: &Membership, init: u32) -> Result<(), NoConnection> {
        self.find_namespace(init)?;
        self.connect_one(wish)?;
        self.lead_out()?;
        if self.resolver.is_none() {
            self.serve_names()?;
            if self.resolver.is_some() {
                let host = host_resolv_conf();
                let dns = with_own_server(&host, &self.dns);
                let own = self.endpoints.first().map(|it| it.address);
                rewrite(init, &resolv_conf(&host, &dns, own))?;
            }
        }
        Ok(())
    }

    /// Takes it out of a network while it runs.
    pub fn disconnect(&mut self, name: &str, init: u32) -> Result<(), NetworkError> {
        let failed = NetworkError::io("disconnect the container");
        let Some(index) = self.endpoints.iter().position(|it| it.network == name) else {
            return Err(NetworkError::NotConnected {
                container: self.id.short().to_owned(),
                name: name.to_owned(),
            });
        };
        self.find_namespace(init).map_err(&failed)?;
        let endpoint = self.endpoints.remove(index);
        if self.rootless && name == BRIDGE {
            self.slirp = None;
        } else {
            let inside = self.inside().map_err(&failed)?;
            if let Some(link) = inside.index(&endpoint.link).map_err(&failed)? {
                inside.remove(link).map_err(&failed)?;
            }
            self.give_back(name);
        }
        if self.outside.as_ref() == Some(&endpoint.link) {
            self.outside = None;
        }
        if self.rootless && !self.wants_out() {
            self.slirp = None;
        }
        // What it can still have of the outside; without it, it has what is left.
        let _ = self.lead_out();
        Ok(())
    }

    fn is_in(&self, network: &str) -> bool {
        self.endpoints.iter().any(|it| it.network == network)
    }

    /// Looks for the namespace of a container that was started without a network.
    fn find_namespace(&mut self, init: u32) -> io::Result<()> {
        if self.namespace.is_none() {
            let descriptor = fs::File::open(format!("/proc/{init}/ns/net"))?;
            let netlink = inside(descriptor.as_fd(), Netlink::open)?;
            self.namespace = Some(Namespace {
                descriptor: descriptor.into(),
                netlink: Some(netlink),
            });
        }
        Ok(())
    }

    fn inside(&self) -> io::Result<&Netlink> {
        let namespace = self.namespace.as_ref();
        let netlink = namespace.and_then(|it| it.netlink.as_ref());
        netlink.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    fn descriptor(&self) -> io::Result<BorrowedFd<'_>> {
        let namespace = self.namespace.as_ref();
        let descriptor = namespace.map(|it| it.descriptor.as_fd());
        descriptor.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Connects it to a network by a link. Without root `bridge` is nothing but the way out.
    fn connect_one(&mut self, wish: &Membership) -> Result<Option<Note>, NoConnection> {
        if self.rootless && wish.network == BRIDGE {
            self.joined.push(BRIDGE.to_owned());
            return Ok(None);
        }
        let _turn = self.networks.lock()?;
        if self.rootless && self.hub.is_none() {
            let hub = Hub::hold(&self.networks, &self.id);
            self.hub = Some(hub.map_err(|error| match error {
                HubError::Io(error) => NoConnection::Impossible(error),
                HubError::Elsewhere => NetworkError::Elsewhere.into(),
            })?);
        }
        self.joined.push(wish.network.clone());
        let joiner = Joiner {
            id: &self.id,
            names: &self.names,
            namespace: self.descriptor()?,
            inside: self.inside()?,
        };
        let bridge = Bridge::of(&self.networks, self.hub.as_ref(), &wish.network);
        let connected = bridge.connect(&joiner, wish)?;
        self.endpoints.push(connected.endpoint);
        Ok(connected.no_nat.map(|reason| Note::NoNat { reason }))
    }

    /// Whether one of its networks is to lead to the outside.
    fn wants_out(&self) -> bool {
        self.joined.iter().any(|name| {
            let network = self.networks.find(name);
            network.is_ok_and(|it| !it.internal)
        })
    }

    /// Gives it a way to the outside, unless it has one or is not to have any.
    fn lead_out(&mut self) -> io::Result<Option<Note>> {
        if self.rootless {
            return self.lead_out_by_helper();
        }
        let leads = self.endpoints.iter().find_map(|it| Some((it, it.gateway?)));
        if let Some((endpoint, gateway)) = leads.filter(|_| self.outside.is_none()) {
            let inside = self.inside()?;
            let link = inside.index(&endpoint.link)?;
            inside.add_default_route(link.ok_or(io::ErrorKind::NotFound)?, gateway)?;
            self.outside = Some(endpoint.link.clone());
        }
        Ok(None)
    }

    fn lead_out_by_helper(&mut self) -> io::Result<Option<Note>> {
        if self.wants_out() && self.slirp.is_none() {
            let Some(program) = Slirp::find() else {
                return Ok(Some(Note::NoOutside));
            };
            let range = slirp::range(&self.subnets());
            let slirp = Slirp::connect(&program, self.descriptor()?, range)?;
            self.slirp = Some(slirp);
        }
        let bridged = self.joined.iter().any(|name| name == BRIDGE);
        if let Some(slirp) = self
            .slirp
            .as_ref()
            .filter(|_| bridged && !self.is_in(BRIDGE))
        {
            let id = self.networks.predefined_id(BRIDGE);
            self.endpoints.push(slirp::endpoint(id, slirp.range()));
        }
        Ok(None)
    }

    fn subnets(&self) -> Vec<Subnet> {
        let networks = self.joined.iter().map(|name| self.networks.find(name));
        networks.filter_map(|it| it.ok()?.subnet).collect()
    }

    /// Begins to answer for names, in a network that was made: `bridge` has none, as with docker.
    fn serve_names(&mut self) -> io::Result<()> {
        if self.resolver.is_some() || self.joined.iter().all(|name| name == BRIDGE) {
            return Ok(());
        }
        let asked = self.dns.servers.iter().filter_map(|it| it.parse().ok());
        let mut servers: Vec<IpAddr> = asked.collect();
        if servers.is_empty() {
            servers = name_servers(&host_resolv_conf());
        }
        let zone = Zone::new(self.networks.clone(), self.id.clone());
        let resolver = Resolver::start(self.descriptor()?, zone, servers)?;
        self.resolver = Some(resolver);
        Ok(())
    }

    /// Gives its addresses back, while its lock says whose they are.
    pub fn leave(&mut self) {
        (self.slirp, self.resolver) = (None, None);
        self.endpoints.clear();
        for name in &self.joined {
            if let Ok(_turn) = self.networks.lock() {
                // Who comes next sees that its lock is free, and takes the address.
                let _ = Bridge::of(&self.networks, self.hub.as_ref(), name).release(&self.id);
            }
        }
    }

    /// Takes bridges away that it was the last one in, after [`leave`](Self::leave).
    pub fn sweep(&mut self) {
        for name in std::mem::take(&mut self.joined) {
            self.sweep_one(&name);
        }
    }

    fn give_back(&mut self, name: &str) {
        self.joined.retain(|it| it != name);
        if let Ok(_turn) = self.networks.lock() {
            // As above.
            let _ = Bridge::of(&self.networks, self.hub.as_ref(), name).release(&self.id);
        }
        self.sweep_one(name);
    }

    fn sweep_one(&self, name: &str) {
        if self.rootless && self.hub.is_none() {
            return;
        }
        // Not made anew: the store may have been removed. What fails, the next one tries again.
        if let Ok(Some(_turn)) = self.networks.lock_if_there() {
            let _ = Bridge::of(&self.networks, self.hub.as_ref(), name).sweep();
        }
    }
}

fn host_resolv_conf() -> String {
    fs::read_to_string("/etc/resolv.conf").unwrap_or_default()
}
