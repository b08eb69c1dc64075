//! The prompt, at a real terminal and through a pipe.
//!
//! | file | what |
//! |---|---|
//! | `typing` | instructions, undo, a whole Dockerfile pasted |
//! | `failing` | wrong lines, failing steps, Ctrl-C |
//! | `files` | write, edit, open; the draft that is kept |
//! | `lessons` | lessons: keys, free play, ways out |
//! | `pipe` | lines through a pipe |

mod failing;
mod files;
mod lessons;
mod pipe;
mod typing;
