//! Why something could not be done, for machines: the same shape as `check --json` prints
//! (machine-interface.md, 2).

use serde::Serialize;

use crate::command::{Command, Context};
use crate::session::SessionError;

/// What `--json` prints instead of an answer.
#[derive(Serialize)]
pub(super) struct Refusal {
    errors: Vec<Mistake>,
    warnings: [(); 0],
}

#[derive(Serialize)]
struct Mistake {
    /// From 1; that of the first instruction where it is about none, as everywhere.
    line: usize,
    message: String,
    kind: &'static str,
}

impl Refusal {
    pub fn new(error: &SessionError) -> Self {
        let errors = match error {
            SessionError::Dockerfile {
                source,
                diagnostics,
            } => diagnostics
                .iter()
                .map(|it| Mistake {
                    line: source.line(it.span().start),
                    message: it.message.clone(),
                    kind: it.kind,
                })
                .collect(),
            SessionError::Trouble(trouble) => vec![Mistake {
                line: 1,
                message: trouble.message.clone(),
                kind: "trouble",
            }],
        };
        Self {
            errors,
            warnings: [],
        }
    }
}

/// Tells whether a command is to answer in JSON, whatever comes of it. It does so in English, in
/// whichever language the session speaks (DECISIONS, 8).
pub(super) fn wants_json(command: &Command) -> bool {
    match command {
        Command::Parse(it) => it.json,
        Command::Check(it) => it.json,
        Command::Expand(it) => it.json,
        Command::IgnoreCheck(it) => it.json,
        Command::Context(Context::Ls(it)) => it.json,
        Command::Build(it) => it.json,
        Command::Plan(it) => it.json,
        Command::Why(it) => it.json,
        Command::Stack(it) => it.json,
        Command::Files(it) => it.json,
        Command::Compare(it) => it.json,
        Command::Waste(it) => it.json,
        Command::Log(it) => it.json,
        Command::Doctor(it) => it.json,
        // What `inspect` and the lists print is docker's.
        _ => false,
    }
}
