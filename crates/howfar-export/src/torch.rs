//! A `state_dict` as `torch.save` writes it: a zip archive of a pickle and the numbers of each tensor.
//!
//! In: named tensors. Out: a file for `torch.load(…, weights_only=True)`. The names are those of howfar's model files;
//! `examples/export/torch_model.py` is the module that they fit.

use howfar_net::Named;

use crate::pickle;
use crate::zip::Zip;

/// The file's bytes.
pub(crate) fn bytes(tensors: &[Named]) -> Vec<u8> {
    let mut zip = Zip::default();
    zip.add("model/data.pkl", &pickle::state_dict(tensors));
    zip.add("model/byteorder", b"little");
    for (i, tensor) in tensors.iter().enumerate() {
        let numbers: Vec<u8> = tensor.values.iter().flat_map(|value| value.to_le_bytes()).collect();
        zip.add(&format!("model/data/{i}"), &numbers);
    }
    zip.add("model/version", b"3\n");
    zip.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_reads_back_as_a_foreign_one() {
        let named = |name: &str, shape: &[usize]| {
            let n: usize = shape.iter().product();
            Named { name: name.to_owned(), shape: shape.to_vec(), values: (0..n).map(|i| i as f32 / 7.0).collect() }
        };
        let tensors =
            [named("block1.convolution.weight", &[3, 2, 3, 3]), named("dense1.bias", &[4]), named("ö", &[2, 5])];
        let file = bytes(&tensors);
        let read = howfar_import::ForeignFile::read("model.pt", &file).unwrap();
        assert_eq!(read.tensors.len(), tensors.len());
        for tensor in &tensors {
            let there = &read.tensors[&tensor.name];
            assert_eq!((there.shape(), there.values()), (&tensor.shape[..], tensor.values.clone()), "{}", tensor.name);
        }
    }
}
