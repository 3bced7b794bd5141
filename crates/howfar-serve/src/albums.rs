//! The face sets of what is shown, read when somebody first asks for them.
//!
//! In: folders, and what a plan says was in them. Out: albums, or why there is none.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use howfar_face::{Album, FaceSet, Fault};
use howfar_protocol::{Plan, Role, SetInput};

/// Sets in the order of the plan.
pub(crate) struct Albums {
    shelf: Vec<Shelved>,
}

/// A set that may not have been read yet.
struct Shelved {
    name: String,
    role: &'static str,
    folder: PathBuf,
    /// What the plan says of its content; none where nothing was planned.
    content_sha256: Option<String>,
    album: Mutex<Option<Arc<Album>>>,
}

impl Albums {
    /// One set by itself.
    pub(crate) fn of_set(set: &FaceSet) -> Self {
        let (name, folder) = (set.info().name.clone(), set.folder().to_owned());
        Albums { shelf: vec![Shelved { name, role: "", folder, content_sha256: None, album: Mutex::default() }] }
    }

    /// The sets of a study, where they were when it was planned.
    pub(crate) fn of_study(plan: &Plan) -> Self {
        let shelved = |(set, folder): (&SetInput, PathBuf)| Shelved {
            name: set.info.name.clone(),
            role: set.role.words(),
            folder,
            content_sha256: Some(set.info.content_sha256.clone()),
            album: Mutex::default(),
        };
        let folders = Role::ALL.into_iter().flat_map(|role| plan.study.sets_of(role)).cloned();
        Albums { shelf: plan.sets.iter().zip(folders).map(shelved).collect() }
    }

    /// Names and roles.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.shelf.iter().map(|set| (set.name.as_str(), set.role))
    }

    /// A set by its place, opened with the first who asks; none where there is none of that place.
    pub(crate) fn get(&self, place: usize) -> Option<Result<Arc<Album>, Fault>> {
        let shelved = self.shelf.get(place)?;
        let mut album = shelved.album.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(album) = album.as_ref() {
            return Some(Ok(Arc::clone(album)));
        }
        Some(shelved.open().map(|opened| Arc::clone(album.insert(Arc::new(opened)))))
    }
}

impl Shelved {
    fn open(&self) -> Result<Album, Fault> {
        let set = FaceSet::open(&self.folder)?;
        let found = &set.info().content_sha256;
        if let Some(planned) = self.content_sha256.as_ref().filter(|planned| *planned != found) {
            return Err(Fault::data(self.folder.display(), "these are other faces than the study was planned with")
                .found(found)
                .expected(planned)
                .hint("`howfar run` plans the study anew; or bring back the set of then"));
        }
        Album::open(set)
    }
}
