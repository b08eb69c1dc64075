//! Options and verbs about what a container is connected to.

use clap::Args;

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
    /// none (loopback only), host, bridge or container:NAME
    #[arg(
        long,
        visible_alias = "net",
        value_name = "NETWORK",
        default_value = "default"
    )]
    pub network: String,
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
