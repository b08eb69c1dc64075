//! The verbs and their options, one list for the shell and the REPL.
//!
//! Options are docker's where docker has the verb: `--rm=false`, `-p8080:80`, `-it`, and the
//! options of `run` and `exec` end at the image or container.

// The comments are the text of `--help`: brackets in it are no links.
#![allow(rustdoc::broken_intra_doc_links)]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::language::Language;

mod building;
mod carrying;
mod containers;
mod help;
mod images;
mod korean;
mod learning;
mod networking;
mod pictures;
mod pruning;
mod reading;
mod registries;
mod system;
mod volumes;

pub use building::{Build, BuildOnly, BuildOptions, OnFail, Plan, Progress, RunOptions, Why};
pub use carrying::{Commit, Export, Import};
pub use containers::{
    Attach, ContainerCommand, Cp, Create, Diff, Exec, Healthchecking, Kill, Logs, Names,
    PruneContainers, Ps, Rename, Rm, Run, Start, Stats, Stop, Top, Update,
};
pub use help::{for_help, language_asked};
pub use images::{History, ImageCommand, Images, Inspect, Load, ObjectType, Rmi, Save, Tag};
pub use learning::{
    Learn, Lesson, LessonFolder, LessonForget, LessonHomes, LessonNew, LessonReport, LessonReset,
    LessonSync, LessonTest,
};
pub use networking::{
    ConnectNetwork, CreateNetwork, DisconnectNetwork, InspectNetworks, ListNetworks,
    NetworkCommand, Networking, Port, PruneNetworks, RemoveNetworks,
};
pub use pictures::{Compare, Files, Lid, Log, Stack, Waste};
pub use pruning::{Builder, Df, PruneBuilder, PruneImages, PruneSystem};
pub use reading::{
    Check, Context, ContextLs, Expand, Fmt, Format, IgnoreCheck, Parse, RuleOptions,
};
pub use registries::{Login, Logout, Manifest, ManifestInspect, Pull, PullPolicy, Push, Search};
pub use system::{Generate, Reset, System};
pub use volumes::{
    Mounting, VolumeCommand, VolumeCreate, VolumeInspect, VolumeLs, VolumePrune, VolumeRm,
};

/// Learn container images by building them, one Dockerfile instruction at a time.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "strata",
    version,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "Without a verb, strata opens its prompt: type a Dockerfile there, line by line."
)]
pub struct Arguments {
    /// Options that go before the verb.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options that every verb takes.
#[derive(Debug, Clone, Default, Args)]
pub struct Global {
    /// Folder of the image store
    #[arg(long, value_name = "DIR", global = true)]
    pub root: Option<PathBuf>,
    /// Language: en or ko
    #[arg(long, value_name = "LANG", global = true, value_parser = language)]
    pub lang: Option<Language>,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Plain sentences instead of pictures
    #[arg(long, global = true)]
    pub plain: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", global = true, value_enum)]
    pub color: Option<When>,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal.
    Auto,
    /// Also into a pipe.
    Always,
    /// Not at all.
    Never,
}

fn language(code: &str) -> Result<Language, String> {
    Language::from_locale(code).ok_or_else(|| format!("no language `{code}`, try en or ko"))
}

/// Everything strata can be told to do.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Learn with lessons: go on where you were, or open one
    Learn(Learn),
    /// Work with lessons: list, report, forget, reset; for authors test, lint, new, sync, coverage
    #[command(subcommand)]
    Lesson(Lesson),
    /// Show how a Dockerfile is read
    Parse(Parse),
    /// Judge a Dockerfile: mistakes, build checks, what is hardly meant
    Check(Check),
    /// Lay a Dockerfile out anew without changing what it says
    Fmt(Fmt),
    /// Show what a word of a Dockerfile becomes: quotes and $variables resolved
    Expand(Expand),
    /// Say whether paths stay out of the build context, and which line of the ignore file decided
    IgnoreCheck(IgnoreCheck),
    /// Look into a build context: ls
    #[command(subcommand)]
    Context(Context),
    /// Build an image from a Dockerfile
    Build(Box<Build>),
    /// Say what a build would reuse and what it would run, and why, without building
    Plan(Box<Plan>),
    /// Say why a step of the last build was reused or ran
    Why(Why),
    /// Draw the layers of an image
    Stack(Stack),
    /// List the files of an image or of one step
    Files(Files),
    /// Compare two images, layer by layer
    Compare(Compare),
    /// Show the bytes that a later layer hides or doubles, and the steps to blame
    Waste(Waste),
    /// Show which steps touched a path
    Log(Log),
    /// List images
    #[command(visible_alias = "image-ls")]
    Images(Images),
    /// Show the history of an image
    History(History),
    /// Show all that is known of an image or a container, as JSON
    Inspect(Inspect),
    /// Give an image another name
    Tag(Tag),
    /// Remove images
    Rmi(Rmi),
    /// Bring in an image from an archive
    Load(Load),
    /// Write an image to an archive or an OCI folder
    Save(Save),
    /// Make an image of the files in a tar
    Import(Import),
    /// Write all files of a container as a tar
    Export(Export),
    /// Make an image of a container and what it changed
    Commit(Commit),
    /// Fetch an image from a registry
    Pull(Pull),
    /// Send an image to a registry
    Push(Push),
    /// Log in to a registry
    Login(Login),
    /// Log out of a registry
    Logout(Logout),
    /// Look for images in a registry
    Search(Search),
    /// Look at manifests in registries: inspect
    #[command(subcommand)]
    Manifest(Manifest),
    /// Make a container from an image and run it
    #[command(disable_help_flag = true)]
    Run(Box<Run>),
    /// Make a container from an image without starting it
    #[command(disable_help_flag = true)]
    Create(Box<Create>),
    /// Watch a running container and type into it
    Attach(Attach),
    /// Run one more program in a running container
    Exec(Exec),
    /// List containers
    Ps(Ps),
    /// Show what a container wrote
    Logs(Logs),
    /// Stop containers
    Stop(Stop),
    /// Stop containers and start them again
    Restart(Stop),
    /// Change limits and restart policy of containers
    Update(Update),
    /// Print what other programs of this machine need: systemd
    #[command(subcommand)]
    Generate(Generate),
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
    /// Send a signal to containers
    Kill(Kill),
    /// Start stopped containers
    Start(Start),
    /// Wait until containers stop, print their exit codes
    Wait(Names),
    /// Show which ports of the host lead into a container
    Port(Port),
    /// Remove containers
    Rm(Rm),
    /// Networks in which containers reach each other by name: create, ls, inspect, rm, connect, ...
    #[command(subcommand)]
    Network(NetworkCommand),
    /// Show what a container is made of: namespaces, folders, mounts, limits, rights
    Lid(Lid),
    /// Say what works on this machine, and the remedy for what does not
    Doctor(Json),
    /// Look after the store
    #[command(subcommand)]
    System(System),
    /// Look after the build cache: prune
    #[command(subcommand)]
    Builder(Builder),
    /// Remove images that nothing uses
    #[command(skip)]
    PruneImages(PruneImages),
    /// Commands on images: ls, history, inspect, rm, tag, build, load, save, import, pull, push, prune
    #[command(subcommand)]
    Image(ImageCommand),
    /// Commands on containers: ls, run, exec, logs, stop, rm, ...
    #[command(subcommand)]
    Container(ContainerCommand),
    /// Look after volumes: create, ls, inspect, rm, prune
    #[command(subcommand)]
    Volume(VolumeCommand),
    /// Print a script that completes verbs and options: bash, zsh, fish, elvish, powershell
    Completions(Completions),
    /// Print the manual page of a verb, or write all pages into a folder
    Man(Man),
    /// Show the version
    Version(Version),
}

/// `version`
#[derive(Debug, Clone, Args)]
pub struct Version {
    /// Lay it out: json, or a Go template such as '{{.Server.Version}}'
    #[arg(long, short, value_name = "FORMAT")]
    pub format: Option<String>,
}

/// `completions`
#[derive(Debug, Clone, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `man`
#[derive(Debug, Clone, Args)]
pub struct Man {
    /// The verb; strata itself if left out
    pub verb: Vec<String>,
    /// Write all pages into this folder
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Only `--json`.
#[derive(Debug, Clone, Args)]
pub struct Json {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

impl Command {
    /// Turns `image ...` and `container ...` into the short verbs they stand for.
    pub fn short(self) -> Self {
        match self {
            Self::Image(command) => match command {
                ImageCommand::Ls(it) => Self::Images(it),
                ImageCommand::Build(it) => Self::Build(it),
                ImageCommand::History(it) => Self::History(it),
                ImageCommand::Inspect(it) => Self::Inspect(it),
                ImageCommand::Rm(it) => Self::Rmi(it),
                ImageCommand::Tag(it) => Self::Tag(it),
                ImageCommand::Load(it) => Self::Load(it),
                ImageCommand::Save(it) => Self::Save(it),
                ImageCommand::Prune(it) => Self::PruneImages(it),
                ImageCommand::Import(it) => Self::Import(it),
                ImageCommand::Pull(it) => Self::Pull(it),
                ImageCommand::Push(it) => Self::Push(it),
            },
            Self::Builder(Builder::Build(it)) => Self::Build(it),
            Self::Container(command) => match command {
                ContainerCommand::Ls(it) => Self::Ps(it),
                ContainerCommand::Run(it) => Self::Run(it),
                ContainerCommand::Create(it) => Self::Create(it),
                ContainerCommand::Attach(it) => Self::Attach(it),
                ContainerCommand::Exec(it) => Self::Exec(it),
                ContainerCommand::Restart(it) => Self::Restart(it),
                ContainerCommand::Update(it) => Self::Update(it),
                ContainerCommand::Pause(it) => Self::Pause(it),
                ContainerCommand::Unpause(it) => Self::Unpause(it),
                ContainerCommand::Rename(it) => Self::Rename(it),
                ContainerCommand::Cp(it) => Self::Cp(it),
                ContainerCommand::Diff(it) => Self::Diff(it),
                ContainerCommand::Top(it) => Self::Top(it),
                ContainerCommand::Stats(it) => Self::Stats(it),
                prune @ ContainerCommand::Prune(_) => Self::Container(prune),
                ContainerCommand::Logs(it) => Self::Logs(it),
                ContainerCommand::Inspect(it) => Self::Inspect(it),
                ContainerCommand::Start(it) => Self::Start(it),
                ContainerCommand::Stop(it) => Self::Stop(it),
                ContainerCommand::Kill(it) => Self::Kill(it),
                ContainerCommand::Wait(it) => Self::Wait(it),
                ContainerCommand::Port(it) => Self::Port(it),
                ContainerCommand::Rm(it) => Self::Rm(it),
                ContainerCommand::Export(it) => Self::Export(it),
                ContainerCommand::Commit(it) => Self::Commit(it),
            },
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn run(words: &[&str]) -> Run {
        let words = ["strata", "run"].iter().chain(words);
        match Arguments::try_parse_from(words)
            .expect("these options are right")
            .command
        {
            Some(Command::Run(run)) => *run,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_verbs_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn options_of_run_end_at_the_image() {
        let run = run(&["-it", "--rm=false", "-eA=1", "shop", "ls", "-l", "--rm"]);
        assert!(run.interactive && run.tty && !run.rm);
        assert_eq!(run.env, ["A=1"]);
        assert_eq!(run.words, ["shop", "ls", "-l", "--rm"]);
    }
}
