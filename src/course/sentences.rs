//! What the runner says by itself.

use crate::messages;

messages! {
    /// Undo: the draft differs.
    pub(super) draft_left() {
        en: "the draft could not be taken back",
        ko: "초안은 되돌리지 못했습니다",
    }
    /// Undo: a large file.
    pub(super) file_left(path: &str) {
        en: "{path} is too large to be brought back",
        ko: "{path} 파일은 너무 커서 되돌리지 못했습니다",
    }
    /// Undo: a container is gone.
    pub(super) container_left(id: &str) {
        en: "container {id} was removed; that can't be taken back",
        ko: "컨테이너 {id} 삭제는 되돌릴 수 없습니다",
    }
    /// Undo: an image is gone.
    pub(super) image_left(name: &str) {
        en: "image {name} could not be brought back",
        ko: "이미지 {name} 이름은 되돌리지 못했습니다",
    }
    /// `curl`: refused.
    pub(super) nobody_listens(url: &str) {
        en: "{url}: connection refused, nobody listens there",
        ko: "{url}: 연결이 거절되었습니다(connection refused). 거기에서 기다리는 서버가 없습니다",
    }
    /// Undo: done.
    pub(super) undid(line: &str) { en: "taken back: {line}", ko: "되돌렸습니다: {line}" }
    /// Redo: done.
    pub(super) redid(line: &str) { en: "done again: {line}", ko: "다시 실행했습니다: {line}" }
    /// Next: not yet.
    pub(super) not_done() {
        en: "this step is not done yet: `check` says what is missing, `skip` leaves it out",
        ko: "아직 끝나지 않은 단계입니다. `check`로 남은 것을 보거나 `skip`으로 건너뛰세요",
    }
    /// Check: the last build is older than the files.
    pub(super) changed_since_build() {
        en: "files changed after the last build; build again to see what it makes of them",
        ko: "마지막 빌드 뒤에 파일이 바뀌었습니다. 다시 빌드해야 결과를 알 수 있습니다",
    }
    /// Skip: done.
    pub(super) skipped() {
        en: "skipped: the next step starts as if this one were done",
        ko: "건너뛰었습니다. 다음 단계는 이 단계를 마친 상태에서 시작합니다",
    }
    /// Hint: none.
    pub(super) no_hints() { en: "this step has no hints", ko: "이 단계에는 힌트가 없습니다" }
    /// Solution: none.
    pub(super) no_solution() {
        en: "this step asks for no command",
        ko: "이 단계에는 입력할 명령이 없습니다",
    }
    /// Solution: a file was written for the learner.
    pub(super) wrote(path: &str) { en: "{path} written", ko: "{path} 파일을 썼습니다" }
    /// Solution or `w`: an older file was kept.
    pub(super) wrote_keeping(path: &str, kept: &str) {
        en: "{path} written; what it was is in {kept}",
        ko: "{path} 파일을 썼습니다. 이전 내용은 {kept} 파일에 있습니다",
    }
    /// `w`: nothing to write.
    pub(super) nothing_to_write() {
        en: "this step offers no file",
        ko: "이 단계에서 받을 파일이 없습니다",
    }
    /// Reset: nothing was reset.
    pub(super) kept_all() { en: "nothing changed", ko: "아무것도 바꾸지 않았습니다" }
    /// Reset: where files went.
    pub(super) files_moved(folder: &str) {
        en: "your files are in {folder}",
        ko: "하던 파일은 {folder} 폴더에 있습니다",
    }
    /// Reset: what goes, for a step.
    pub(super) goes_step(step: usize) {
        en: "step {step} starts again; images and containers of the lesson are made anew, your files are kept aside",
        ko: "{step}단계를 처음부터 다시 시작합니다. 이 레슨의 이미지와 컨테이너는 새로 만들고, 파일은 따로 보관합니다",
    }
    /// Reset: what goes, for a lesson.
    pub(super) goes_lesson(lesson: &str) {
        en: "lesson `{lesson}` starts again and its progress is forgotten; your files are kept aside",
        ko: "`{lesson}` 레슨을 처음부터 다시 시작하고 이 레슨의 진도를 지웁니다. 파일은 따로 보관합니다",
    }
    /// Reset: what goes, for the course.
    pub(super) goes_course() {
        en: "the progress of every lesson is forgotten and the course starts again; your files are kept aside",
        ko: "모든 레슨의 진도를 지우고 과정을 처음부터 시작합니다. 파일은 따로 보관합니다",
    }
    /// Play: begins.
    pub(super) playing() {
        en: "free play: a copy that nothing depends on; `back` returns to the lesson",
        ko: "자유 실습입니다. 무엇을 해도 되는 복사본이며 `back`으로 돌아갑니다",
    }
    /// Play: ends.
    pub(super) back_again() {
        en: "back in the lesson, exactly where you left it",
        ko: "떠났던 그 자리로 돌아왔습니다",
    }
    /// Play: what is asked for is the lesson's.
    pub(super) back_first() {
        en: "this is free play; `back` returns to the lesson first",
        ko: "지금은 자유 실습 중입니다. 먼저 `back`으로 수업에 돌아가세요",
    }
    /// Why: no build.
    pub(super) nothing_built() {
        en: "nothing was built in this step yet",
        ko: "이 단계에서는 아직 빌드한 것이 없습니다",
    }
    /// Play: not playing.
    pub(super) not_playing() {
        en: "you are in the lesson already",
        ko: "이미 수업 중입니다",
    }
    /// Forget: done.
    pub(super) forgotten(lesson: &str) {
        en: "lesson `{lesson}` forgotten",
        ko: "`{lesson}` 레슨의 진도를 지웠습니다",
    }
    /// Watch: a file changed and a step would miss.
    pub(super) watch_miss(path: &str, step: &str) {
        en: "{path} changed: step {step} would MISS",
        ko: "{path} 바뀜: {step}단계가 MISS가 됩니다",
    }
    /// Watch: a file changed.
    pub(super) watch_changed(path: &str) { en: "{path} changed", ko: "{path} 바뀜" }
    /// Watch: switched on.
    pub(super) watch_on() { en: "file changes are watched", ko: "파일 변경을 지켜봅니다" }
    /// Watch: switched off.
    pub(super) watch_off() { en: "file changes are no longer watched", ko: "파일 변경을 더 이상 지켜보지 않습니다" }
    /// Progress file: set aside.
    pub(super) set_aside(why: &str, path: &str) {
        en: "{why}; it was kept as {path} and a new one begun",
        ko: "진도 파일을 읽지 못했습니다 ({why}). {path}에 보관하고 새로 시작합니다",
    }
    /// The lesson changed since it was passed.
    pub(super) lesson_changed() {
        en: "you passed this step before; the lesson has changed since",
        ko: "전에 통과한 단계인데, 그 뒤로 수업 내용이 바뀌었습니다",
    }
    /// The machine can't run the lesson.
    pub(super) cannot_run(why: &str) {
        en: "this lesson builds and runs containers, which this machine can't: {why}",
        ko: "이 레슨은 컨테이너를 만들고 실행하는데, 이 컴퓨터에서는 할 수 없습니다: {why}",
    }
    /// Something of strata itself failed.
    pub(super) trouble(what: &str) { en: "strata: error: {what}", ko: "strata: error: {what}" }
    /// No lesson of that name.
    pub(super) no_such_lesson(name: &str) {
        en: "there is no lesson `{name}`; `list` shows them all",
        ko: "`{name}` 레슨이 없습니다. `list`로 목록을 보세요",
    }
    /// List: nothing fits.
    pub(super) none_found(text: &str) {
        en: "no lesson has `{text}` in its name; `list` shows them all",
        ko: "이름에 `{text}` 글자가 들어간 레슨이 없습니다. `list`로 모두 볼 수 있습니다",
    }
    /// No language of that name.
    pub(super) no_such_language(name: &str) {
        en: "strata speaks `en` and `ko`, not `{name}`",
        ko: "strata가 아는 언어는 `en`과 `ko`입니다: `{name}`",
    }
}
