//! Options of the verbs on containers, and `container ...`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Commit, Export, Inspect, Mounting, Networking, Port, PullPolicy};

/// What `run` takes. `-h` is docker's `--hostname`, so help is only `--help`.
#[derive(Debug, Clone, Args)]
#[command(disable_help_flag = true)]
pub struct Run {
    /// Keep standard input open
    #[arg(long, short, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub interactive: bool,
    /// Give it a terminal
    #[arg(long, short, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub tty: bool,
    /// Leave it running in the background, print its id
    #[arg(long, short, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub detach: bool,
    /// Remove it when it ends
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub rm: bool,
    /// Name of the container
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Set a variable; without a value it is taken from the environment
    #[arg(long, short, value_name = "NAME[=VALUE]")]
    pub env: Vec<String>,
    /// Working directory
    #[arg(long, short, value_name = "DIR")]
    pub workdir: Option<String>,
    /// User, and group: name or number
    #[arg(long, short, value_name = "USER[:GROUP]")]
    pub user: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc here would become the help of `run`")]
    pub mounting: Mounting,
    /// Run this instead of the image's entrypoint
    #[arg(long, value_name = "COMMAND")]
    pub entrypoint: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc here would become the help of `run`")]
    pub networking: Networking,
    /// Host name
    #[arg(long, short = 'h', value_name = "NAME")]
    pub hostname: Option<String>,
    /// Label: KEY[=VALUE]
    #[arg(long, short, value_name = "LABEL")]
    pub label: Vec<String>,
    /// Make the image's files read-only
    #[arg(long)]
    pub read_only: bool,
    /// Add a capability
    #[arg(long, value_name = "CAPABILITY")]
    pub cap_add: Vec<String>,
    /// Take a capability away
    #[arg(long, value_name = "CAPABILITY")]
    pub cap_drop: Vec<String>,
    /// Memory limit, such as 64m
    #[arg(long, short, value_name = "BYTES")]
    pub memory: Option<String>,
    /// Processor limit, such as 0.5
    #[arg(long, value_name = "NUMBER")]
    pub cpus: Option<String>,
    /// Limit of processes
    #[arg(long, value_name = "NUMBER")]
    pub pids_limit: Option<i64>,
    /// Go on without a limit that this machine cannot give
    #[arg(long)]
    pub best_effort: bool,
    /// Signal that `stop` sends
    #[arg(long, value_name = "SIGNAL")]
    pub stop_signal: Option<String>,
    /// Seconds that `stop` waits before it kills; -1 waits for ever
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub stop_timeout: Option<i32>,
    /// Write the container's id to a file that is not there yet
    #[arg(long, value_name = "FILE")]
    pub cidfile: Option<PathBuf>,
    /// Write this machine's number of its first process to a file at every start
    #[arg(long, value_name = "FILE")]
    pub pidfile: Option<PathBuf>,
    /// Keys that leave it running, such as ctrl-x,x (default: ctrl-p,ctrl-q)
    #[arg(long, value_name = "KEYS")]
    pub detach_keys: Option<String>,
    /// Pass signals such as Ctrl-C on to it
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub sig_proxy: bool,
    /// When to pull the image
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = PullPolicy::Missing)]
    pub pull: PullPolicy,
    /// Show help
    #[arg(long, action = clap::ArgAction::Help)]
    pub help: Option<bool>,
    /// The image, then the command instead of the image's own
    // No `allow_hyphen_values`: it would take an unknown flag before the image for the image.
    #[arg(trailing_var_arg = true, value_name = "IMAGE [COMMAND [ARG...]]")]
    pub words: Vec<String>,
}

/// `exec`
#[derive(Debug, Clone, Args)]
pub struct Exec {
    /// Keep standard input open
    #[arg(long, short)]
    pub interactive: bool,
    /// Give it a terminal
    #[arg(long, short)]
    pub tty: bool,
    /// Leave it running in the background
    #[arg(long, short)]
    pub detach: bool,
    /// Set a variable
    #[arg(long, short, value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// User, and group
    #[arg(long, short, value_name = "USER[:GROUP]")]
    pub user: Option<String>,
    /// Working directory
    #[arg(long, short, value_name = "DIR")]
    pub workdir: Option<String>,
    /// Keys that leave it to itself, such as ctrl-x,x (default: ctrl-p,ctrl-q)
    #[arg(long, value_name = "KEYS")]
    pub detach_keys: Option<String>,
    /// The container
    pub container: String,
    /// The command
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true,
        value_name = "COMMAND [ARG...]"
    )]
    pub words: Vec<String>,
}

/// `ps`
#[derive(Debug, Clone, Args)]
pub struct Ps {
    /// Stopped ones as well
    #[arg(long, short)]
    pub all: bool,
    /// Only ids
    #[arg(long, short)]
    pub quiet: bool,
    /// Whole ids and commands
    #[arg(long)]
    pub no_trunc: bool,
    /// Only some: status=, name=, id=, ancestor=, label=, exited=, volume=, network=, publish=, ...
    #[arg(long, short, value_name = "FILTER")]
    pub filter: Vec<String>,
    /// The newest only, running or not
    #[arg(long, short)]
    pub latest: bool,
    /// The newest so many, running or not
    #[arg(
        long,
        short = 'n',
        value_name = "NUMBER",
        allow_negative_numbers = true
    )]
    pub last: Option<i64>,
    /// What each of them wrote
    #[arg(long, short)]
    pub size: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Lay it out: json, table TEMPLATE, or a Go template such as '{{.ID}} {{.Names}}'
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
}

/// `logs`
#[derive(Debug, Clone, Args)]
pub struct Logs {
    /// Go on as more is written
    #[arg(long, short)]
    pub follow: bool,
    /// Only the last lines: a number, or all
    #[arg(
        long,
        short = 'n',
        value_name = "NUMBER",
        default_value = "all",
        allow_negative_numbers = true
    )]
    pub tail: String,
    /// Show times
    #[arg(long, short)]
    pub timestamps: bool,
    /// Only what was written since: 2026-05-01T12:00:00Z, seconds of the epoch, or 10m ago
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only what was written before: a time as --since takes it
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Show what a log driver adds
    #[arg(long)]
    pub details: bool,
    /// The container
    pub container: String,
}

/// `stop` and `restart`
#[derive(Debug, Clone, Args)]
pub struct Stop {
    /// Seconds to wait before it is killed
    #[arg(
        long,
        short = 't',
        visible_alias = "timeout",
        value_name = "SECONDS",
        allow_negative_numbers = true
    )]
    pub time: Option<i32>,
    /// Signal to send instead of its own
    #[arg(long, short, value_name = "SIGNAL")]
    pub signal: Option<String>,
    /// The containers
    #[arg(required = true)]
    pub containers: Vec<String>,
}

/// `kill`
#[derive(Debug, Clone, Args)]
pub struct Kill {
    /// The signal
    #[arg(long, short, value_name = "SIGNAL", default_value = "KILL")]
    pub signal: String,
    /// The containers
    #[arg(required = true)]
    pub containers: Vec<String>,
}

/// `start`
#[derive(Debug, Clone, Args)]
pub struct Start {
    /// Show its output, and wait for its end
    #[arg(long, short)]
    pub attach: bool,
    /// Pass standard input on
    #[arg(long, short)]
    pub interactive: bool,
    /// Keys that leave it running, such as ctrl-x,x (default: ctrl-p,ctrl-q)
    #[arg(long, value_name = "KEYS")]
    pub detach_keys: Option<String>,
    /// Pass signals such as Ctrl-C on to it
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub sig_proxy: bool,
    /// The containers
    #[arg(required = true)]
    pub containers: Vec<String>,
}

/// `create`: all of `run` but what is about running it.
#[derive(Debug, Clone, Args)]
#[command(
    mut_arg("detach", |it| it.hide(true)),
    mut_arg("detach_keys", |it| it.hide(true)),
    mut_arg("sig_proxy", |it| it.hide(true))
)]
pub struct Create {
    /// What to make.
    #[command(flatten)]
    pub run: Run,
}

/// `attach`
#[derive(Debug, Clone, Args)]
pub struct Attach {
    /// Keys that leave it running, such as ctrl-x,x (default: ctrl-p,ctrl-q)
    #[arg(long, value_name = "KEYS")]
    pub detach_keys: Option<String>,
    /// Do not pass standard input on
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub no_stdin: bool,
    /// Pass signals such as Ctrl-C on to it
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub sig_proxy: bool,
    /// The container
    pub container: String,
}

/// `cp`
#[derive(Debug, Clone, Args)]
pub struct Cp {
    /// Keep owners
    #[arg(long, short)]
    pub archive: bool,
    /// Copy what a link leads to instead of the link
    #[arg(long, short = 'L')]
    pub follow_link: bool,
    /// Say nothing, as ever
    #[arg(long, short, hide = true)]
    pub quiet: bool,
    /// A path here, CONTAINER:PATH, or `-` for a tar on standard input
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// A path here, CONTAINER:PATH, or `-` for a tar on standard output
    #[arg(value_name = "DESTINATION")]
    pub destination: String,
}

/// `diff`
#[derive(Debug, Clone, Args)]
pub struct Diff {
    /// The container
    pub container: String,
}

/// `top`
#[derive(Debug, Clone, Args)]
pub struct Top {
    /// The container
    pub container: String,
    /// Options of this machine's ps instead of -ef
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "PS_OPTION"
    )]
    pub options: Vec<String>,
}

/// `stats`
#[derive(Debug, Clone, Args)]
pub struct Stats {
    /// Stopped ones as well
    #[arg(long, short)]
    pub all: bool,
    /// Once instead of again and again
    #[arg(long)]
    pub no_stream: bool,
    /// Whole ids
    #[arg(long)]
    pub no_trunc: bool,
    /// The containers; all that run if left out
    pub containers: Vec<String>,
}

/// `container prune`
#[derive(Debug, Clone, Args)]
pub struct PruneContainers {
    /// Do not ask
    #[arg(long, short)]
    pub force: bool,
    /// Only some: until=TIME, label=NAME[=VALUE], label!=NAME[=VALUE]
    #[arg(long, value_name = "FILTER")]
    pub filter: Vec<String>,
}

/// `rename`
#[derive(Debug, Clone, Args)]
pub struct Rename {
    /// The container
    pub container: String,
    /// The new name
    #[arg(value_name = "NEW_NAME")]
    pub name: String,
}

/// Some names.
#[derive(Debug, Clone, Args)]
pub struct Names {
    /// The containers
    #[arg(required = true)]
    pub names: Vec<String>,
}

/// `rm`
#[derive(Debug, Clone, Args)]
pub struct Rm {
    /// Running ones as well
    #[arg(long, short)]
    pub force: bool,
    /// Their volumes without a name as well
    #[arg(long, short)]
    pub volumes: bool,
    /// The containers
    #[arg(required = true)]
    pub containers: Vec<String>,
}

/// `container ...`
#[derive(Debug, Clone, Subcommand)]
pub enum ContainerCommand {
    /// List containers
    #[command(visible_alias = "list", visible_alias = "ps")]
    Ls(Ps),
    /// Make a container and run it
    #[command(disable_help_flag = true)]
    Run(Box<Run>),
    /// Make a container without starting it
    #[command(disable_help_flag = true)]
    Create(Box<Create>),
    /// Watch a running container and type into it
    Attach(Attach),
    /// Run one more program in a container
    Exec(Exec),
    /// Show what a container wrote
    Logs(Logs),
    /// Show all that is known of containers
    Inspect(Inspect),
    /// Start containers
    Start(Start),
    /// Stop containers
    Stop(Stop),
    /// Stop containers and start them again
    Restart(Stop),
    /// Let all processes of containers rest
    Pause(Names),
    /// Let paused containers go on
    Unpause(Names),
    /// Give a container another name
    Rename(Rename),
    /// Copy files from a container or into one
    Cp(Cp),
    /// List what a container changed in its image's files
    Diff(Diff),
    /// List the processes of a container
    Top(Top),
    /// Show what running containers use
    Stats(Stats),
    /// Remove all stopped containers
    Prune(PruneContainers),
    /// Send a signal to containers
    Kill(Kill),
    /// Wait for containers
    Wait(Names),
    /// Show which ports of the host lead into a container
    Port(Port),
    /// Write all files of a container as a tar
    Export(Export),
    /// Make an image of a container and what it changed
    Commit(Commit),
    /// Remove containers
    #[command(visible_alias = "remove")]
    Rm(Rm),
}
