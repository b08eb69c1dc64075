//! The prune verbs: docker's question, docker's lines.

use std::os::fd::{AsFd, BorrowedFd};

use super::{Answer, Face, bytes};
use crate::build::PruneCache;
use crate::command;
use crate::language::{Language, yes_or_no};
use crate::render::docker_size;
use crate::session::{Filters, ImagePrune, PrunedCache, Removal, Removed, SessionError, Trouble};

/// What `until` and labels can be asked of.
pub(super) const OF_OBJECTS: [&str; 2] = ["until", "label"];
const OF_IMAGES: [&str; 3] = ["until", "label", "dangling"];
const OF_CACHE: [&str; 4] = ["until", "unused-for", "id", "type"];

impl Face<'_> {
    pub(super) fn prune_containers(&mut self, call: &command::PruneContainers) -> Answer {
        let language = self.language();
        let filters = Filters::parse(&call.filter, &OF_OBJECTS, language)?;
        let warning = warning_of(language, &all_stopped(language));
        if !(call.force || self.agrees(&warning)?) {
            return self.reclaimed(0);
        }
        let now = (self.around.now)();
        let (removed, bytes) = self.session.prune_containers(&filters, now)?;
        self.deleted("Deleted Containers:", &removed);
        self.reclaimed(bytes)
    }

    pub(super) fn prune_images(&mut self, call: &command::PruneImages) -> Answer {
        let language = self.language();
        let filters = Filters::parse(&call.filter, &OF_IMAGES, language)?;
        let dangling = filters.flag("dangling", language)?;
        let all = dangling.map_or(call.all, |dangling| !dangling);
        let warning = if all {
            all_images(language)
        } else {
            dangling_images(language)
        };
        if !(call.force || self.agrees(&warning_of(language, &warning))?) {
            return self.reclaimed(0);
        }
        let removal = self.session.prune_images(&ImagePrune {
            all,
            filters,
            now: (self.around.now)(),
        })?;
        self.deleted_images(&removal);
        let answer = self.reclaimed(removal.bytes);
        self.tell_what_stays(&removal);
        answer
    }

    pub(super) fn prune_builder(&mut self, call: &command::PruneBuilder) -> Answer {
        let language = self.language();
        let filters = Filters::parse(&call.filter, &OF_CACHE, language)?;
        let wanted = PruneCache {
            all: call.all,
            unused_since: self.unused_since(&filters)?,
            ids: filters.values("id").map(str::to_owned).collect(),
            kinds: filters.values("type").map(str::to_owned).collect(),
            keep_bytes: self.keep_bytes(call.keep_storage.as_deref())?,
        };
        let warning = if call.all {
            all_cache(language)
        } else {
            dangling_cache(language)
        };
        if !(call.force || self.agrees(&warning_of(language, &warning))?) {
            return self.reclaimed(0);
        }
        let pruned = self.session.prune_cache(&wanted)?;
        self.deleted_cache(&pruned);
        let answer = self.reclaimed(pruned.bytes);
        self.tell_busy(pruned.busy);
        answer
    }

    pub(super) fn prune_system(&mut self, call: &command::PruneSystem) -> Answer {
        let language = self.language();
        let filters = Filters::parse(&call.filter, &OF_OBJECTS, language)?;
        if call.volumes && filters.values("until").next().is_some() {
            return Err(Trouble::new(no_until(language)).into());
        }
        // Labels are on images and containers only.
        let with_cache = filters.values("label").next().is_none();
        let with_cache = with_cache && filters.values("label!").next().is_none();
        if !(call.force || self.agrees(&system_question(language, call, &filters))?) {
            return self.reclaimed(0);
        }
        let now = (self.around.now)();
        let unused_since = self.unused_since(&filters)?;
        let (containers, mut bytes) = self.session.prune_containers(&filters, now)?;
        self.deleted("Deleted Containers:", &containers);
        let networks = self.session.prune_networks(&filters, now)?;
        self.deleted("Deleted Networks:", &networks);
        if call.volumes {
            let (volumes, more) = self.session.prune_volumes(false, &filters)?;
            self.deleted("Deleted Volumes:", &volumes);
            bytes += more;
        }
        let all = call.all;
        let removal = self
            .session
            .prune_images(&ImagePrune { all, filters, now })?;
        self.deleted_images(&removal);
        bytes += removal.bytes;
        let mut busy = removal.busy;
        if with_cache {
            let pruned = self.session.prune_cache(&PruneCache {
                all,
                unused_since,
                ..PruneCache::default()
            })?;
            self.deleted_cache(&pruned);
            bytes += pruned.bytes;
            busy |= pruned.busy;
        }
        let answer = self.reclaimed(bytes);
        self.tell_busy(busy);
        answer
    }

    fn unused_since(&self, filters: &Filters) -> Result<Option<i64>, SessionError> {
        let (now, language) = ((self.around.now)(), self.language());
        let until = filters.until("until", now, language)?;
        Ok(until.or(filters.until("unused-for", now, language)?))
    }

    fn keep_bytes(&self, size: Option<&str>) -> Result<Option<u64>, SessionError> {
        let Some(size) = size else { return Ok(None) };
        let trouble = || Trouble::new(bad_size(self.language(), size)).with_exit(125);
        let read = bytes(size).ok_or_else(|| trouble().with_help(bad_size_help(self.language())));
        Ok(Some(read?))
    }

    fn deleted_images(&mut self, removal: &Removal) {
        let line = |removed: &Removed| match removed {
            Removed::Untagged(name) => format!("untagged: {name}"),
            Removed::Deleted(id) => format!("deleted: {id}"),
            Removed::Layer(id) => format!("deleted: {id}"),
        };
        let lines: Vec<String> = removal.removed.iter().map(line).collect();
        self.deleted("Deleted Images:", &lines);
    }

    fn deleted_cache(&mut self, pruned: &PrunedCache) {
        let ids: Vec<String> = pruned.items.iter().map(|item| item.id.clone()).collect();
        self.deleted("Deleted build cache objects:", &ids);
    }

    /// docker's block: a head, the lines, an empty line; nothing for nothing.
    pub(super) fn deleted(&mut self, head: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        self.line(head);
        for line in lines {
            self.line(line);
        }
        self.line("");
    }

    /// docker's last line.
    pub(super) fn reclaimed(&mut self, bytes: u64) -> Answer {
        self.line(&format!("Total reclaimed space: {}", docker_size(bytes)));
        Ok(0)
    }

    /// Says why a removed image gave back less than it showed; to people, not to scripts.
    pub(super) fn tell_what_stays(&mut self, removal: &Removal) {
        self.tell_busy(removal.busy);
        let language = self.language();
        let mut notes = Vec::new();
        if removal.shared > 0 {
            notes.push(stays_shared(language, removal.shared));
        }
        if removal.cached > 0 {
            notes.push(stays_cached(language, removal.cached));
        }
        for note in notes.iter().filter(|_| self.around.terminal) {
            // A reader that is gone needs no note.
            let _ = self.err.write_all(format!("{note}\n").as_bytes());
        }
    }

    fn tell_busy(&mut self, busy: bool) {
        if busy {
            let note = at_work(self.language());
            self.mutter(&format!("{note}\n"));
        }
    }

    /// Asks a question of yes and no; whoever cannot answer has to say `-f`.
    pub(super) fn agrees(&mut self, question: &str) -> Result<bool, SessionError> {
        let Some(stdin) = self.around.stdin else {
            let trouble = Trouble::new(nobody_to_ask(self.language()));
            return Err(trouble.with_help(force_help(self.language())).into());
        };
        loop {
            self.write(&format!("{question} [y/N] "));
            // Whoever is asked has to see it.
            let _ = self.out.flush();
            let answer = read_line(stdin);
            match yes_or_no(&answer) {
                Some(answer) => return Ok(answer),
                None if self.around.terminal => {
                    self.line(&crate::language::not_yes_or_no(self.language()));
                }
                None => return Ok(false),
            }
        }
    }
}

/// Reads a line and not a byte more: what follows is for whoever reads next.
fn read_line(from: BorrowedFd<'_>) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    while let Ok(1) = rustix::io::read(from.as_fd(), &mut byte) {
        if byte == [b'\n'] {
            break;
        }
        line.push(byte[0]);
    }
    String::from_utf8_lossy(&line).into_owned()
}

pub(super) fn warning_of(language: Language, what: &str) -> String {
    format!("{what}\n{}", are_you_sure(language))
}

/// docker's list of what would go.
fn system_question(language: Language, call: &command::PruneSystem, filters: &Filters) -> String {
    let mut lines = vec![this_will_remove(language)];
    let mut list = vec![stopped_containers(language), unused_networks(language)];
    list.extend(call.volumes.then(|| unused_volumes(language)));
    list.push(if call.all {
        unused_images(language)
    } else {
        plain_images(language)
    });
    list.push(if call.all {
        whole_cache(language)
    } else {
        plain_cache(language)
    });
    lines.extend(list.iter().map(|it| format!("  - {it}")));
    if !filters.is_empty() {
        lines.extend([String::new(), format!("  {}", filtered_with(language))]);
        lines.extend(filters.words().map(|word| format!("  - {word}")));
    }
    lines.extend([String::new(), are_you_sure(language)]);
    lines.join("\n")
}

crate::messages! {
    no_until() {
        en: "The \"until\" filter is not supported with \"--volumes\"",
        ko: "\"until\" 필터는 --volumes와 함께 쓸 수 없습니다(not supported)",
    }
    all_stopped() {
        en: "WARNING! This will remove all stopped containers.",
        ko: "경고! 멈춘 컨테이너를 모두 지웁니다.",
    }
    dangling_images() {
        en: "WARNING! This will remove all dangling images.",
        ko: "경고! 이름 없는 이미지(dangling)를 모두 지웁니다.",
    }
    all_images() {
        en: "WARNING! This will remove all images without at least one container associated to them.",
        ko: "경고! 컨테이너가 쓰지 않는 이미지를 모두 지웁니다.",
    }
    dangling_cache() {
        en: "WARNING! This will remove all dangling build cache.",
        ko: "경고! 이미지가 쓰지 않는 빌드 캐시를 모두 지웁니다.",
    }
    all_cache() {
        en: "WARNING! This will remove all build cache.",
        ko: "경고! 빌드 캐시를 모두 지웁니다.",
    }
    pub(super) are_you_sure() {
        en: "Are you sure you want to continue?",
        ko: "계속할까요?",
    }
    this_will_remove() {
        en: "WARNING! This will remove:",
        ko: "경고! 다음을 지웁니다:",
    }
    stopped_containers() {
        en: "all stopped containers",
        ko: "멈춘 컨테이너 모두",
    }
    unused_networks() {
        en: "all networks not used by at least one container",
        ko: "컨테이너가 쓰지 않는 네트워크 모두",
    }
    unused_volumes() {
        en: "all anonymous volumes not used by at least one container",
        ko: "컨테이너가 쓰지 않는 이름 없는 볼륨 모두",
    }
    plain_images() {
        en: "all dangling images",
        ko: "이름 없는 이미지(dangling) 모두",
    }
    unused_images() {
        en: "all images without at least one container associated to them",
        ko: "컨테이너가 쓰지 않는 이미지 모두",
    }
    plain_cache() {
        en: "all dangling build cache",
        ko: "이미지가 쓰지 않는 빌드 캐시 모두",
    }
    whole_cache() {
        en: "all build cache",
        ko: "빌드 캐시 모두",
    }
    filtered_with() {
        en: "Items to be pruned will be filtered with:",
        ko: "다음 필터에 맞는 것만 지웁니다:",
    }
    bad_size(size: &str) {
        en: "invalid argument \"{size}\" for \"--keep-storage\" flag: invalid size: '{size}'",
        ko: "--keep-storage 값이 올바르지 않습니다(invalid size): '{size}'",
    }
    bad_size_help() {
        en: "a number of bytes, also with a unit: --keep-storage 1g",
        ko: "바이트 수를 쓰세요. 단위를 붙여도 됩니다: --keep-storage 1g",
    }
    stays_shared(layers: usize) {
        en: "note: layers that other images or containers use stay: {layers}",
        ko: "참고: 다른 이미지나 컨테이너가 쓰는 레이어는 남았습니다: {layers}개",
    }
    stays_cached(layers: usize) {
        en: "note: layers that the build cache can reuse stay: {layers} (`builder prune` removes them)",
        ko: "참고: 빌드 캐시가 재사용할 수 있는 레이어는 남았습니다: {layers}개. `builder prune`으로 지울 수 있습니다",
    }
    at_work() {
        en: "note: somebody is building or loading in this store: layers that nothing uses any more go with the next prune",
        ko: "참고: 이 저장소에서 빌드나 load가 진행 중입니다. 쓰이지 않게 된 레이어는 다음 prune 때 지워집니다",
    }
    nobody_to_ask() {
        en: "there is nobody to ask whether to go on",
        ko: "계속할지 물어볼 사람이 없습니다",
    }
    force_help() {
        en: "add -f to do it without a question",
        ko: "묻지 않고 지우려면 -f를 붙이세요",
    }
}
