//! Options of the verbs that teach: `learn` and `lesson`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::language;
use crate::language::Language;

/// `learn`
#[derive(Debug, Clone, Args)]
pub struct Learn {
    /// Number or id of a lesson
    pub lesson: Option<String>,
    /// Folder of lessons instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub lessons: Option<PathBuf>,
    /// Folder that holds the work folders of lessons (default: ~/strata)
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Do not watch the work folder for changes
    #[arg(long)]
    pub no_watch: bool,
}

/// `lesson ...`
#[derive(Debug, Clone, Subcommand)]
pub enum Lesson {
    /// List the lessons
    List(LessonFolder),
    /// Prove that lessons can be finished, without a terminal
    Test(LessonTest),
    /// Look for mistakes in lesson files
    Lint(LessonFolder),
    /// Begin a new lesson: a step that works, in every language, and its line in course.toml
    New(LessonNew),
    /// Show which translations are older than the English
    Sync(LessonSync),
    /// Show where what is taught is typed, and which study notes are taught where
    Coverage(LessonFolder),
    /// Report progress, for learners and teachers
    Report(LessonReport),
    /// Forget a lesson that was opened by mistake
    Forget(LessonForget),
    /// Start a lesson, or the whole course, again; your files are kept aside
    Reset(LessonReset),
}

/// A folder of lessons.
#[derive(Debug, Clone, Args)]
pub struct LessonFolder {
    /// Folder of lessons; the built-in ones if left out
    pub folder: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `lesson test`
#[derive(Debug, Clone, Args)]
pub struct LessonTest {
    /// Folder of lessons; the built-in ones if left out
    pub folder: Option<PathBuf>,
    /// Only lessons or steps: `cache-order` or `cache-order/fix`
    #[arg(long, value_name = "LESSON[/STEP]")]
    pub filter: Option<String>,
    /// Keep the folders of failed steps
    #[arg(long)]
    pub keep: bool,
    /// Accept the screens as they are now
    #[arg(long)]
    pub update: bool,
    /// Take steps that need real images, too
    #[arg(long)]
    pub real: bool,
    /// Seed of the random order
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Print `JUnit` XML
    #[arg(long, conflicts_with = "json")]
    pub junit: bool,
}

/// `lesson new`
#[derive(Debug, Clone, Args)]
pub struct LessonNew {
    /// Its id, with or without a number before it: `ports` or `13-ports`
    #[arg(value_name = "ID")]
    pub name: String,
    /// Folder of lessons
    #[arg(default_value = "lessons")]
    pub folder: PathBuf,
}

/// `lesson sync`
#[derive(Debug, Clone, Args)]
pub struct LessonSync {
    /// The language to look at, such as ko
    #[arg(value_parser = language)]
    pub language: Language,
    /// Folder of lessons
    #[arg(default_value = "lessons")]
    pub folder: PathBuf,
    /// Write code blocks and hashes without asking: the translations are right again
    #[arg(long)]
    pub write: bool,
}

/// Whose progress: that in the built-in course, or in another.
#[derive(Debug, Clone, Args)]
pub struct LessonHomes {
    /// Folder of lessons instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub lessons: Option<PathBuf>,
    /// Folder that holds the work folders of lessons (default: ~/strata)
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// `lesson report`
#[derive(Debug, Clone, Args)]
pub struct LessonReport {
    /// Which course.
    #[command(flatten)]
    pub homes: LessonHomes,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `lesson forget`
#[derive(Debug, Clone, Args)]
pub struct LessonForget {
    /// Number or id of the lesson
    pub lesson: String,
    /// Which course.
    #[command(flatten)]
    pub homes: LessonHomes,
}

/// `lesson reset`
#[derive(Debug, Clone, Args)]
pub struct LessonReset {
    /// The lesson; the whole course if left out
    pub lesson: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Which course.
    #[command(flatten)]
    pub homes: LessonHomes,
}
