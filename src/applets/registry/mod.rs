//! `registry [-p PORT] [-d DIR]`: a registry of images (distribution-spec 1.1), as small as one can
//! be that every client accepts. It is what `practice-registry` runs.
//!
//! | file | what |
//! |---|---|
//! | `shelf` | blobs, manifests and tags as files |
//! | `route` | which request a path is |
//! | `answer` | what a request comes to |
//!
//! No passwords, no certificates: it is for 127.0.0.1. Each request is a line on standard output,
//! so that `logs` shows what a push really sent.

mod answer;
mod route;
mod shelf;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use nix::sys::signal::{SigSet, Signal};
use tiny_http::Server;

use shelf::Shelf;

const USAGE: &str = "usage: registry [-p PORT] [-d DIR]";
const PORT: u16 = 5000;
const FOLDER: &str = "/var/lib/registry";
/// As many requests are answered at once.
const WORKERS: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Options {
    port: u16,
    folder: PathBuf,
}

pub(super) fn main(args: &[String]) -> Result<(), String> {
    let options = options(args)?;
    end_when_asked()?;
    let shelf = Shelf::open(&options.folder);
    let shelf = shelf.map_err(|error| format!("{}: {error}", options.folder.display()))?;
    let server = Server::http(("0.0.0.0", options.port));
    let server = server.map_err(|error| format!("port {}: {error}", options.port))?;
    say(&format!("listening on port {}", options.port));
    let (server, shelf) = (Arc::new(server), Arc::new(shelf));
    let work = |_| {
        let (server, shelf) = (Arc::clone(&server), Arc::clone(&shelf));
        thread::spawn(move || serve(&server, &shelf))
    };
    let workers: Vec<_> = (0..WORKERS).map(work).collect();
    for worker in workers {
        worker.join().map_err(|_| "a thread panicked".to_owned())?;
    }
    Ok(())
}

fn options(args: &[String]) -> Result<Options, String> {
    let mut options = Options {
        port: PORT,
        folder: FOLDER.into(),
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let value = args.next().ok_or(USAGE)?;
        match arg.as_str() {
            "-p" => options.port = value.parse().map_err(|_| USAGE)?,
            "-d" => options.folder = value.into(),
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(options)
}

/// The first process of a container is not ended by a signal that it does not wait for.
fn end_when_asked() -> Result<(), String> {
    let signals: SigSet = [Signal::SIGTERM, Signal::SIGINT].into_iter().collect();
    let blocked = signals.thread_block();
    blocked.map_err(|error| format!("cannot wait for signals: {error}"))?;
    thread::spawn(move || {
        let _ = signals.wait();
        std::process::exit(0);
    });
    Ok(())
}

fn serve(server: &Server, shelf: &Shelf) {
    loop {
        // A connection that broke is its client's own affair.
        let Ok(mut request) = server.recv() else {
            continue;
        };
        let asked = format!("{} {}", request.method(), request.url());
        let answer = answer::answer(shelf, &mut request);
        say(&format!("{asked} {}", answer.status()));
        let _ = request.respond(answer.into_response());
    }
}

/// Nobody fails because nobody listens.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_a_port_and_a_folder() {
        let read = |text: &str| {
            let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            options(&words)
        };
        let found = read("-p 80 -d /x").unwrap();
        assert_eq!((found.port, found.folder), (80, PathBuf::from("/x")));
        assert_eq!(read("").unwrap().port, PORT);
        for wrong in ["-p", "-p x", "-v 1", "5000"] {
            assert_eq!(read(wrong), Err(USAGE.to_owned()), "{wrong}");
        }
    }
}
