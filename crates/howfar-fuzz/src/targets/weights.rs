//! Weight files: our own in safetensors, those of other programs in pickles and archives.

use std::path::Path;

use howfar_face::{FaceStore, Fault, Preprocessing};
use howfar_import::{ForeignFile, recognise};
use howfar_net::gan::{Generator, GeneratorShape, Parameters, StarGanShape, StyleGan2Shape};
use howfar_net::{Architecture, Classifier, LandmarkNetwork, NetFault, PictureShape, Precision, TensorFile};
use howfar_protocol::Network;
use howfar_random::{Seeds as Streams, Stream};
use howfar_train::{Model, read_start};
use serde_json::{Value, json};

use crate::target::{Seeds, Target, is_taken, put};

/// Any safetensors file.
pub(crate) const SAFETENSORS: Target = Target::bytes(
    "safetensors",
    |_| safetensors(),
    |_, bytes| {
        let ours = taken(TensorFile::read(bytes));
        howfar_safetensors::read(bytes).is_ok() || ours
    },
);
/// A trained network with its card; it is run on black.
pub(crate) const MODEL: Target = Target::bytes("model", models, model);
/// The network that finds eyes.
pub(crate) const LANDMARKS: Target = Target::bytes(
    "landmark-network",
    |_| landmark_networks(),
    |_, bytes| {
        taken(
            LandmarkNetwork::from_bytes(bytes)
                .map(|(network, _)| network.points(&vec![0.5; network.side() * network.side()])),
        )
    },
);
/// Generators; they are run once.
pub(crate) const GENERATOR: Target = Target::bytes(
    "generator",
    |_| generators(),
    |_, bytes| taken(Generator::from_bytes(bytes).map(|generator| drawn(&generator))),
);
/// Pickles: PyTorch's older format, whole layers, those of StyleGAN2.
pub(crate) const PICKLE: Target = Target::bytes("pickle", |_| Ok(pickles()), foreign);
/// PyTorch's archives, and safetensors of other programs.
pub(crate) const ZIP: Target = Target::bytes("zip", |_| archives(), foreign);

/// Pictures that a network is run on have no more values.
const FEW_VALUES: usize = 3 * 64 * 64;

fn taken<T>(answer: Result<T, NetFault>) -> bool {
    is_taken(answer.map_err(|fault| Fault::data(fault.place, fault.what).found(fault.found).expected(fault.expected)))
}

fn stream() -> Stream {
    Streams::new(1).stream("weights", &[])
}

fn safetensors() -> Seeds {
    let hand = |head: &str, data: &[u8]| [&(head.len() as u64).to_le_bytes()[..], head.as_bytes(), data].concat();
    let kinds = r#"{"b":{"dtype":"F16","shape":[2],"data_offsets":[4,8]},"__metadata__":{"howfar":"{\"a\": 1}"},
        "a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"c":{"dtype":"BF16","shape":[1,2],"data_offsets":[8,12]}}"#;
    Ok(vec![hand(kinds, &[1; 12]), hand("{}", b""), landmark_networks()?.swap_remove(0)])
}

fn models(_: &Path) -> Seeds {
    let card = |lineage: Value| {
        let preprocessing = Preprocessing::standard("none", "none", 48);
        json!({"classes": ["a", "b"], "scaling": "per-picture", "preprocessing": preprocessing, "lineage": lineage})
    };
    let architecture = Architecture::new(Network::Compact.plan(), 2, PictureShape::gray(48))?;
    let classifier = Classifier::new(architecture, &mut stream());
    let lineage = json!({"people": ["db:p"], "content": ["5e"]});
    Ok(vec![
        classifier.to_bytes(&card(lineage), Precision::Full)?,
        classifier.to_bytes(&card(json!({})), Precision::Half)?,
    ])
}

fn model(place: &Path, bytes: &[u8]) -> bool {
    put(place, "model.safetensors", bytes);
    let path = place.join("model.safetensors");
    let pool = FaceStore::new(vec!["a".to_owned(), "b".to_owned()], &Preprocessing::standard("none", "none", 48));
    let started = is_taken(read_start(&path, Network::Compact, &pool));
    let model = Model::load(&path);
    if let Ok(model) = &model {
        let n_values = model.side() * model.side() * model.n_channels();
        if n_values <= FEW_VALUES {
            model.classifier().logits(&vec![0.0; n_values]);
        }
    }
    is_taken(model) || started
}

fn landmark_networks() -> Seeds {
    let network = LandmarkNetwork::new(2, 48, &mut stream())?;
    Ok(vec![network.to_bytes(&Value::Null, Precision::Full)?, network.to_bytes(&json!({"a": 1}), Precision::Half)?])
}

fn generators() -> Seeds {
    let (standard, people) = (StarGanShape::standard(48, 1, 2), StyleGan2Shape::standard(32, 1));
    let faces = StarGanShape { generator_channels: 2, repeats: 1, ..standard };
    let people = StyleGan2Shape { z_size: 4, w_size: 4, mapping_layers: 1, channel_base: 64, channel_max: 4, ..people };
    let of = |shape: GeneratorShape| {
        let parameters = Parameters::initial(&shape.slots(), &mut stream());
        Generator { shape, parameters, card: json!({"classes": ["a", "b"]}) }.to_bytes(Precision::Full)
    };
    Ok(vec![of(GeneratorShape::StarGan(faces))?, of(GeneratorShape::StyleGan2(people))?])
}

fn drawn(generator: &Generator) -> Vec<f32> {
    let leaves = generator.parameters.prepare();
    match generator.shape {
        GeneratorShape::StarGan(s) if s.side * s.side * s.n_channels <= FEW_VALUES => {
            s.transferred(&leaves, &vec![0.5; s.side * s.side * s.n_channels], &vec![1.0; s.n_classes])
        }
        GeneratorShape::StyleGan2(s) if s.side * s.side * s.n_channels <= FEW_VALUES => {
            s.drawn(&leaves, &vec![0.5; s.z_size], 1.0)
        }
        _ => Vec::new(),
    }
}

fn pickles() -> Vec<Vec<u8>> {
    let files = [
        &include_bytes!("../../../howfar-import/tests/data/kinds_older.pt")[..],
        include_bytes!("../../../howfar-import/tests/data/stylegan2.pkl"),
    ];
    files.map(<[u8]>::to_vec).to_vec()
}

fn archives() -> Seeds {
    let files = [
        &include_bytes!("../../../howfar-import/tests/data/kinds.pt")[..],
        include_bytes!("../../../howfar-import/tests/data/module.pt"),
        include_bytes!("../../../howfar-import/tests/data/stargan.ckpt"),
    ];
    Ok(files.into_iter().map(<[u8]>::to_vec).chain(safetensors()?).collect())
}

fn foreign(_: &Path, bytes: &[u8]) -> bool {
    let read = ForeignFile::read("a file", bytes).map(|file| {
        let network = recognise(&file);
        assert!(network.tensors.values().all(|tensor| tensor.values().len() == tensor.n_values()));
    });
    is_taken(read)
}
