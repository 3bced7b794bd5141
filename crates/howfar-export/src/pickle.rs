//! Pickles of named tensors (protocol 2), as `torch.save` writes a `state_dict`.
//!
//! In: names and shapes. Out: bytes that say where the numbers of each tensor lie.

use howfar_net::Named;

const OBJECT: &[u8] = b"ccollections\nOrderedDict\n)R";

/// An ordered dictionary from names to tensors; the numbers of tensor i lie in the file `data/i` beside it.
pub(crate) fn state_dict(tensors: &[Named]) -> Vec<u8> {
    let mut out = b"\x80\x02".to_vec();
    out.extend_from_slice(OBJECT);
    out.push(b'(');
    for (i, tensor) in tensors.iter().enumerate() {
        text(&mut out, &tensor.name);
        out.extend_from_slice(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        text(&mut out, "storage");
        out.extend_from_slice(b"ctorch\nFloatStorage\n");
        text(&mut out, &i.to_string());
        text(&mut out, "cpu");
        int(&mut out, tensor.values.len());
        out.extend_from_slice(b"tQ");
        int(&mut out, 0);
        tuple(&mut out, &tensor.shape);
        tuple(&mut out, &strides(&tensor.shape));
        // No gradient is asked for, and no hooks.
        out.push(0x89);
        out.extend_from_slice(OBJECT);
        out.extend_from_slice(b"tR");
    }
    out.extend_from_slice(b"u.");
    out
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'X');
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn int(out: &mut Vec<u8>, number: usize) {
    out.push(b'J');
    out.extend_from_slice(&(number as i32).to_le_bytes());
}

fn tuple(out: &mut Vec<u8>, numbers: &[usize]) {
    out.push(b'(');
    numbers.iter().for_each(|number| int(out, *number));
    out.push(b't');
}

/// How far apart neighbours along each side lie, the last side running fastest.
fn strides(shape: &[usize]) -> Vec<usize> {
    (1..=shape.len()).map(|after| shape[after..].iter().product()).collect()
}
