//! Which study a command is about, and its folder: `study.toml` here, and the study's name, where nothing is said.

use std::path::{Path, PathBuf};

use howfar_face::{Fault, files};
use howfar_protocol::Study;
use howfar_study::StudyFolder;

/// The study file that is meant where none is named; `howfar init` writes one.
const USUAL_FILE: &str = "study.toml";

/// For commands that begin with the file.
#[derive(Debug, Clone, clap::Args)]
pub struct StudyFile {
    /// The study file.
    #[arg(value_name = "STUDY.toml", default_value = USUAL_FILE)]
    study: PathBuf,
}

impl StudyFile {
    /// Its path.
    pub fn path(&self) -> &Path {
        &self.study
    }

    /// Reads it.
    pub fn read(&self) -> Result<Study, Fault> {
        if self.study == Path::new(USUAL_FILE) {
            usual_file()?;
        }
        Study::read(&self.study)
    }
}

/// The file that is meant where none is named, if it is there.
fn usual_file() -> Result<PathBuf, Fault> {
    if files::is_there(Path::new(USUAL_FILE))? {
        return Ok(PathBuf::from(USUAL_FILE));
    }
    Err(Fault::usage("STUDY", "no study is named, and there is no study.toml here")
        .expected("a study file, or the folder of a study that has begun")
        .hint("`howfar init` writes a study.toml, `howfar run` makes its folder"))
}

/// The study of study.toml, where there is such a file.
pub fn usual_study() -> Result<Option<StudyPlace>, Fault> {
    let is_there = files::is_there(Path::new(USUAL_FILE))?;
    Ok(is_there.then(|| StudyPlace::of(Path::new(USUAL_FILE))))
}

/// For commands about what a study has computed.
#[derive(Debug, Clone, clap::Args)]
pub struct StudyPlace {
    /// The study's folder, or its file; if not given, study.toml is meant.
    #[arg(value_name = "STUDY")]
    study: Option<PathBuf>,
}

impl StudyPlace {
    /// A folder or a file.
    pub fn of(path: &Path) -> Self {
        StudyPlace { study: Some(path.to_owned()) }
    }

    /// The folder or the file.
    pub fn path(&self) -> Result<PathBuf, Fault> {
        self.study.clone().map_or_else(usual_file, Ok)
    }

    /// The folder.
    pub fn folder(&self) -> Result<PathBuf, Fault> {
        let path = self.path()?;
        if !path.is_file() {
            return Ok(path);
        }
        let study = Study::read(&path)?;
        let folder = PathBuf::from(&study.name);
        own_folder(&study, folder)
    }
}

/// The folder of a study's results: the one that is asked for, or that of the study's name.
pub fn out_folder(study: &Study, asked: Option<&Path>) -> Result<PathBuf, Fault> {
    let out = match asked {
        Some(out) => out.to_owned(),
        None => own_folder(study, PathBuf::from(&study.name))?,
    };
    refuse_other_folder(&out)?;
    Ok(out)
}

/// A folder with files that are no study's: results among them would belong to nobody.
fn refuse_other_folder(out: &Path) -> Result<(), Fault> {
    if out.is_file() {
        return Err(Fault::usage(out.display(), "this is a file").expected("the folder of the study's results"));
    }
    // Of a run that begins at this moment, or was killed when it had just begun.
    let is_ours = |entry: &PathBuf| entry.ends_with("runners") || files::is_leftover(entry);
    let is_new = !out.exists() || files::sorted_entries(out)?.iter().all(is_ours);
    if is_new || StudyFolder::new(out).plan_file().is_file() {
        return Ok(());
    }
    Err(Fault::usage(out.display(), "this folder holds other things than a study")
        .found("files, but no plan.json")
        .expected("a study's folder, an empty one, or one that does not exist")
        .hint("give another --out"))
}

/// A folder that nobody asked for must not be another study's.
pub fn own_folder(study: &Study, folder: PathBuf) -> Result<PathBuf, Fault> {
    let there = StudyFolder::new(&folder);
    if there.plan_file().is_file() {
        let other = there.read_plan()?.study.file;
        if other != study.with_absolute_paths()?.file {
            let words =
                |file: Option<PathBuf>| file.map_or("a study without a file".into(), |f| f.display().to_string());
            return Err(Fault::usage(folder.display(), "another study of this name has its results in this folder")
                .found(words(other))
                .expected(words(study.file.clone()))
                .hint("name a folder with --out; --out with this one takes it over"));
        }
    }
    Ok(folder)
}
