//! Reads weights that training is to begin with.

use std::path::Path;

use howfar_face::{FaceStore, Fault, checksum, files};
use howfar_net::{StartingWeights, TensorFile};
use howfar_protocol::Network;

use crate::model::{architecture, in_file};

const HINT: &str = "`howfar weights import` takes over torchvision's VGG16, `howfar train` makes models";

/// Reads a model of `howfar train`, or a VGG16 of `howfar weights import`, for a network that is to learn the faces and
/// classes of a pool, and tells the file's SHA-256. Its output layer is left to be drawn anew, and so are dense layers
/// from the first of another size on.
pub fn read_start(path: &Path, network: Network, pool: &FaceStore) -> Result<(StartingWeights, String), Fault> {
    let architecture = architecture(network, pool)?;
    let bytes = files::read_weights(path)?;
    let weights = TensorFile::read(&bytes)
        .and_then(|file| StartingWeights::fit(file, architecture))
        .map_err(|fault| in_file(path, fault).hint(HINT))?;
    Ok((weights, checksum::sha256_hex(&[&bytes])))
}
