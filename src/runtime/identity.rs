//! Who the program is and what it may do: user and groups, capabilities, seccomp.

use std::fs;
use std::io;

use nix::sched::CloneFlags;
use rustix::thread::{CapabilitySet, CapabilitySets};
use rustix::thread::{Gid, Uid};

use super::capabilities::Capabilities;
use super::failure::{LaunchError, What};
use super::protocol::Orders;
use super::spec::{IdMode, User};
use super::sys;

/// Gives up everything the program is not to have. The filter comes before the ids are changed,
/// because applying it takes `CAP_SYS_ADMIN`; docker's profile allows what follows.
pub fn assume(orders: &Orders<'_>, filter: &[sys::sock_filter]) -> Result<(), LaunchError> {
    let spec = &orders.spec;
    let user = &spec.process.user;
    let nested = spec.ids == IdMode::Single && (user.uid, user.gid) != (0, 0);
    if nested {
        map_only(user).map_err(failed(What::User))?;
    }
    drop_bounding(spec.capabilities).map_err(failed(What::Capabilities))?;
    if spec.no_new_privileges {
        rustix::thread::set_no_new_privs(true).map_err(failed(What::Capabilities))?;
    }
    if !filter.is_empty() {
        sys::apply_filter(filter).map_err(failed(What::Seccomp))?;
    }
    if spec.ids == IdMode::Many {
        become_user(user).map_err(failed(What::User))?;
    }
    let kept = if user.uid == 0 {
        spec.capabilities
    } else {
        Capabilities::NONE
    };
    set_capabilities(kept).map_err(failed(What::Capabilities))
}

fn failed<E: Into<io::Error>>(what: What) -> impl Fn(E) -> LaunchError {
    move |error| LaunchError::setup(what, std::path::Path::new(""), &error.into())
}

/// Becomes a user that does not exist here: a user namespace of its own shows our only id as that
/// one (`user_namespaces(7)`).
fn map_only(user: &User) -> io::Result<()> {
    sys::unshare(CloneFlags::CLONE_NEWUSER)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{} 0 1", user.uid))?;
    fs::write("/proc/self/gid_map", format!("{} 0 1", user.gid))
}

fn become_user(user: &User) -> io::Result<()> {
    let groups: Vec<Gid> = user.groups.iter().copied().map(Gid::from_raw).collect();
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    // These change one thread's ids; there is only one.
    rustix::thread::set_thread_groups(&groups)?;
    rustix::thread::set_thread_res_gid(gid, gid, gid)?;
    Ok(rustix::thread::set_thread_res_uid(uid, uid, uid)?)
}

/// Drops everything else from the bounding set, also what this kernel knows and we don't.
fn drop_bounding(kept: Capabilities) -> io::Result<()> {
    for number in (0..u64::BITS).filter(|number| !kept.has(*number)) {
        let one = CapabilitySet::from_bits_retain(1 << number);
        match rustix::thread::remove_capability_from_bounding_set(one) {
            // The first number beyond the kernel's last capability.
            Err(rustix::io::Errno::INVAL) => break,
            answer => answer?,
        }
    }
    Ok(rustix::thread::clear_ambient_capability_set()?)
}

/// Sets permitted and effective; inheritable stays empty, as in docker since CVE-2022-24769.
fn set_capabilities(kept: Capabilities) -> io::Result<()> {
    let has = rustix::thread::capabilities(None)?.permitted;
    let set = CapabilitySet::from_bits_retain(kept.mask()) & has;
    let sets = CapabilitySets {
        effective: set,
        permitted: set,
        inheritable: CapabilitySet::empty(),
    };
    Ok(rustix::thread::set_capabilities(None, sets)?)
}
