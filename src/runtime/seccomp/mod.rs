//! What system calls a container may make: docker's rules (`profile`), put together for one
//! container, and compiled to the kernel's filter language (`bpf`).

mod bpf;
mod profile;

use std::collections::BTreeMap;

use nix::libc;

use super::capabilities::Capabilities;
use super::spec::IdMode;
use super::sys::sock_filter;

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Allow,
    /// It is not carried out and returns this; 0 is "success".
    Answer(i32),
    /// Allowed if one test passes, answered otherwise.
    AllowIf(Vec<Test>, i32),
}

/// A question about the low half of an argument; the kernel looks no further at these either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    Equal {
        argument: u8,
        value: u32,
    },
    Below {
        argument: u8,
        value: u32,
    },
    /// The bits of the mask are all 0.
    Clear {
        argument: u8,
        mask: u32,
    },
    /// The bits of the mask are not exactly `value`.
    Differ {
        argument: u8,
        mask: u32,
        value: u32,
    },
}

/// A rule for every call number.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rules {
    calls: BTreeMap<u32, Rule>,
    /// For numbers up to [`profile::NEWEST`] without a rule, and for those above.
    others: Rule,
    newer: Rule,
}

/// Returns the filter for a container; empty when nothing needs filtering.
pub fn filter(on: bool, capabilities: Capabilities, ids: IdMode) -> Vec<sock_filter> {
    if !on && ids == IdMode::Many {
        return Vec::new();
    }
    let mut rules = if on {
        Rules::docker(capabilities)
    } else {
        Rules::unconfined()
    };
    if ids == IdMode::Single {
        rules.pretend_owners();
    }
    rules.compile()
}

impl Rules {
    fn unconfined() -> Self {
        Self {
            calls: BTreeMap::new(),
            others: Rule::Allow,
            newer: Rule::Allow,
        }
    }

    fn docker(capabilities: Capabilities) -> Self {
        let mut rules = Self {
            calls: BTreeMap::new(),
            others: Rule::Answer(libc::EPERM),
            newer: Rule::Answer(libc::ENOSYS),
        };
        rules.set(libc::SYS_socket, Rule::AllowIf(socket_tests(), libc::EPERM));
        rules.set(
            libc::SYS_personality,
            Rule::AllowIf(personality_tests(), libc::EPERM),
        );
        let plain = Test::Clear {
            argument: 0,
            mask: profile::CLONE_NAMESPACES,
        };
        rules.set(libc::SYS_clone, Rule::AllowIf(vec![plain], libc::EPERM));
        // Its flags are in memory where no filter sees them; ENOSYS makes libc use clone.
        rules.set(libc::SYS_clone3, Rule::Answer(libc::ENOSYS));
        for list in [
            profile::ALWAYS,
            profile::ALWAYS_NEW,
            profile::ALWAYS_HERE,
            profile::ALWAYS_HERE_NEW,
        ] {
            rules.allow(list);
        }
        for (name, calls) in profile::WITH_CAPABILITY {
            if capabilities.contains(name) {
                rules.allow(calls);
            }
        }
        rules
    }

    /// Where one id exists, changing owners and making devices is answered with success, as
    /// Charliecloud does, so that package managers get on.
    fn pretend_owners(&mut self) {
        for call in profile::OWNERS.iter().chain(profile::OWNERS_HERE) {
            self.set(*call, Rule::Answer(0));
        }
        #[cfg(target_arch = "x86_64")]
        self.set(libc::SYS_mknod, Rule::AllowIf(no_device(1), 0));
        self.set(libc::SYS_mknodat, Rule::AllowIf(no_device(2), 0));
    }

    fn allow(&mut self, calls: &[libc::c_long]) {
        for call in calls {
            self.set(*call, Rule::Allow);
        }
    }

    fn set(&mut self, call: libc::c_long, rule: Rule) {
        let number = u32::try_from(call).expect("system calls have small numbers");
        self.calls.insert(number, rule);
    }
}

fn socket_tests() -> Vec<Test> {
    let below = Test::Below {
        argument: 0,
        value: profile::SOCKET_FAMILIES_BELOW,
    };
    let equal = |value: &u32| Test::Equal {
        argument: 0,
        value: *value,
    };
    [below]
        .into_iter()
        .chain(profile::SOCKET_FAMILIES.iter().map(equal))
        .collect()
}

fn personality_tests() -> Vec<Test> {
    let equal = |value: &u32| Test::Equal {
        argument: 0,
        value: *value,
    };
    profile::PERSONALITIES.iter().map(equal).collect()
}

/// Passes for a mode that is neither a character nor a block device. `S_IFCHR` and `S_IFBLK` are
/// the two types with the bit 0x2000 set and 0x8000 clear.
fn no_device(argument: u8) -> Vec<Test> {
    vec![Test::Differ {
        argument,
        mask: 0xa000,
        value: 0x2000,
    }]
}

/// Returns a filter as the bytes that travel to init.
pub fn to_bytes(filter: &[sock_filter]) -> Vec<u8> {
    let bytes = |one: &sock_filter| {
        let [code0, code1] = one.code.to_ne_bytes();
        let [k0, k1, k2, k3] = one.k.to_ne_bytes();
        [code0, code1, one.jt, one.jf, k0, k1, k2, k3]
    };
    filter.iter().flat_map(bytes).collect()
}

/// Reads what [`to_bytes`] made.
pub fn from_bytes(bytes: &[u8]) -> Vec<sock_filter> {
    let (instructions, _) = bytes.as_chunks::<8>();
    let read = |&[code0, code1, jt, jf, k0, k1, k2, k3]: &[u8; 8]| sock_filter {
        code: u16::from_ne_bytes([code0, code1]),
        jt,
        jf,
        k: u32::from_ne_bytes([k0, k1, k2, k3]),
    };
    instructions.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::bpf::{
        AND, ARCHITECTURE, ARGUMENTS, IF_AT_LEAST, IF_EQUAL, JUMP, LOAD, NUMBER, OUR_ARCHITECTURE,
        RETURN,
    };
    use super::*;

    const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
    const EPERM: u32 = libc::SECCOMP_RET_ERRNO + 1;
    const ENOSYS: u32 = libc::SECCOMP_RET_ERRNO + 38;
    const SUCCESS: u32 = libc::SECCOMP_RET_ERRNO;

    /// Runs a filter as the kernel would.
    fn run(filter: &[sock_filter], call: libc::c_long, arguments: &[u32]) -> u32 {
        let load = |offset: u32| match offset {
            NUMBER => u32::try_from(call).unwrap(),
            ARCHITECTURE => OUR_ARCHITECTURE,
            _ => arguments
                .get((offset - ARGUMENTS) as usize / 8)
                .copied()
                .unwrap_or(0),
        };
        let (mut at, mut accumulator) = (0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = filter[at];
            at += 1;
            let skip = |yes| usize::from(if yes { jt } else { jf });
            match code {
                LOAD => accumulator = load(k),
                AND => accumulator &= k,
                JUMP => at += k as usize,
                IF_EQUAL => at += skip(accumulator == k),
                IF_AT_LEAST => at += skip(accumulator >= k),
                RETURN => return k,
                other => panic!("no such instruction: {other}"),
            }
        }
    }

    fn docker() -> Vec<sock_filter> {
        filter(true, Capabilities::default(), IdMode::Many)
    }

    #[test]
    fn every_number_gets_the_rule_it_was_given() {
        let rules = Rules::docker(Capabilities::default());
        let filter = rules.compile();
        for number in 0..600 {
            // Arguments no test passes for, except that clone(99) makes no namespace.
            let found = run(&filter, number.into(), &[99, 99, 99]);
            let rule = rules.calls.get(&u32::try_from(number).unwrap());
            let expected = match rule {
                Some(Rule::Allow) => ALLOW,
                Some(Rule::AllowIf(..)) if i64::from(number) == libc::SYS_clone => ALLOW,
                Some(Rule::Answer(errno) | Rule::AllowIf(_, errno)) => {
                    libc::SECCOMP_RET_ERRNO | errno.unsigned_abs()
                }
                None if i64::from(number) > profile::NEWEST => ENOSYS,
                None => EPERM,
            };
            assert_eq!(found, expected, "call {number}");
        }
    }

    #[test]
    fn mount_and_unshare_come_with_sys_admin() {
        let admin = Capabilities::default().with(&["SYS_ADMIN"], &[]).unwrap();
        let admin = filter(true, admin, IdMode::Many);
        for call in [libc::SYS_mount, libc::SYS_unshare, libc::SYS_clone3] {
            assert_eq!(run(&admin, call, &[]), ALLOW);
            assert_ne!(run(&docker(), call, &[]), ALLOW);
        }
    }

    #[test]
    fn clone_may_make_a_thread_but_no_namespace() {
        assert_eq!(run(&docker(), libc::SYS_clone, &[0x003d_0f00]), ALLOW);
        assert_eq!(run(&docker(), libc::SYS_clone, &[0x1000_0000]), EPERM);
        assert_eq!(run(&docker(), libc::SYS_clone3, &[]), ENOSYS);
    }

    #[test]
    fn a_socket_may_be_inet_but_not_vsock() {
        assert_eq!(run(&docker(), libc::SYS_socket, &[2]), ALLOW);
        assert_eq!(run(&docker(), libc::SYS_socket, &[16]), ALLOW);
        assert_eq!(run(&docker(), libc::SYS_socket, &[40]), EPERM);
    }

    #[test]
    fn another_architecture_is_killed() {
        let mut foreign = docker();
        foreign[1].k = 0x4000_0003;
        assert_eq!(run(&foreign, 0, &[]), libc::SECCOMP_RET_KILL_PROCESS);
    }

    #[test]
    fn with_one_id_changing_owners_succeeds_without_being_done() {
        for on in [true, false] {
            let filter = filter(on, Capabilities::default(), IdMode::Single);
            assert_eq!(run(&filter, libc::SYS_fchownat, &[]), SUCCESS);
            assert_eq!(run(&filter, libc::SYS_setgroups, &[]), SUCCESS);
            assert_eq!(run(&filter, libc::SYS_mknodat, &[0, 0, 0o020_666]), SUCCESS);
            assert_eq!(run(&filter, libc::SYS_mknodat, &[0, 0, 0o060_666]), SUCCESS);
            assert_eq!(run(&filter, libc::SYS_mknodat, &[0, 0, 0o010_666]), ALLOW);
            assert_eq!(run(&filter, libc::SYS_mknodat, &[0, 0, 0o100_666]), ALLOW);
            assert_eq!(run(&filter, libc::SYS_read, &[]), ALLOW);
        }
    }

    #[test]
    fn unconfined_with_many_ids_needs_no_filter() {
        assert!(filter(false, Capabilities::default(), IdMode::Many).is_empty());
    }

    #[test]
    fn a_filter_survives_its_journey_as_bytes() {
        let filter = docker();
        let arrived = from_bytes(&to_bytes(&filter));
        let plain = |filter: &[sock_filter]| -> Vec<(u16, u8, u8, u32)> {
            filter
                .iter()
                .map(|one| (one.code, one.jt, one.jf, one.k))
                .collect()
        };
        assert_eq!(plain(&arrived), plain(&filter));
    }
}
