//! Options of `run` about what is mounted, and `volume ...`.

use clap::{Args, Subcommand};

/// What `run` takes about mounts.
#[derive(Debug, Clone, Args)]
pub struct Mounting {
    /// Mount a volume, or a folder of this machine, at a path of the container; `:ro` for reading only
    #[arg(long, short, value_name = "[SOURCE:]TARGET[:ro]")]
    pub volume: Vec<String>,
    /// Mount a volume, a folder of this machine or memory: type=volume,source=data,target=/data
    #[arg(long, value_name = "MOUNT")]
    pub mount: Vec<String>,
    /// Mount an empty folder in memory, such as /run:size=64m,exec
    #[arg(long, value_name = "TARGET[:OPTIONS]")]
    pub tmpfs: Vec<String>,
    /// Mount what another container has mounted
    #[arg(long, value_name = "CONTAINER[:ro]")]
    pub volumes_from: Vec<String>,
}

/// `volume ...`
#[derive(Debug, Clone, Subcommand)]
pub enum VolumeCommand {
    /// Make a volume
    Create(VolumeCreate),
    /// Show all that is known of volumes
    Inspect(VolumeInspect),
    /// List volumes
    #[command(visible_alias = "list")]
    Ls(VolumeLs),
    /// Remove volumes that no container uses, those without a name
    Prune(VolumePrune),
    /// Remove volumes
    #[command(visible_alias = "remove")]
    Rm(VolumeRm),
}

/// `volume create`
#[derive(Debug, Clone, Args)]
pub struct VolumeCreate {
    /// Who keeps it: local
    #[arg(long, short, value_name = "DRIVER", default_value = "local")]
    pub driver: String,
    /// Label: KEY[=VALUE]
    #[arg(long, value_name = "LABEL")]
    pub label: Vec<String>,
    /// Option of the driver, such as device=/path
    #[arg(long, short = 'o', value_name = "NAME=VALUE")]
    pub opt: Vec<String>,
    /// The name; one is made up if it is left out
    pub volume: Option<String>,
}

/// `volume inspect`
#[derive(Debug, Clone, Args)]
pub struct VolumeInspect {
    /// Lay it out: json, or a Go template such as '{{.Mountpoint}}'
    #[arg(long, short, value_name = "FORMAT")]
    pub format: Option<String>,
    /// The volumes
    #[arg(required = true)]
    pub volumes: Vec<String>,
}

/// `volume ls`
#[derive(Debug, Clone, Args)]
pub struct VolumeLs {
    /// Only names
    #[arg(long, short)]
    pub quiet: bool,
    /// Only some: dangling=true, name=TEXT, driver=local, label=KEY[=VALUE]
    #[arg(long, short, value_name = "FILTER")]
    pub filter: Vec<String>,
    /// Lay it out: json, table TEMPLATE, or a Go template such as '{{.Name}} {{.Mountpoint}}'
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
}

/// `volume prune`
#[derive(Debug, Clone, Args)]
pub struct VolumePrune {
    /// Also those with a name
    #[arg(long, short)]
    pub all: bool,
    /// Do not ask
    #[arg(long, short)]
    pub force: bool,
    /// Only what fits: label=KEY[=VALUE], label!=KEY[=VALUE], all=true
    #[arg(long, value_name = "FILTER")]
    pub filter: Vec<String>,
}

/// `volume rm`
#[derive(Debug, Clone, Args)]
pub struct VolumeRm {
    /// One that is not there is fine
    #[arg(long, short)]
    pub force: bool,
    /// The volumes
    #[arg(required = true)]
    pub volumes: Vec<String>,
}
