//! Answers become text: every picture, table and message strata shows.
//!
//! Each function takes a value and a [`Screen`] and returns a [`Text`] of named styles; it reads no
//! clock, environment or file. [`Screen::paint`] makes the string that a face prints.

mod screen;
mod text;
pub mod theme;
mod width;
mod wrap;

pub use screen::{Chrome, Screen};
pub use text::{Line, Piece, Style, Text};
pub use width::{char_width, clean, cut, cut_left, pad_left, pad_right, split_at_width, width};
pub use wrap::wrap_words;
