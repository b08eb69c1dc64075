//! The ssh agent that a step sees: a socket of its own, with the owner and mode that the mount asks
//! for, and carried on to the agent of whoever builds.
//!
//! The agent's own socket is never shown: its mode is not for the step to decide, and it answers to
//! the user who started it, whoever the step runs as.

use std::fs::{self, File, Permissions};
use std::io;
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::layers::ScratchDir;

/// Listens while a step runs. Whoever is connected then stays so until one side is done.
pub struct AgentSocket {
    path: PathBuf,
    /// Goes with everything in it.
    _folder: ScratchDir,
    /// Its other end is closed when this is dropped, and the thread ends.
    _alive: UnixStream,
}

impl AgentSocket {
    /// Makes the socket in a folder, and listens.
    pub fn new(folder: ScratchDir, agent: &Path, mode: u32, owner: (u32, u32)) -> io::Result<Self> {
        let path = folder.path().join("agent");
        // The path of a socket has at most 108 bytes, and a store may lie deep.
        let opened = File::open(folder.path())?;
        let short = format!("/proc/self/fd/{}/agent", opened.as_raw_fd());
        let listener = UnixListener::bind(short)?;
        fs::set_permissions(&path, Permissions::from_mode(mode))?;
        chown(&path, Some(owner.0), Some(owner.1))?;
        let (alive, watched) = UnixStream::pair()?;
        let agent = agent.to_owned();
        thread::Builder::new().spawn(move || serve(&listener, &watched, &agent))?;
        Ok(Self {
            path,
            _folder: folder,
            _alive: alive,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Takes in everybody who connects, until the other end of `watched` is closed.
fn serve(listener: &UnixListener, watched: &UnixStream, agent: &Path) {
    loop {
        let mut both = [
            PollFd::new(watched, PollFlags::IN),
            PollFd::new(listener, PollFlags::IN),
        ];
        match poll(&mut both, None) {
            Err(Errno::INTR) => continue,
            Err(_) => return,
            Ok(_) if !both[0].revents().is_empty() => return,
            Ok(_) => {}
        }
        // Whoever cannot be carried on is hung up on, as by an agent that is gone.
        if let Ok((client, _)) = listener.accept()
            && let Ok(agent) = UnixStream::connect(agent)
        {
            let _ = carry(&client, &agent);
        }
    }
}

/// Carries bytes both ways, each in a thread of its own.
fn carry(client: &UnixStream, agent: &UnixStream) -> io::Result<()> {
    for (from, to) in [(client, agent), (agent, client)] {
        let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
        thread::Builder::new().spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::Store;
    use std::io::{Read, Write};
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn what_is_asked_reaches_the_agent_and_its_answer_comes_back() {
        let home = tempfile::tempdir().unwrap();
        let deep = home.path().join("deep".repeat(30));
        let store = Store::open(&deep).unwrap();
        let path = home.path().join("agent");
        let agent = UnixListener::bind(&path).unwrap();
        let answering = thread::spawn(move || {
            let (mut asked, mut question) = (agent.accept().unwrap().0, String::new());
            asked.read_to_string(&mut question).unwrap();
            write!(asked, "{question}, yes").unwrap();
        });
        let own = fs::metadata(home.path()).unwrap();
        let owner = (own.uid(), own.gid());
        let socket = AgentSocket::new(store.scratch().unwrap(), &path, 0o640, owner).unwrap();
        let mode = fs::metadata(socket.path()).unwrap().mode() & 0o777;
        assert_eq!(mode, 0o640);
        let opened = File::open(socket.path().parent().unwrap()).unwrap();
        let short = format!("/proc/self/fd/{}/agent", opened.as_raw_fd());
        let mut client = UnixStream::connect(short).unwrap();
        write!(client, "well").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "well, yes");
        answering.join().unwrap();
    }
}
