//! waste, log: bytes and paths followed back to the steps that made them.

use super::{Answer, Face};
use crate::build::BuildReport;
use crate::command;
use crate::layers::Image;
use crate::render;
use crate::session::{SessionError, Trouble};

impl Face<'_> {
    pub(super) fn waste(&mut self, call: &command::Waste) -> Answer {
        let (name, image, report) = self.traced(call.image.as_deref())?;
        let waste = self.session.waste(&image, report.as_ref())?;
        if call.json {
            self.write(&render::json(&waste));
        } else {
            self.show(&render::waste(&name, &waste, &self.screen));
        }
        Ok(0)
    }

    pub(super) fn log(&mut self, call: &command::Log) -> Answer {
        let (_, image, report) = self.traced(call.image.as_deref())?;
        let steps = self.session.path_log(&image, report.as_ref(), &call.path)?;
        if call.json {
            self.write(&render::json(&steps));
        } else {
            self.show(&render::path_log(&call.path, &steps, &self.screen));
        }
        Ok(0)
    }

    /// Finds an image and the build that made it; without a name those of the last build here.
    fn traced(
        &self,
        name: Option<&str>,
    ) -> Result<(String, Image, Option<BuildReport>), SessionError> {
        if let Some(name) = name {
            let image = self.session.image_or_base(name)?;
            // An image that came from elsewhere has its history to tell of it.
            let report = self.session.build_of(name).ok();
            return Ok((name.to_owned(), image, report));
        }
        let report = self.session.last_build(&self.around.folder)?;
        let made = report.steps.iter().rev().find_map(|step| step.image);
        let id = report.image.or(made);
        let missing = || Trouble::new(nothing_made(self.language()));
        let id = id.ok_or_else(missing)?;
        let image = self.session.find_image(&id.to_string())?;
        let name = report.tags.first().cloned();
        Ok((name.unwrap_or_else(|| id.short()), image, Some(report)))
    }
}

crate::messages! {
    nothing_made() {
        en: "the last build here made no image",
        ko: "이 폴더의 마지막 빌드는 이미지를 만들지 못했습니다",
    }
}
