//! Every face of a set, looked at once: its features, and the label that howfar's own network gives it.
//!
//! In: a face set, read as a stream. Out: one [`Looked`] a face, in the order of the set; pixels are not kept.

use howfar_face::{FaceLabels, FaceSet, FaceStore, Fault, Picture, SubjectId};
use howfar_prepare::FeatureNetwork;
use howfar_protocol::most_probable;
use howfar_train::{Look, Model, Viewer};

/// Faces that are looked at together; no look depends on it.
const FACES_AT_ONCE: usize = 128;

/// What is kept of a face.
#[derive(Debug, Clone)]
pub struct Looked {
    pub subject: SubjectId,
    /// Whose face it is: the parent's, where there is one.
    pub owner: SubjectId,
    /// Its place among the classes of both sets.
    pub class: usize,
    /// The class that howfar's network takes it for; none where that network is not asked.
    pub seen: Option<usize>,
    pub features: Vec<f32>,
}

/// The networks that look.
pub struct FeatureExtractors<'a> {
    /// Classes that both sets have.
    pub classes: &'a [String],
    /// howfar's own expression network, where faces have its size: places of its classes among `classes`.
    pub own: Option<(&'a Model, Vec<Option<usize>>)>,
    /// A network whose features take the place of its own.
    pub user: Option<&'a FeatureNetwork>,
}

impl FeatureExtractors<'_> {
    /// Looks at all faces of the classes; returns how many are of others. `tell` hears how many faces were read.
    pub fn look(&self, set: &FaceSet, tell: &mut dyn FnMut(u64)) -> Result<(Vec<Looked>, u64), Fault> {
        let mut viewer = self.own.as_ref().map(|(model, places)| (Viewer::new(model), *model, places));
        let name = set.folder().display().to_string();
        let class_here: Vec<Option<usize>> =
            set.info().classes.iter().map(|class| self.classes.iter().position(|own| own == class)).collect();
        let (mut all, mut batch, mut n_left_out, mut n_read) = (Vec::new(), Vec::new(), 0, 0);
        let mut flush = |batch: &mut Vec<(Picture, (FaceLabels, usize))>| -> Result<(), Fault> {
            let (pictures, taken): (Vec<Picture>, Vec<(FaceLabels, usize)>) = std::mem::take(batch).into_iter().unzip();
            let features = self.user.map(|network| network.features(&pictures)).transpose()?;
            let looks = viewer.as_mut().map(|(viewer, model, places)| {
                let pool = FaceStore::of_photos(model.classes().to_vec(), model.preprocessing(), &name, pictures)?;
                Ok((viewer.look(&pool)?, *places))
            });
            let looks = looks.transpose()?;
            for (i, (labels, class)) in taken.into_iter().enumerate() {
                let look = looks.as_ref().map(|(looks, places)| (&looks[i], *places));
                let own = |(look, _): (&Look, _)| look.features.clone();
                all.push(Looked {
                    owner: labels.parent.unwrap_or_else(|| labels.subject.clone()),
                    subject: labels.subject,
                    class,
                    seen: look.and_then(|(look, places)| seen(&look.logits, places)),
                    features: features.as_ref().map_or_else(|| look.map_or_else(Vec::new, own), |rows| rows[i].clone()),
                });
            }
            Ok(())
        };
        set.for_each(|face| {
            n_read += 1;
            match class_here[face.labels.label] {
                Some(class) => batch.push((face.picture, (face.labels, class))),
                None => n_left_out += 1,
            }
            if batch.len() == FACES_AT_ONCE {
                flush(&mut batch)?;
                tell(n_read);
            }
            Ok(())
        })?;
        if !batch.is_empty() {
            flush(&mut batch)?;
        }
        tell(n_read);
        Ok((all, n_left_out))
    }
}

/// The most probable of the classes that both sets have.
fn seen(logits: &[f32], places: &[Option<usize>]) -> Option<usize> {
    let (known, among): (Vec<usize>, Vec<f32>) =
        places.iter().zip(logits).filter_map(|(place, logit)| place.map(|place| (place, *logit))).unzip();
    (!known.is_empty()).then(|| known[most_probable(&among)])
}
