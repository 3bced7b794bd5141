//! Networks that users bring as ONNX files. What is read is not run beyond what reading itself runs: how much memory a
//! network takes when it is run is its own affair.

use howfar_prepare::{FaceDetector, FeatureNetwork};

use crate::target::{Target, is_taken, put};

/// Networks that compare faces.
pub(crate) const FEATURES: Target = Target::bytes(
    "feature-network",
    |_| Ok(features()),
    |place, bytes| {
        put(place, "features.onnx", bytes);
        is_taken(FeatureNetwork::read(&place.join("features.onnx"), "0..1"))
    },
);
/// Networks that find faces: reading them runs them once.
pub(crate) const DETECTOR: Target = Target::bytes(
    "face-detector",
    |_| Ok(detectors()),
    |place, bytes| {
        put(place, "detector.onnx", bytes);
        is_taken(FaceDetector::read(&place.join("detector.onnx")))
    },
);

fn features() -> Vec<Vec<u8>> {
    let files = [
        &include_bytes!("../../../../reference/feature_network_fixed.onnx")[..],
        include_bytes!("../../../../reference/feature_network_free.onnx"),
    ];
    files.map(<[u8]>::to_vec).to_vec()
}

fn detectors() -> Vec<Vec<u8>> {
    let files = [
        &include_bytes!("../../../../reference/face_detector_yunet.onnx")[..],
        include_bytes!("../../../../reference/face_detector_scrfd.onnx"),
    ];
    files.map(<[u8]>::to_vec).to_vec()
}
