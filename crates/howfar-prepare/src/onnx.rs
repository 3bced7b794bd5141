//! Networks that a user brings as an ONNX file: the one reader of such files.
//!
//! In: a file, what it is expected to be. Out: a network with one input, run on pictures. What its outputs mean is for
//! those who ask: `face_detector` finds faces, `feature_network` compares them.

mod frame;

use std::path::{Path, PathBuf};

use howfar_face::{Fault, checksum, files};
use rten::{DataType, Dimension, Model, NodeId, NodeInfo, ValueType};
use rten_tensor::{NdTensor, Tensor};

/// What a network is expected to be, for messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    /// Inputs, outputs or the names of known networks.
    pub network: &'static str,
    /// What the user can do about another one.
    pub hint: &'static str,
}

/// A network with one input and at least one output.
pub(crate) struct OnnxNetwork {
    path: PathBuf,
    sha256: String,
    model: Model,
    input: NodeId,
    expected: Expected,
}

/// A length of the input; none where the network takes any.
pub(crate) type Length = Option<usize>;

impl OnnxNetwork {
    /// Reads a file.
    pub fn read(path: &Path, expected: Expected) -> Result<Self, Fault> {
        let bytes = files::read_weights(path)?;
        let sha256 = checksum::sha256_hex(&[&bytes]);
        let fault =
            |what: &str| Fault::data(path.display(), what.to_owned()).expected(expected.network).hint(expected.hint);
        let loaded = frame::check(&bytes).and_then(|()| Model::load(bytes).map_err(|e| e.to_string()));
        let model = loaded.map_err(|what| fault("this is not a network that can be read").found(what))?;
        let ([input], [_, ..]) = (model.input_ids(), model.output_ids()) else {
            let found = format!("{} inputs, {} outputs", model.input_ids().len(), model.output_ids().len());
            return Err(fault("the network has other inputs or outputs than one that looks at pictures").found(found));
        };
        let input = *input;
        Ok(OnnxNetwork { path: path.to_owned(), sha256, model, input, expected })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Of the file, 64 hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Says what is wrong with the network, and what was expected.
    pub fn unfit(&self, what: &str) -> Fault {
        Fault::data(self.path.display(), what.to_owned()).expected(self.expected.network).hint(self.expected.hint)
    }

    /// The lengths of the input, as many as it has; none where it does not say. A fault where `fits` refuses them, or
    /// the input is of other numbers than 32-bit floats; `what` is wrong with it then.
    pub fn input_lengths(&self, what: &str, fits: impl Fn(&[Length]) -> bool) -> Result<Option<Vec<Length>>, Fault> {
        let info = self.model.node_info(self.input);
        let kind = info.as_ref().and_then(NodeInfo::dtype);
        if let Some(kind) = kind.filter(|kind| *kind != ValueType::Tensor(DataType::Float)) {
            return Err(self.unfit(what).found(format!("an input of {kind}")));
        }
        let Some(dimensions) = info.as_ref().and_then(NodeInfo::shape) else { return Ok(None) };
        let length = |dimension: &Dimension| match dimension {
            Dimension::Fixed(n) => Some(*n),
            Dimension::Symbolic(_) => None,
        };
        let word = |dimension: &Dimension| match dimension {
            Dimension::Fixed(n) => n.to_string(),
            Dimension::Symbolic(name) => name.clone(),
        };
        let lengths: Vec<Length> = dimensions.iter().map(length).collect();
        if !fits(&lengths) {
            let words = dimensions.iter().map(word).collect::<Vec<_>>().join("×");
            return Err(self.unfit(what).found(format!("an input of {words}")));
        }
        Ok(Some(lengths))
    }

    /// The outputs' names, empty where they have none.
    pub fn output_names(&self) -> Vec<&str> {
        let name = |id: &NodeId| self.model.node_info(*id).and_then(|info| info.name()).unwrap_or_default();
        self.model.output_ids().iter().map(name).collect()
    }

    /// The first `n_outputs` outputs for pictures `[N, C, H, W]`; an error in words where the network cannot be run.
    pub fn run(&self, pictures: NdTensor<f32, 4>, n_outputs: usize) -> Result<Vec<Tensor<f32>>, String> {
        let outputs = &self.model.output_ids()[..n_outputs.min(self.model.output_ids().len())];
        let values =
            self.model.run(vec![(self.input, pictures.into())], outputs, None).map_err(|error| error.to_string())?;
        values.into_iter().map(|value| Tensor::<f32>::try_from(value).map_err(|error| error.to_string())).collect()
    }
}
