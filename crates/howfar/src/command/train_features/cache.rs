//! Features of faces, computed once: kept in the study's folder by what the network and the picture are.
//!
//! In: pictures. Out: a row of features each. Files are written whole under the name of their content, so that programs
//! of several cells may write at once; what two compute is the same.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use howfar_face::checksum::Hasher;
use howfar_face::{Fault, Picture, files};
use howfar_net::{Named, Precision, TensorFile};
use howfar_prepare::FeatureNetwork;
use howfar_train::FeatureRows;
use serde_json::json;

use super::job::Job;

/// Faces of one file, and what a stop loses at most.
const AT_ONCE: usize = 512;
const FORMAT: (&str, u32) = ("howfar features", 1);

/// The network, and what it has said.
pub(super) struct FeatureCache {
    network: FeatureNetwork,
    folder: PathBuf,
    known: HashMap<String, Vec<f32>>,
}

impl FeatureCache {
    /// Reads the network and what is known of it: `features/<network>/` of the study that the job belongs to.
    pub fn open(job: &Job, path: &Path, range: &str) -> Result<Self, Fault> {
        let network = FeatureNetwork::read(path, range)?;
        let mut identity = Hasher::default();
        identity.update(&files::read(path)?);
        identity.update_text(range);
        let identity = identity.finish();
        // STUDY/runs/CELL/program/job.json
        let study = job.file.ancestors().nth(4).unwrap_or(Path::new("."));
        let folder = study.join("features").join(identity.get(..16).unwrap_or_default());
        files::create_folder(&folder)?;
        let mut cache = FeatureCache { network, folder, known: HashMap::new() };
        cache.read()?;
        Ok(cache)
    }

    fn read(&mut self) -> Result<(), Fault> {
        for path in files::sorted_entries(&self.folder)? {
            if path.extension().is_none_or(|ending| ending != "safetensors") {
                continue;
            }
            let bytes = files::read_weights(&path)?;
            // What is damaged is computed anew.
            let Ok(mut file) = TensorFile::read(&bytes) else { continue };
            let faces: Vec<String> = serde_json::from_value(file.metadata["faces"].take()).unwrap_or_default();
            let Some(rows) = file.tensors.remove("features").filter(|rows| rows.shape.len() == 2) else { continue };
            if rows.shape[0] == faces.len() && rows.shape[1] > 0 {
                self.known.extend(faces.into_iter().zip(rows.values.chunks_exact(rows.shape[1]).map(<[f32]>::to_vec)));
            }
        }
        Ok(())
    }

    /// The features of pictures, in their order.
    pub fn features(&mut self, pictures: &[Picture]) -> Result<FeatureRows, Fault> {
        let names: Vec<String> = pictures.iter().map(Picture::sha256).collect();
        let mut missing: Vec<usize> = (0..pictures.len()).filter(|i| !self.known.contains_key(&names[*i])).collect();
        missing.sort_by_key(|i| &names[*i]);
        missing.dedup_by_key(|i| &names[*i]);
        for group in missing.chunks(AT_ONCE) {
            let of_group: Vec<Picture> = group.iter().map(|i| pictures[*i].clone()).collect();
            let rows = self.network.features(&of_group)?;
            let faces: Vec<&String> = group.iter().map(|i| &names[*i]).collect();
            self.keep(&faces, &rows)?;
            self.known.extend(faces.into_iter().cloned().zip(rows));
        }
        let n_features = names.first().map_or(0, |name| self.known[name].len());
        let values = names.iter().flat_map(|name| self.known[name].iter().copied()).collect();
        Ok(FeatureRows { n_features, values })
    }

    fn keep(&self, faces: &[&String], rows: &[Vec<f32>]) -> Result<(), Fault> {
        let (format, version) = FORMAT;
        let mut content = Hasher::default();
        faces.iter().for_each(|face| content.update_text(face));
        let shape = vec![rows.len(), rows.first().map_or(0, Vec::len)];
        let tensor = Named { name: "features".to_owned(), shape, values: rows.concat() };
        let metadata = json!({"format": format, "version": version, "faces": faces});
        let bytes = TensorFile::write(&metadata, &[tensor], Precision::Full)
            .map_err(|fault| Fault::data(self.folder.display(), fault.to_string()))?;
        let name = content.finish();
        files::write(&self.folder.join(format!("{}.safetensors", name.get(..16).unwrap_or_default())), &bytes)
    }
}
