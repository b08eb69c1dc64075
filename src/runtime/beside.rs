//! A container in the network of another: `--network container:NAME`.
//!
//! A network namespace belongs to a user namespace, and only who is root in that one may join it.
//! So without root the supervisor enters the user namespace of the other container instead of
//! making its own; the ids in there are the same.

use std::fs::File;
use std::os::fd::OwnedFd;

use super::container_error::ContainerError;
use super::containers::Containers;
use super::names::ContainerId;
use super::probe::Mode;
use super::state::Status;

/// Opens the user namespace that a container's network belongs to; none where it is the host's.
pub(super) fn user_namespace(
    containers: &Containers,
    other: &ContainerId,
    mode: &Mode,
) -> Result<Option<OwnedFd>, ContainerError> {
    // Also as root: the other one has to run.
    let namespace = open(containers, other, "user")?;
    Ok((*mode != Mode::Rootful).then_some(namespace))
}

/// Opens the network namespace of a running container.
pub(super) fn network(
    containers: &Containers,
    other: &ContainerId,
) -> Result<OwnedFd, ContainerError> {
    open(containers, other, "net")
}

fn open(
    containers: &Containers,
    other: &ContainerId,
    kind: &str,
) -> Result<OwnedFd, ContainerError> {
    let stopped = || ContainerError::NetworkStopped { id: other.clone() };
    let folder = containers.folder(other);
    let Status::Running(running) = folder.record()?.state else {
        return Err(stopped());
    };
    let namespace = File::open(format!("/proc/{}/ns/{kind}", running.init));
    let namespace = namespace.map_err(|_| stopped())?;
    // It ran after its namespace was opened: the process was not another one by then.
    match folder.record()?.state {
        Status::Running(still) if still == running => Ok(namespace.into()),
        _ => Err(stopped()),
    }
}
