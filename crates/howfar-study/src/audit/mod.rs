//! Looks for what would make a study's figures mean something else: faces on two sides, generators that saw held-out
//! people, a codec that gives generated faces away, labels that do not fit, identities that are one.
//!
//! In: a study's face sets, or any face sets. Out: [`Finding`]s, kept in `audit.json`; those that are caveats become
//! caveats of the results. A study's faces are audited before its cells run. The probes are small networks, trained
//! here on the study's own faces; their seeds derive from the study's, so an audit gives the same findings each time.

mod duplicates;
mod identity;
mod labels;
mod lineage;
mod probe;
mod shortcut;
mod subjects;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use howfar_evaluate::Finding;
use howfar_face::checksum::Hasher;
use howfar_face::{Fault, files};
use howfar_protocol::{NUMERICS_VERSION, SplitPart};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::folder::StudyFolder;
use crate::lease::Lease;
use crate::loaded_study::LoadedStudy;
use crate::presence::Presence;
pub use subjects::AuditedFaces;

/// `audit.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Always `howfar audit`.
    pub format: String,
    /// The format's version.
    pub version: u32,
    /// Hash of the sets and their cards, classes, seed, sides and the audits' own version, so that findings of another
    /// study, or of lesser audits, are not taken for these.
    pub inputs_sha256: String,
    /// What was found, in the order of the audits.
    pub findings: Vec<Finding>,
}

impl Audit {
    /// Name and version of the format.
    pub const FORMAT: (&'static str, u32) = ("howfar audit", 1);
    /// Raised with every change to what audits find or say: what an earlier howfar found is looked for again.
    const AUDITS_VERSION: u32 = 2;

    /// The findings that make figures too high whatever is trained: faces or people on two sides.
    pub fn leaks(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| ["duplicate-across-parts", "lineage-leak"].contains(&finding.code.as_str()))
    }
}

/// Where an audit keeps the checkpoints of its probes, and what it tells of its progress.
pub struct AuditPlace<'a> {
    /// A folder that may be made and is taken away at the end.
    pub scratch: PathBuf,
    /// Told what begins.
    pub watch: &'a dyn Fn(&str),
    /// Raised to stop; the same call goes on from the last probe's checkpoint.
    pub stop: &'a AtomicBool,
}

/// Runs all audits.
pub fn audit_faces(faces: &AuditedFaces, place: &AuditPlace<'_>) -> Result<Audit, Fault> {
    let mut findings = Vec::new();
    let begin = |name: &str| (place.watch)(name);
    begin("lineage and licences");
    findings.extend(lineage::audit(faces));
    begin("near duplicates");
    findings.extend(duplicates::audit(faces, place.stop)?);
    begin("identities");
    findings.extend(identity::audit(faces));
    files::create_folder(&place.scratch)?;
    begin("shortcut probe");
    findings.extend(shortcut::audit(faces, place)?);
    begin("labels");
    findings.extend(labels::audit(faces, place)?);
    files::remove_folder(&place.scratch)?;
    faces.pool.check()?;
    let (format, version) = Audit::FORMAT;
    Ok(Audit { format: format.to_owned(), version, inputs_sha256: faces.inputs_sha256.clone(), findings })
}

/// Pictures that the audits' small networks train on, at most, where there are so many real faces.
pub(crate) fn n_training_pictures(n_real: usize) -> u64 {
    labels::n_training_pictures(n_real) + shortcut::n_training_pictures()
}

/// Audits the faces of a study and keeps the findings in its `audit.json`; findings of the same inputs are there for
/// good. Where another process is at it, its findings are waited for.
pub fn audit_study(
    loaded: &LoadedStudy,
    folder: &StudyFolder,
    presence: &Presence,
    watch: &dyn Fn(&str),
    stop: &AtomicBool,
) -> Result<Audit, Fault> {
    let inputs_sha256 = inputs_sha256(loaded);
    let place = folder.root().join("audit");
    loop {
        if let Some(audit) = read_audit(folder)?.filter(|audit| audit.inputs_sha256 == inputs_sha256) {
            return Ok(audit);
        }
        if let Some(lease) = Lease::take(&place, presence)? {
            if read_audit(folder)?.is_some_and(|audit| audit.inputs_sha256 == inputs_sha256) {
                continue;
            }
            let faces = AuditedFaces::of_study(loaded.study(), inputs_sha256)?;
            let audit = audit_faces(&faces, &AuditPlace { scratch: place.join("probes"), watch, stop })?;
            files::write_json(&folder.audit_file(), &audit)?;
            drop(lease);
            // Should another process have looked in meanwhile, it takes the folder away.
            let _ = std::fs::remove_dir(&place);
            return Ok(audit);
        }
        if stop.load(Ordering::SeqCst) {
            return Err(Fault::interrupted("another process was auditing the faces").hint("run the same command again"));
        }
        std::thread::sleep(presence.pause());
    }
}

/// The findings in a study's folder, if they are of its present inputs.
pub(crate) fn findings(loaded: &LoadedStudy, folder: &StudyFolder) -> Result<Vec<Finding>, Fault> {
    let inputs_sha256 = inputs_sha256(loaded);
    let audit = read_audit(folder)?.filter(|audit| audit.inputs_sha256 == inputs_sha256);
    Ok(audit.map_or(Vec::new(), |audit| audit.findings))
}

fn read_audit(folder: &StudyFolder) -> Result<Option<Audit>, Fault> {
    let file = folder.audit_file();
    let (format, version) = Audit::FORMAT;
    if files::is_there(&file)? { files::read_json(&file, format, version).map(Some) } else { Ok(None) }
}

/// Everything that decides a study's findings. The sides are those that a split has come to, not those that the study
/// asks for.
fn inputs_sha256(loaded: &LoadedStudy) -> String {
    let mut hash = Hasher::default();
    let mut add = |what: serde_json::Value| hash.update_text(&what.to_string());
    // The probes are trained as cells are.
    add(json!([Audit::AUDITS_VERSION, NUMERICS_VERSION, loaded.plan().instruction_set]));
    add(json!([loaded.study().seed, loaded.study().expressions]));
    loaded.plan().sets.iter().for_each(|set| add(json!([set.role, set.info])));
    for split in &loaded.splits {
        for part in [SplitPart::Training, SplitPart::Validation, SplitPart::Test] {
            add(json!(split.people(part).collect::<Vec<_>>()));
        }
    }
    hash.finish()
}

/// Most examples that a finding names.
const MOST_EXAMPLES: usize = 5;

/// A finding, written down.
struct Found {
    audit: &'static str,
    code: &'static str,
    is_caveat: bool,
}

impl Found {
    fn new(audit: &'static str, code: &'static str, is_caveat: bool) -> Self {
        Found { audit, code, is_caveat }
    }

    fn says(self, text: impl Into<String>, advice: impl Into<String>, figures: &[(&str, f64)]) -> Finding {
        Finding {
            audit: self.audit.to_owned(),
            code: self.code.to_owned(),
            is_caveat: self.is_caveat,
            text: text.into(),
            advice: advice.into(),
            figures: figures.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect::<BTreeMap<_, _>>(),
            examples: Vec::new(),
        }
    }
}

/// A share in percent with one digit.
fn percent(share: f64) -> f64 {
    (1000.0 * share).round() / 10.0
}
