//! A trained network with all that it takes to use it: class names, pixel scaling, preprocessing. One file.

use std::path::Path;

use howfar_face::{FaceStore, Fault, Lineage, Preprocessing, files};
use howfar_net::{Architecture, Classifier, NetFault, PictureShape, Precision};
use howfar_protocol::{Learner, Network, PixelScaling, TrainingSettings};
use serde::{Deserialize, Serialize};

/// The weights of [`Model::embedded`].
const EMBEDDED: &[u8] = include_bytes!("../data/expression.safetensors");
const _: () = assert!(EMBEDDED.len() < 5_000_000, "the program carries it, and so does every copy of the repository");

/// A network that tells expressions apart, and how faces must be prepared for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub(crate) classifier: Classifier,
    card: Card,
}

/// What stands in the file beside the weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Card {
    classes: Vec<String>,
    scaling: PixelScaling,
    /// Whether a face is seen mirrored as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    test_flip: bool,
    preprocessing: Preprocessing,
    /// Absent in files of an older howfar and in models of a study, which are judged where they were trained.
    #[serde(default, skip_serializing_if = "Lineage::is_empty")]
    lineage: Lineage,
}

impl Model {
    /// Puts a network together with what it was trained on.
    pub(crate) fn new(
        classifier: Classifier,
        classes: Vec<String>,
        scaling: PixelScaling,
        preprocessing: Preprocessing,
    ) -> Self {
        let card = Card { classes, scaling, test_flip: false, preprocessing, lineage: Lineage::default() };
        Model { classifier, card }
    }

    /// The same network, asked about each face and its mirror image or about the face alone.
    pub(crate) fn with_test_flip(self, test_flip: bool) -> Self {
        Model { card: Card { test_flip, ..self.card }, ..self }
    }

    /// The same network with the record of whom and what it has learnt from.
    pub fn with_lineage(self, lineage: Lineage) -> Self {
        Model { card: Card { lineage, ..self.card }, ..self }
    }

    /// Whom and what it has learnt from, as far as its file says.
    pub fn lineage(&self) -> &Lineage {
        &self.card.lineage
    }

    /// Class names in the order of the probabilities.
    pub fn classes(&self) -> &[String] {
        &self.card.classes
    }

    /// What the network sees of a pixel.
    pub fn scaling(&self) -> PixelScaling {
        self.card.scaling
    }

    /// Whether it is asked about each face and its mirror image: the mean of the logits is its answer.
    pub fn test_flip(&self) -> bool {
        self.card.test_flip
    }

    /// How its faces were prepared.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.card.preprocessing
    }

    /// Pixels a side of its faces.
    pub fn side(&self) -> usize {
        self.classifier.architecture().picture.side
    }

    /// Channels of its faces: 1 (gray) or 3 (red, green, blue).
    pub fn n_channels(&self) -> usize {
        self.classifier.architecture().picture.n_channels
    }

    /// The network.
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// Writes a safetensors file, whole or not at all, with weights bit for bit as they are.
    pub fn save(&self, path: &Path) -> Result<(), Fault> {
        self.save_with(path, Precision::Full)
    }

    /// The same with weights of a chosen precision.
    pub fn save_with(&self, path: &Path, precision: Precision) -> Result<(), Fault> {
        files::write(path, &self.to_bytes(precision, path)?)
    }

    /// The bytes of such a file; `place` names it in errors.
    pub fn to_bytes(&self, precision: Precision, place: &Path) -> Result<Vec<u8>, Fault> {
        let card = serde_json::to_value(&self.card).map_err(|e| Fault::data(place.display(), e.to_string()))?;
        self.classifier.to_bytes(&card, precision).map_err(|fault| in_file(place, fault))
    }

    /// The network that howfar carries: seven expressions, trained on drawn faces alone (`data/expression.md`).
    pub fn embedded() -> Self {
        let place = Path::new("the embedded network");
        Self::from_bytes(EMBEDDED, place).expect("the embedded network is tested to be whole")
    }

    /// Reads a model file; no code in it is ever run.
    pub fn load(path: &Path) -> Result<Self, Fault> {
        Self::from_bytes(&files::read_weights(path)?, path)
    }

    /// Reads the bytes of a model file; `place` names them in errors.
    pub fn from_bytes(bytes: &[u8], place: &Path) -> Result<Self, Fault> {
        let (classifier, card) = Classifier::from_bytes(bytes).map_err(|fault| in_file(place, fault))?;
        let card: Card = serde_json::from_value(card).map_err(|e| {
            Fault::data(place.display(), format!("the model's card is damaged: {e}"))
                .hint("restore the file or train the model anew")
        })?;
        let Architecture { n_outputs, picture, .. } = *classifier.architecture();
        let of_card = picture_shape(&card.preprocessing);
        if (card.classes.len(), of_card) != (n_outputs, picture) {
            let words = |n_classes, PictureShape { side, n_channels }| {
                format!("{n_classes} classes, {side} pixels a side, {n_channels} channels")
            };
            return Err(Fault::data(place.display(), "the model's card is of another network")
                .found(words(card.classes.len(), of_card))
                .expected(words(n_outputs, picture)));
        }
        Ok(Model { classifier, card })
    }
}

/// Numbers that training moves in a network for the faces and classes of a pool; 0 for a network that cannot be, and
/// for a program, of which nothing is known.
pub fn n_parameters(learner: &Learner, pool: &FaceStore) -> usize {
    let of_network = learner.network().and_then(|network| architecture(network, pool).ok());
    of_network.map_or(0, |architecture| architecture.n_parameters())
}

/// Refuses a training on so many faces for which this machine does not have the memory, before anything is kept for it.
/// Of a program nothing is known.
pub fn check_memory(settings: &TrainingSettings, pool: &FaceStore, n_faces: usize) -> Result<(), Fault> {
    let Some(network) = settings.network.network() else { return Ok(()) };
    let bytes = architecture(network, pool)?.training_bytes(u64::from(settings.batch).min(n_faces as u64));
    let hint = "take a smaller network, faces of fewer pixels, or a smaller `train.batch`";
    howfar_face::check_memory(network.name(), bytes, hint)
}

/// The layers of the network that settings name.
pub(crate) fn architecture_of(settings: &TrainingSettings, pool: &FaceStore) -> Result<Architecture, Fault> {
    match settings.network.network() {
        Some(network) => architecture(network, pool),
        None => Err(Fault::data(settings.network.name(), "a program is not trained here")),
    }
}

/// The layers of a network for the faces and classes of a pool.
pub(crate) fn architecture(network: Network, pool: &FaceStore) -> Result<Architecture, Fault> {
    let picture = PictureShape { side: pool.side(), n_channels: pool.n_channels() };
    Architecture::new(network.plan(), pool.classes().len(), picture)
        .map_err(|fault| in_file(Path::new("the network"), fault))
}

fn picture_shape(preprocessing: &Preprocessing) -> PictureShape {
    PictureShape { side: preprocessing.side as usize, n_channels: preprocessing.n_channels() }
}

/// A fault of a network or weight file, with the file's name.
pub(crate) fn in_file(path: &Path, fault: NetFault) -> Fault {
    let NetFault { place, what, found, expected } = fault;
    Fault::data(format!("{}, {place}", path.display()), what).found(found).expected(expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use howfar_net::Weights;
    use howfar_random::Seeds;

    #[test]
    fn counts_are_those_of_the_weights() {
        let classes = ["a", "b", "c", "d", "e", "f"].map(str::to_owned).to_vec();
        let gray = Preprocessing::standard("none", "none", 64);
        let rgb = Preprocessing { colour: "rgb".to_owned(), ..gray.clone() };
        let [gray, rgb] = [gray, rgb].map(|preprocessing| FaceStore::new(classes.clone(), &preprocessing));
        for (network, pool) in Network::ALL.iter().flat_map(|network| [(*network, &gray), (*network, &rgb)]) {
            let architecture = architecture(network, pool).unwrap();
            assert_eq!(n_parameters(&network.into(), pool), Weights::blank(&architecture).n_trained(), "{network:?}");
        }
        assert_eq!(n_parameters(&Network::Compact.into(), &gray), 22_206);
        assert_eq!(n_parameters(&Network::Compact.into(), &rgb), 22_206 + 2 * 9 * 12);
    }

    #[test]
    fn the_embedded_network_is_whole_and_looks_for_faces() {
        let model = Model::embedded();
        assert_eq!(
            model.classes(),
            ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"].map(str::to_owned)
        );
        assert_eq!(model.preprocessing().detection, "detector");
        assert!(model.lineage().is_empty(), "its file is older than the record");
    }

    #[test]
    fn a_model_reads_back_and_a_damaged_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let mut stream = Seeds::new(1).stream("weights", &[]);
        let architecture = Architecture::new(Network::Compact.plan(), 2, PictureShape::gray(48)).unwrap();
        let classifier = Classifier::new(architecture, &mut stream);
        let preprocessing = Preprocessing::standard("none", "none", 48);
        let lineage = Lineage { people: ["db:p".parse().unwrap()].into(), content: ["5e".to_owned()].into() };
        let model = Model::new(classifier, vec!["a".into(), "b".into()], PixelScaling::PerPicture, preprocessing)
            .with_lineage(lineage.clone());
        model.save(&path).unwrap();
        assert_eq!(Model::load(&path).unwrap(), model);
        assert_eq!(Model::load(&path).unwrap().lineage(), &lineage);
        let small = folder.path().join("small.safetensors");
        model.save_with(&small, Precision::Half).unwrap();
        assert!(files::read(&small).unwrap().len() < files::read(&path).unwrap().len() * 6 / 10);
        assert_eq!(Model::load(&small).unwrap().card, model.card);
        let bytes = files::read(&path).unwrap();
        files::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let fault = Model::load(&path).unwrap_err();
        assert!(fault.place().contains("model.safetensors"), "{fault}");
        let other = Model { card: Card { classes: vec!["a".into()], ..model.card.clone() }, ..model };
        other.save(&path).unwrap();
        assert!(Model::load(&path).unwrap_err().what().contains("another network"));
    }
}
