//! Options and verbs about what a container is connected to.

use clap::{Args, Subcommand};

/// What `run` takes about networks.
#[derive(Debug, Clone, Args)]
pub struct Networking {
    /// Publish a port: the host listens on it and leads into the container
    #[arg(long, short = 'p', value_name = "[IP:]HOST:CONTAINER[/udp]")]
    pub publish: Vec<String>,
    /// Publish every exposed port to a free port of the host
    #[arg(long, short = 'P', num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub publish_all: bool,
    /// Say that it listens on a port, or on a range of them
    #[arg(long, value_name = "PORT[/udp]")]
    pub expose: Vec<String>,
    /// A network of `network ls`, none (loopback only), host, bridge or container:NAME
    #[arg(long, visible_alias = "net", value_name = "NETWORK")]
    pub network: Vec<String>,
    /// Name of the container in its network, besides its own
    #[arg(long, visible_alias = "net-alias", value_name = "NAME")]
    pub network_alias: Vec<String>,
    /// IPv4 address in its network
    #[arg(long, value_name = "ADDRESS")]
    pub ip: Option<String>,
    /// A line of /etc/hosts: NAME:ADDRESS
    #[arg(long, value_name = "NAME:ADDRESS")]
    pub add_host: Vec<String>,
    /// Name server, instead of the host's
    #[arg(long, value_name = "ADDRESS")]
    pub dns: Vec<String>,
    /// Domain in which short names are looked up
    #[arg(long, value_name = "DOMAIN")]
    pub dns_search: Vec<String>,
    /// Option of the resolver, such as ndots:2
    #[arg(long, visible_alias = "dns-opt", value_name = "OPTION")]
    pub dns_option: Vec<String>,
}

/// `port`
#[derive(Debug, Clone, Args)]
pub struct Port {
    /// The container
    pub container: String,
    /// Only this port of the container
    #[arg(value_name = "PORT[/udp]")]
    pub port: Option<String>,
}

/// `network ...`
#[derive(Debug, Clone, Subcommand)]
pub enum NetworkCommand {
    /// Make a network in which containers reach each other by name
    Create(CreateNetwork),
    /// List networks
    #[command(visible_alias = "list")]
    Ls(ListNetworks),
    /// Show all that is known of networks, as JSON
    Inspect(InspectNetworks),
    /// Remove networks
    #[command(visible_alias = "remove")]
    Rm(RemoveNetworks),
    /// Remove all networks that no container is connected to
    Prune(PruneNetworks),
    /// Connect a container to a network
    Connect(ConnectNetwork),
    /// Take a container out of a network
    Disconnect(DisconnectNetwork),
}

/// `network create`
#[derive(Debug, Clone, Args)]
pub struct CreateNetwork {
    /// What carries it: bridge
    #[arg(long, short, value_name = "DRIVER", default_value = "bridge")]
    pub driver: String,
    /// Its addresses, such as 10.1.0.0/24; some that are free if left out
    #[arg(long, value_name = "SUBNET")]
    pub subnet: Option<String>,
    /// Address of who leads out of it; the first of its addresses if left out
    #[arg(long, value_name = "ADDRESS")]
    pub gateway: Option<String>,
    /// Containers get addresses of this part only
    #[arg(long, value_name = "SUBNET")]
    pub ip_range: Option<String>,
    /// An address that no container gets: NAME=ADDRESS
    #[arg(long, value_name = "NAME=ADDRESS")]
    pub aux_address: Vec<String>,
    /// Nothing leads out of it
    #[arg(long)]
    pub internal: bool,
    /// Label: KEY[=VALUE]
    #[arg(long, value_name = "KEY=VALUE")]
    pub label: Vec<String>,
    /// An option of the driver, kept and shown: KEY=VALUE
    #[arg(long, short, value_name = "KEY=VALUE")]
    pub opt: Vec<String>,
    /// Its name
    #[arg(value_name = "NETWORK")]
    pub name: String,
}

/// `network ls`
#[derive(Debug, Clone, Args)]
pub struct ListNetworks {
    /// Only what fits: driver=, id=, label=KEY[=VALUE], name=, scope=, type=custom|builtin, dangling=true
    #[arg(long, short, value_name = "FILTER")]
    pub filter: Vec<String>,
    /// Lay it out: json, table TEMPLATE, or a Go template such as '{{.ID}} {{.Name}}'
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Whole ids
    #[arg(long)]
    pub no_trunc: bool,
    /// Only ids
    #[arg(long, short)]
    pub quiet: bool,
}

/// `network inspect`
#[derive(Debug, Clone, Args)]
pub struct InspectNetworks {
    /// Lay it out: json, or a Go template such as '{{.Id}} {{json .Config}}'
    #[arg(long, short, value_name = "FORMAT")]
    pub format: Option<String>,
    /// The networks
    #[arg(required = true, value_name = "NETWORK")]
    pub networks: Vec<String>,
}

/// `network rm`
#[derive(Debug, Clone, Args)]
pub struct RemoveNetworks {
    /// Say nothing about those that are not there
    #[arg(long, short)]
    pub force: bool,
    /// The networks
    #[arg(required = true, value_name = "NETWORK")]
    pub networks: Vec<String>,
}

/// `network prune`
#[derive(Debug, Clone, Args)]
pub struct PruneNetworks {
    /// Do not ask
    #[arg(long, short)]
    pub force: bool,
    /// Only what fits: until=24h, label=KEY[=VALUE], label!=KEY[=VALUE]
    #[arg(long, value_name = "FILTER")]
    pub filter: Vec<String>,
}

/// `network connect`
#[derive(Debug, Clone, Args)]
pub struct ConnectNetwork {
    /// Name of the container in the network, besides its own
    #[arg(long, value_name = "NAME")]
    pub alias: Vec<String>,
    /// IPv4 address in the network
    #[arg(long, value_name = "ADDRESS")]
    pub ip: Option<String>,
    /// The network
    pub network: String,
    /// The container
    pub container: String,
}

/// `network disconnect`
#[derive(Debug, Clone, Args)]
pub struct DisconnectNetwork {
    /// Also where the container does not answer
    #[arg(long, short)]
    pub force: bool,
    /// The network
    pub network: String,
    /// The container
    pub container: String,
}
