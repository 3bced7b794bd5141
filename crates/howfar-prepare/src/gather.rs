//! The databases of a request, listed: what lies where, under which terms, and how faces are found in each.
//!
//! In: a request. Out: one [`Gathered`] a source, and the classes of the set. Reads lists and names, no picture.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use howfar_crop::FaceNetwork;
use howfar_face::{Fault, Licence, Preprocessing};

use crate::database::Database;
use crate::face_detector::FaceDetector;
use crate::listing::{Class, Listing};
use crate::progress::{Progress, Stage, report_progress};
use crate::published::{self, Comparison};
use crate::request::{Align, Detect, PrepareRequest};
use crate::spelling;

/// One source, listed.
pub(crate) struct Gathered {
    /// Its name in subjects: the adapter's, or the folder's.
    pub database: String,
    pub adapter: &'static Database,
    /// How its faces are found and cut.
    pub preprocessing: Preprocessing,
    /// What lies there; its caveats name differences to published counts and known flaws, too.
    pub listing: Listing,
    /// Its finds beside the published counts.
    pub comparison: Comparison,
}

impl Gathered {
    pub fn licence(&self) -> Licence {
        Licence { database: self.database.clone(), terms: self.adapter.terms.to_owned() }
    }
}

/// Lists every source.
pub(crate) fn gather(
    request: &PrepareRequest,
    detector: Option<&FaceDetector>,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Vec<Gathered>, Fault> {
    let mut gathered: Vec<Gathered> = Vec::new();
    for (source_idx, source) in request.sources.iter().enumerate() {
        report_progress(progress, Stage::Listing, source_idx, request.sources.len())?;
        let adapter = source.database()?;
        let mut listing = adapter.list(&source.path, request)?;
        let database = adapter.name_at(&source.path);
        if gathered.iter().any(|g| g.database == database) {
            return Err(Fault::usage(source.path.display(), format!("two sources are called {database}"))
                .hint("people of the two could not be told apart: prepare one set of each, or rename a folder"));
        }
        let preprocessing = preprocessing(request, listing.cropped, detector);
        let comparison = published::compare(&database, &listing.found, adapter.published);
        listing.caveats.extend(comparison.differences.clone());
        listing
            .caveats
            .extend(adapter.known_flaws.iter().map(|flaw| format!("{database}: known of this database: {flaw}")));
        gathered.push(Gathered { database, adapter, preprocessing, listing, comparison });
    }
    spelling::unify_across(&mut gathered.iter_mut().map(|g| &mut g.listing).collect::<Vec<_>>());
    report_progress(progress, Stage::Listing, request.sources.len(), request.sources.len())?;
    Ok(gathered)
}

/// How the faces of one source are found and cut: its own affair, whatever other sources the set has.
fn preprocessing(request: &PrepareRequest, cropped: bool, detector: Option<&FaceDetector>) -> Preprocessing {
    let detects = request.detect == Detect::Auto && !cropped;
    let detection = if detects { detector.map_or("detector", FaceNetwork::word) } else { "none" };
    let alignment = match request.align {
        Align::Landmarks => "landmarks",
        Align::Auto if detects => "landmarks",
        _ if detects => "box",
        _ => "none",
    };
    Preprocessing {
        colour: request.colour.name().to_owned(),
        ..Preprocessing::standard(detection, alignment, request.size)
    }
}

/// The expressions asked for, or the names of arbitrary classes in alphabetical order.
pub(crate) fn choose_classes(request: &PrepareRequest, gathered: &[Gathered]) -> Result<Vec<String>, Fault> {
    let named = |g: &Gathered| g.listing.found.iter().any(|f| matches!(f.class, Class::Named(_)));
    if !gathered.iter().any(named) {
        return Ok(request.expressions.iter().map(|e| e.name().to_owned()).collect());
    }
    if let Some(other) = gathered.iter().find(|g| !named(g) && !g.listing.found.is_empty()) {
        return Err(Fault::usage("prepare", "some sources have expressions, others have other classes")
            .found(format!("{} has expressions", other.database))
            .expected("sources of the same classes")
            .hint("rename the class folders to expressions, or prepare two sets"));
    }
    let names: BTreeSet<&str> = gathered.iter().flat_map(|g| &g.listing.found).map(|f| f.class.name()).collect();
    Ok(names.into_iter().map(str::to_owned).collect())
}
