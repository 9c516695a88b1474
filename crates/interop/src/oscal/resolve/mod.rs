//! Profile resolution after NIST's specification: import, merge, modify, finish.
//!
//! Sources are files under one folder; nothing is fetched. The result depends on the files, the time passed in and the
//! [`Reading`] alone.

mod combine;
mod custom;
mod error;
mod finish;
mod glob;
mod merge;
mod modify;
mod select;
mod source;
mod tree;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use base64::Engine;

pub use error::{ResolveError, Warning};
pub(in crate::oscal) use finish::inserted;
pub use source::{FILE_MAX, Folder};

use self::select::Choice;
use self::tree::{Loose, Tree};
use super::Document;
use super::model::{Catalog, Import, Profile, Resource};

/// Longest chain of profiles that import each other.
const CHAIN_MAX: usize = 16;
/// Most files that one resolution reads.
const FILES_MAX: usize = 64;
/// Most bytes that one resolution reads.
const BYTES_MAX: usize = 128 * 1024 * 1024;
/// Most controls in the selections of one profile.
const CONTROLS_MAX: usize = 100_000;
/// The newest version of OSCAL that is written.
pub const OSCAL_VERSION: &str = "1.2.1";

/// Which reading of the specification where NIST's published results and its wording differ. They do in two places:
/// as-is with use-first over clashing ids (published: each group's first control stands for the group), and as-is with
/// parameters of a group that has no id (published: they are gone).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reading {
    /// As NIST's published results have it.
    #[default]
    Published,
    /// As the wording has it; nothing is lost.
    Text,
}

/// What a resolution is given beside the files.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The moment of the resolution: RFC 3339, UTC.
    pub now: String,
    pub reading: Reading,
}

/// A resolved profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    pub catalog: Catalog,
    pub warnings: Vec<Warning>,
}

/// Resolves the profile in a file of the folder.
///
/// # Errors
/// See [`ResolveError`]; then there is no result at all.
pub fn resolve(folder: &Folder, profile: &Path, settings: &Settings) -> Result<Resolved, ResolveError> {
    let path = profile.canonicalize().map_err(|error| ResolveError::Missing {
        file: profile.display().to_string(),
        href: profile.display().to_string(),
        reason: error.kind().to_string(),
    })?;
    let mut resolver = Resolver {
        folder,
        settings,
        trees: HashMap::new(),
        documents: 0,
        bytes: 0,
        chain: Vec::new(),
        warnings: Vec::new(),
    };
    let place = Place { path, inside: None };
    let bytes = resolver.read(&place)?;
    let name = place.name(folder);
    let profile = match resolver.document(&name, &bytes)? {
        Document::Profile(profile) => *profile,
        other => {
            let reason = format!("a {} is not a profile", other.kind());
            return Err(ResolveError::NotOscal { file: name, reason });
        }
    };
    drop(bytes);
    let (catalog, _) = resolver.profile(&place, profile)?;
    let catalog = catalog.into_catalog();
    Ok(Resolved { catalog, warnings: resolver.warnings })
}

/// Collects warnings about one file.
pub(super) struct Report<'a> {
    pub file: &'a str,
    warnings: &'a mut Vec<Warning>,
}

/// Most warnings that are kept.
const WARNINGS_MAX: usize = 1000;

impl Report<'_> {
    fn warn(&mut self, code: &'static str, ja: String, en: String) {
        let warning = Warning { code, file: self.file.to_owned(), ja, en };
        if self.warnings.len() < WARNINGS_MAX && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

/// A document: a file, or a resource inside of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Place {
    path: PathBuf,
    /// uuid of the resource whose base64 it is.
    inside: Option<String>,
}

impl Place {
    fn name(&self, folder: &Folder) -> String {
        let file = folder.name(&self.path);
        self.inside.as_ref().map_or(file.clone(), |uuid| format!("{file}#{uuid}"))
    }
}

/// A resolved profile that is not yet a catalogue.
struct Ready {
    profile: Profile,
    metadata: super::model::Metadata,
    finished: finish::Finished,
}

impl Ready {
    fn into_catalog(self) -> Catalog {
        finish::catalog(&self.profile, self.metadata, self.finished)
    }

    /// As another profile imports it.
    fn into_tree(self, oscal_version: String) -> Tree {
        let mut loose: Vec<Loose> =
            self.finished.params.into_iter().map(|param| Loose { param, group: None, is_orphan: false }).collect();
        self.finished.root.each_group(&mut |branch| {
            let params = branch.group.params.iter().cloned();
            loose.extend(params.map(|param| Loose { param, group: Some(branch.origin), is_orphan: false }));
        });
        let (roles, parties) = (self.metadata.roles, self.metadata.parties);
        Tree { root: self.finished.root, loose, resources: self.finished.resources, oscal_version, roles, parties }
    }
}

struct Resolver<'a> {
    folder: &'a Folder,
    settings: &'a Settings,
    /// What was read already: the same file is one document, however often it is imported.
    trees: HashMap<Place, Rc<Tree>>,
    documents: u32,
    bytes: usize,
    /// The profiles being resolved, outermost first.
    chain: Vec<Place>,
    warnings: Vec<Warning>,
}

impl Resolver<'_> {
    fn read(&mut self, place: &Place) -> Result<Vec<u8>, ResolveError> {
        let bytes = self.folder.read(&place.path)?;
        self.count(place, bytes.len())?;
        Ok(bytes)
    }

    fn count(&mut self, place: &Place, bytes: usize) -> Result<(), ResolveError> {
        self.documents += 1;
        self.bytes += bytes;
        let file = place.name(self.folder);
        if self.documents as usize > FILES_MAX {
            return Err(ResolveError::Limit { file, what: "imported files", limit: FILES_MAX });
        }
        if self.bytes > BYTES_MAX {
            return Err(ResolveError::Limit { file, what: "bytes of all files", limit: BYTES_MAX });
        }
        Ok(())
    }

    fn document(&self, name: &str, bytes: &[u8]) -> Result<Document, ResolveError> {
        Document::read(bytes)
            .map_err(|error| ResolveError::NotOscal { file: name.to_owned(), reason: error.to_string() })
    }

    /// Resolves one profile of the chain; also gives the newest OSCAL version among its sources.
    fn profile(&mut self, place: &Place, profile: Profile) -> Result<(Ready, String), ResolveError> {
        let name = place.name(self.folder);
        if self.chain.contains(place) {
            let chain = self.chain.iter().chain([place]).map(|place| place.name(self.folder)).collect();
            return Err(ResolveError::Circular { chain });
        }
        if self.chain.len() >= CHAIN_MAX {
            return Err(ResolveError::Limit { file: name, what: "profiles in a chain", limit: CHAIN_MAX });
        }
        self.chain.push(place.clone());
        let document = self.documents;
        let mut version = version_of(&name, &profile.metadata.oscal_version)?;
        let (mut selections, mut resources, mut controls) = (Vec::new(), Vec::new(), 0_usize);
        let (mut roles, mut parties) = (Vec::new(), Vec::new());
        for import in &profile.imports {
            let selected = self.import(place, &name, &profile, import)?;
            version = version.max(version_of(&name, &selected.oscal_version)?);
            selected.root.each_leaf(&mut |_| controls += 1);
            if controls > CONTROLS_MAX {
                return Err(ResolveError::Limit { file: name, what: "controls", limit: CONTROLS_MAX });
            }
            resources.extend(selected.resources.iter().cloned());
            roles.extend(selected.roles.iter().cloned());
            parties.extend(selected.parties.iter().cloned());
            selections.push(selected);
        }
        self.chain.pop();
        let mut report = Report { file: &name, warnings: &mut self.warnings };
        let (mut root, mut loose) =
            merge::merge(selections, profile.merge.as_ref(), self.settings.reading, document, &mut report)?;
        if let Some(directives) = &profile.modify {
            modify::modify(&mut root, &mut loose, directives, &mut report);
        }
        resources.extend(profile.back_matter.iter().flat_map(|back| back.resources.iter().cloned()));
        let version = written(version);
        let source = place.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut metadata = finish::metadata(&profile, &self.settings.now, version.clone(), &href_of(&source));
        add_new(&mut metadata.roles, roles);
        add_new(&mut metadata.parties, parties);
        let finished = finish::prune(root, loose, resources, &metadata, profile.modify.as_ref());
        Ok((Ready { profile, metadata, finished }, version))
    }

    fn import(&mut self, place: &Place, name: &str, profile: &Profile, import: &Import) -> Result<Tree, ResolveError> {
        let tree = match import.href.strip_prefix('#') {
            Some(uuid) => self.resource(place, name, profile, uuid)?,
            None => {
                let path = self.folder.locate(&place.path, &import.href)?;
                self.tree(Place { path, inside: None })?
            }
        };
        let choice = Choice::new(import.include_all.is_some(), &import.include_controls, &import.exclude_controls);
        let mut report = Report { file: name, warnings: &mut self.warnings };
        if choice.is_empty() {
            report.warn(
                "import-selects-nothing",
                format!("取り込み「{}」に include-all も include-controls もないため、何も選ばれません。", import.href),
                format!(
                    "The import \"{}\" has neither include-all nor include-controls: it selects nothing.",
                    import.href
                ),
            );
        }
        for id in choice.unknown(&tree.root) {
            report.warn(
                "control-unknown",
                format!("取り込み「{}」に管理策「{id}」はありません。", import.href),
                format!("There is no control \"{id}\" in the import \"{}\".", import.href),
            );
        }
        Ok(select::select(&tree, &choice))
    }

    /// The document that a resource of the back matter stands for: the first JSON file that can be read.
    fn resource(&mut self, place: &Place, name: &str, profile: &Profile, uuid: &str) -> Result<Rc<Tree>, ResolveError> {
        let (file, href) = (name.to_owned(), format!("#{uuid}"));
        let mut resources = profile.back_matter.iter().flat_map(|back| &back.resources);
        let Some(resource) = resources.find(|resource| resource.uuid.eq_ignore_ascii_case(uuid)) else {
            return Err(ResolveError::NoResource { file, href });
        };
        let mut fault = None;
        for link in resource.rlinks.iter().filter(|link| is_json(link.media_type.as_deref(), &link.href)) {
            match self.folder.locate(&place.path, &link.href) {
                Ok(path) => return self.tree(Place { path, inside: None }),
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        match self.embedded(place, resource)? {
            Some(tree) => Ok(tree),
            None => Err(fault.unwrap_or(ResolveError::NoJson { file, href })),
        }
    }

    fn embedded(&mut self, place: &Place, resource: &Resource) -> Result<Option<Rc<Tree>>, ResolveError> {
        let Some(base64) = &resource.base64 else { return Ok(None) };
        let is_other = base64.media_type.is_some() || base64.filename.is_some();
        if is_other && !is_json(base64.media_type.as_deref(), base64.filename.as_deref().unwrap_or_default()) {
            return Ok(None);
        }
        let inner = Place { path: place.path.clone(), inside: Some(resource.uuid.clone()) };
        if let Some(tree) = self.trees.get(&inner) {
            return Ok(Some(Rc::clone(tree)));
        }
        let name = inner.name(self.folder);
        let letters: Vec<u8> = base64.value.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(letters)
            .map_err(|error| ResolveError::NotOscal { file: name, reason: error.to_string() })?;
        self.count(&inner, bytes.len())?;
        self.grow(inner, &bytes).map(Some)
    }

    fn tree(&mut self, place: Place) -> Result<Rc<Tree>, ResolveError> {
        if let Some(tree) = self.trees.get(&place) {
            return Ok(Rc::clone(tree));
        }
        if self.chain.contains(&place) {
            let chain = self.chain.iter().chain([&place]).map(|place| place.name(self.folder)).collect();
            return Err(ResolveError::Circular { chain });
        }
        let bytes = self.read(&place)?;
        self.grow(place, &bytes)
    }

    fn grow(&mut self, place: Place, bytes: &[u8]) -> Result<Rc<Tree>, ResolveError> {
        let name = place.name(self.folder);
        let tree = match self.document(&name, bytes)? {
            Document::Catalog(catalog) => tree::plant(*catalog, self.documents),
            Document::Profile(profile) => {
                let (ready, version) = self.profile(&place, *profile)?;
                ready.into_tree(version)
            }
            other => {
                let reason = format!("a {} cannot be imported", other.kind());
                return Err(ResolveError::NotOscal { file: name, reason });
            }
        };
        let tree = Rc::new(tree);
        self.trees.insert(place, Rc::clone(&tree));
        Ok(tree)
    }
}

fn is_json(media_type: Option<&str>, href: &str) -> bool {
    let path = href.split(['#', '?']).next().unwrap_or_default();
    media_type.is_some_and(|kind| kind.contains("json")) || path.to_ascii_lowercase().ends_with(".json")
}

fn add_new(to: &mut Vec<serde_json::Value>, new: Vec<serde_json::Value>) {
    for one in new {
        if !to.contains(&one) {
            to.push(one);
        }
    }
}

/// A file's name as a reference: what a URI reference may not hold is escaped.
fn href_of(name: &str) -> String {
    let mut href = String::new();
    for byte in name.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => href.push(char::from(byte)),
            other => href.push_str(&format!("%{other:02X}")),
        }
    }
    href
}

type Version = (u32, u32, u32);

/// The numbers of an OSCAL version; a document that says none counts as the oldest.
fn version_of(file: &str, version: &str) -> Result<Version, ResolveError> {
    if version.trim().is_empty() {
        return Ok((1, 0, 0));
    }
    let bare = version.trim().trim_start_matches('v').split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<Option<u32>> = bare.split('.').map(|number| number.parse().ok()).collect();
    match numbers.as_slice() {
        [Some(1), Some(minor)] => Ok((1, *minor, 0)),
        [Some(1), Some(minor), Some(patch)] => Ok((1, *minor, *patch)),
        _ => Err(ResolveError::Version { file: file.to_owned(), version: version.to_owned() }),
    }
}

/// The version the result says: the newest of the sources, at most the one that is supported.
fn written(version: Version) -> String {
    let (major, minor, patch) = version.min((1, 2, 1));
    format!("{major}.{minor}.{patch}")
}
