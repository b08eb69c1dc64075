//! Answers become text: every picture, table and message strata shows.
//!
//! Each function takes a value and a [`Screen`] and returns a [`Text`] of named styles; it reads no
//! clock, environment or file. [`Screen::paint`] makes the string that a face prints.
//!
//! - `text`, `width`, `wrap`: words with styles, measured in columns; `theme` alone knows colours
//! - `grid`, `reason`, `summary`, `sentence`: what pictures share, and their plain sentences
//! - `layer_stack`, `cache_table`, `why`, `compare`, `failure`, `diagnostic`, `check`: the pictures
//! - `sharing`: which image stands on which, what two have in common
//! - `tracing`: where bytes and paths come from
//! - `syntax_tree`, `path_fates`, `context_listing`: how files are read, and which a build sees
//! - `lesson`: pages, questions, results, hints
//! - `build_log`, `live`: a build as it happens, for a pipe and for a terminal
//! - `transfers`: layers from and to registries
//! - `table`, `quantity`, `json`: docker's tables, sizes and times, and machines

mod build_log;
mod cache_table;
mod cache_total;
mod check;
mod compare;
mod context_listing;
mod diagnostic;
mod failure;
#[cfg(test)]
mod fits;
mod grid;
mod json;
mod layer_stack;
mod lesson;
mod live;
mod output;
mod path_fates;
mod quantity;
mod reason;
#[cfg(test)]
pub(crate) mod sample;
mod scored;
mod screen;
mod sentence;
mod sharing;
mod suggestion;
mod summary;
mod syntax_tree;
mod table;
mod text;
pub mod theme;
mod tracing;
mod transfers;
mod why;
mod why_rows;
mod width;
mod wrap;

pub use build_log::BuildLog;
pub use cache_table::{build_result, forecast};
pub use check::{check_findings, check_summary, rule_list, rule_page};
pub use compare::{Compared, compare};
pub use context_listing::{context_excluded, context_files};
pub use diagnostic::{diagnostic, error, warning};
pub use failure::failure;
pub use json::{json, json_line};
pub use layer_stack::{draft_verbs, layer_stack, row, row_heads, typed_row, typed_total};
pub use lesson::{
    QuestionState, StepEnd, lesson_facts, lesson_hint, lesson_page, lesson_passed, lesson_prose,
    lesson_question, lesson_question_prompt, lesson_score, lesson_try_again,
};
pub use live::{Keep, LiveBuild};
pub use output::{OutputLines, StepOutputs};
pub use path_fates::{PathFate, path_fates};
pub use quantity::{ago, docker_size, duration, human_duration, size, spoken_size};
pub use scored::{Guess, scored_result};
pub use screen::{Chrome, Screen};
pub use sharing::{image_tree, shared_layers};
pub use suggestion::best_advice;
pub use syntax_tree::syntax_tree;
pub use table::{Narrow, narrow_table, table};
pub use text::{Line, Piece, Style, Text};
pub use tracing::{path_log, waste};
pub use transfers::TransferLines;
pub use why::why;
pub use width::{char_width, clean, cut, cut_left, pad_left, pad_right, split_at_width, width};
pub use wrap::wrap_words;
