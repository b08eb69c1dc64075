//! The verbs, through the binary: what a shell sees of them.
//!
//! | file | what |
//! |---|---|
//! | `images` | history, images, inspect, tag, rmi, save, load |
//! | `containers` | run, exec, ps, logs, stop, rm |
//! | `copying` | cp, diff, top |
//! | `life` | create, start, attach, restart, pause, rename |
//! | `exit_codes` | what the shell is told |
//! | `shared_cache` | --cache-to and --cache-from |
//! | `cache` | what is a hit and what a miss (dockerfile-spec.md, 10) |
//! | `instructions` | what an image is like after each instruction |
//! | `contexts` | build contexts from standard input |
//! | `remote_contexts` | build contexts from git repositories and web servers |
//! | `ports`, `networks`, `bridge` | published ports; none, host, container:NAME; the bridge of root |
//! | `user_networks` | network ...; names in networks |
//! | `outputs` | build --output, --metadata-file, --expect-cached |
//! | `failing` | a RUN that fails |
//! | `stages` | stages at the same time |
//! | `ctrl_c` | Ctrl-C in the foreground |
//! | `remedies` | what is refused says what to type |
//! | `mounts` | RUN --mount |
//! | `sandbox` | RUN --network, --security; build --ulimit, --label, ... |
//! | `stepping` | build --step and --on-fail |
//! | `tracing` | waste and log: which step made a byte or a path |
//! | `carrying` | export, import, commit, archives; what images share; man |
//! | `listing` | filters of images, --format |
//! | `pruning` | rmi, prune, system df |
//! | `lessons` | writing, proving and reporting on lessons |

mod bridge;
mod cache;
mod carrying;
mod containers;
mod contexts;
mod copying;
mod ctrl_c;
mod exit_codes;
mod failing;
mod health;
mod images;
mod instructions;
mod lessons;
mod lid;
mod life;
mod listing;
mod mounts;
mod networks;
mod outputs;
mod ports;
mod pruning;
mod remedies;
mod remote_contexts;
mod restarting;
mod sandbox;
mod shared_cache;
mod stages;
mod stepping;
mod tracing;
mod user_networks;
mod volumes;
