//! Registries: images from there and to there, who we are to them, what they have.

pub use super::work::{PullRequest, PulledImage};
use super::worker::Request;
use super::{Result, Session, Trouble};
use crate::build::BuildEvent;
use crate::build::base::is_built_in;
use crate::build::shipping::Transfer;
use crate::digest::Digest;
use crate::plan::platform::Platform;
use crate::reference::{HUB, ImageReference};
use crate::registry::login::{Kept, Logins};
use crate::registry::{Client, Credentials, Endpoint, Found, RegistryError};

crate::messages! {
    bad_platform(text: &str) {
        en: "\"{text}\": unknown operating system or architecture",
        ko: "\"{text}\": 모르는 운영 체제나 아키텍처입니다(unknown operating system or architecture)",
    }
    platform_help() {
        en: "OS/ARCHITECTURE[/VARIANT], such as linux/amd64 or linux/arm/v7",
        ko: "linux/amd64, linux/arm/v7처럼 OS/아키텍처[/변형] 꼴로 쓰세요",
    }
    no_home() {
        en: "there is no folder for docker's config.json",
        ko: "docker의 config.json을 둘 폴더가 없습니다",
    }
    no_home_help() {
        en: "name one in DOCKER_CONFIG, or set HOME",
        ko: "DOCKER_CONFIG에 폴더를 지정하거나 HOME을 설정하세요",
    }
}

/// Who is told what becomes of layers: the image's name, and what happens.
pub type Told<'e> = &'e mut dyn FnMut(&str, &Transfer);

impl Session {
    /// Pulls an image, or all tags of a repository.
    pub fn pull(&self, request: PullRequest, told: Told<'_>) -> Result<Vec<PulledImage>> {
        let host = Platform::parse(&crate::plan::platform(), None);
        let unknown = |text: &&String| Platform::parse(text, host.as_ref()).is_none();
        if let Some(text) = request.platform.as_ref().filter(unknown) {
            let trouble = Trouble::new(bad_platform(self.language(), text));
            return Err(trouble.with_help(platform_help(self.language())).into());
        }
        self.ask(Request::Pull(request), None, &mut |event| {
            hear(&event, told);
        })
    }

    /// Whether an image need not be pulled to be run: it is here, or strata makes it.
    pub fn has_image(&self, name: &str) -> Result<bool> {
        let Ok(reference) = name.parse::<ImageReference>() else {
            // What is wrong with the name is told by whoever uses it.
            return Ok(true);
        };
        Ok(is_built_in(&reference) || self.find_image(name).is_ok())
    }

    /// Pushes an image; returns the digest and the size of its manifest.
    pub fn push(&self, reference: &ImageReference, told: Told<'_>) -> Result<(Digest, u64)> {
        let request = Request::Push(reference.clone());
        self.ask(request, None, &mut |event| hear(&event, told))
    }

    /// Tries credentials and keeps them if the registry takes them.
    pub fn login(&self, registry: &str, credentials: &Credentials) -> Result<Kept> {
        let client = self.client(Endpoint::new(registry, ""))?;
        let tried = client.login(credentials.clone());
        tried.map_err(|error| self.refused(&error))?;
        let kept = self.logins()?.keep(registry, credentials);
        Ok(kept.map_err(|error| self.refused(&error))?)
    }

    /// Forgets who we are to a registry; whether it was known.
    pub fn logout(&self, registry: &str) -> Result<bool> {
        let forgotten = self.logins()?.forget(registry);
        Ok(forgotten.map_err(|error| self.refused(&error))?)
    }

    /// Returns the name under which we are known to a registry.
    pub fn logged_in_as(&self, registry: &str) -> Result<Option<String>> {
        let known = self.logins()?.find(registry);
        Ok(match known.map_err(|error| self.refused(&error))? {
            Some(Credentials::Password { user, .. }) => Some(user),
            _ => None,
        })
    }

    /// Searches a registry: that of the term, else docker.io.
    pub fn search(&self, term: &str, most: usize) -> Result<Vec<Found>> {
        let named: Option<ImageReference> = term.parse().ok();
        let (registry, term) = match named.filter(|named| named.registry() != HUB) {
            Some(named) => (named.registry().to_owned(), named.repository()),
            None => (HUB.to_owned(), term.to_owned()),
        };
        let found = self
            .client(Endpoint::new(&registry, ""))?
            .search(&term, most);
        Ok(found.map_err(|error| self.refused(&error))?)
    }

    /// Returns the manifest or index that a registry has for a name.
    pub fn manifest(&self, reference: &ImageReference) -> Result<crate::registry::Document> {
        let which = reference.digest().map(|digest| digest.to_string());
        let which = which
            .or(reference.tag().map(str::to_owned))
            .unwrap_or_default();
        let found = self.client(Endpoint::of(reference))?.manifest(&which);
        Ok(found.map_err(|error| self.refused(&error))?)
    }

    fn client(&self, endpoint: Endpoint) -> Result<Client> {
        let client = Client::new(endpoint, &self.settings.registry);
        Ok(client.map_err(|error| self.refused(&error))?)
    }

    fn logins(&self) -> Result<Logins> {
        let folder = self.settings.registry.config.as_deref();
        let missing =
            || Trouble::new(no_home(self.language())).with_help(no_home_help(self.language()));
        let logins = Logins::open(folder.ok_or_else(missing)?);
        Ok(logins.map_err(|error| self.refused(&error))?)
    }

    fn refused(&self, error: &RegistryError) -> Trouble {
        Trouble::registry(error, self.language())
    }
}

fn hear(event: &BuildEvent, told: Told<'_>) {
    if let BuildEvent::Transfer { image, transfer } = event {
        told(image, transfer);
    }
}
