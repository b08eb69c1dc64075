//! Records of the session as facts that lessons check.

use std::fs;
use std::path::Path;

use crate::layers::ImageConfig;
use crate::lesson::{
    ConfigFacts, ContainerDetails, ContainerFacts, ImageFacts, Limits, WasteFacts,
};
use crate::runtime::log::Show;
use crate::runtime::state::{Record, Status};
use crate::runtime::{MountSource, Resources, Rootfs};
use crate::session::{Result, Session};

/// The namespaces a container may have of its own (namespaces(7)).
const NAMESPACES: [&str; 6] = ["pid", "mnt", "uts", "ipc", "net", "cgroup"];

/// Turns a lesson's caps into limits, which a machine that cannot give them may leave out.
pub fn resources(limits: &Limits) -> Resources {
    Resources {
        memory: crate::face::bytes(&limits.memory),
        pids: Some(u64::from(limits.pids)),
        best_effort: true,
        ..Resources::default()
    }
}

/// Looks at an image.
pub fn image(session: &Session, name: &str) -> Result<ImageFacts> {
    let image = session.find_image(name)?;
    let layers = session.layers(&image)?;
    Ok(ImageFacts {
        id: image.id.to_string(),
        layers: image.layers.iter().map(ToString::to_string).collect(),
        history: image.config.history.len(),
        size: layers.iter().map(|layer| layer.size).sum(),
        config: config(&image.config),
        waste: waste(session, &image)?,
    })
}

fn config(config: &ImageConfig) -> ConfigFacts {
    let settings = &config.config;
    ConfigFacts {
        cmd: settings.cmd.clone().unwrap_or_default(),
        entrypoint: settings.entrypoint.clone().unwrap_or_default(),
        env: settings.env.clone(),
        exposed: settings.exposed_ports.keys().cloned().collect(),
        user: settings.user.clone(),
        workdir: settings.working_dir.clone(),
        labels: settings.labels.clone(),
    }
}

/// Lists paths whose bytes could be got back, as `waste` does.
fn waste(session: &Session, image: &crate::layers::Image) -> Result<Vec<WasteFacts>> {
    let report = session.build_of(&image.id.to_string()).ok();
    let found = session.waste(image, report.as_ref())?.paths;
    let fact = |path: crate::session::WastedPath| WasteFacts {
        path: path.path.trim_end_matches('/').to_owned(),
        size: path.size,
    };
    Ok(found.into_iter().map(fact).collect())
}

/// Lists containers, newest first.
pub fn containers(session: &Session) -> Vec<ContainerFacts> {
    let records = session.containers_list().unwrap_or_default();
    records
        .iter()
        .map(|record| container(session, record))
        .collect()
}

fn container(session: &Session, record: &Record) -> ContainerFacts {
    let config = session.container_config(record.id.as_str()).ok();
    let mount = |mount: &crate::runtime::Mount| match &mount.source {
        MountSource::Bind(path) => format!("{}:{}", path.display(), mount.target),
        MountSource::Volume(volume) => format!("{}:{}", volume.name, mount.target),
        // The others are of builds, whose containers are not kept.
        _ => format!("tmpfs:{}", mount.target),
    };
    ContainerFacts {
        id: record.id.as_str().to_owned(),
        name: record.name.clone(),
        image: record.image.clone(),
        state: record.state.word().to_owned(),
        exit: record.state.exit_code(),
        argv: record.command.clone(),
        ports: ports(&record.state),
        mounts: config
            .map(|it| it.spec.mounts.iter().map(mount).collect())
            .unwrap_or_default(),
        restarts: 0,
    }
}

/// Returns each published port once, whatever addresses of the host lead there.
fn ports(state: &Status) -> Vec<String> {
    let Status::Running(running) = state else {
        return Vec::new();
    };
    let published = running.published.iter();
    let mut ports: Vec<String> = published
        .map(|it| format!("{}->{}", it.host.port(), it.port))
        .collect();
    ports.dedup();
    ports
}

/// Looks closer at one container.
pub fn container_details(session: &Session, id: &str) -> Option<ContainerDetails> {
    let record = session.container(id).ok()?;
    let config = session.container_config(id).ok()?;
    let (mut out, mut err) = (Vec::new(), Vec::new());
    session
        .logs(id, Show::default(), false, &mut out, &mut err)
        .ok()?;
    out.extend(err);
    let init = match &record.state {
        Status::Running(running) => Some(running.init),
        Status::Created | Status::Exited(_) => None,
    };
    Some(ContainerDetails {
        pid1: init
            .and_then(|pid| fs::read_to_string(format!("/proc/{pid}/comm")).ok())
            .map(|name| name.trim().to_owned()),
        logs: String::from_utf8_lossy(&out).into_owned(),
        changed: session.container_diff(id).unwrap_or_default(),
        namespaces_differ: init.map(own_namespaces).unwrap_or_default(),
        overlay_lower: match &config.spec.rootfs {
            Rootfs::Overlay { lower, .. } => Some(lower.len() as u64),
            Rootfs::Folder(_) => None,
        },
        memory_max: config.spec.resources.memory,
        pids_max: config.spec.resources.pids,
    })
}

/// Returns the namespaces in which a process is and we are not.
fn own_namespaces(pid: u32) -> Vec<String> {
    let link = |who: &str, kind: &str| fs::read_link(format!("/proc/{who}/ns/{kind}")).ok();
    let pid = pid.to_string();
    let differs = |kind: &&&str| link(&pid, kind) != link("self", kind);
    NAMESPACES
        .iter()
        .filter(differs)
        .map(ToString::to_string)
        .collect()
}

/// Lists what containers of a store left: their processes and mounts.
pub fn leftovers(root: &Path) -> Vec<String> {
    let store = root.display().to_string();
    let mut found = Vec::new();
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    found.extend(
        mounts
            .lines()
            .filter(|line| line.contains(&store))
            .map(|it| format!("mount {it}")),
    );
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        if command.contains("__supervise") && command.contains(&store) {
            found.push(format!(
                "process {} {command}",
                entry.file_name().to_string_lossy()
            ));
        }
    }
    found
}
