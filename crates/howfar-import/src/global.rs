//! The short list of names that a pickle may ask for, and what each stands for here. None of them is ever called.
//!
//! In: a module and a name. Out: a role, or a refusal that names both. Knows nothing of opcodes.

use howfar_face::Fault;

use crate::limits;
use crate::number::NumberKind;
use crate::source::Source;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A dictionary that keeps its order, or one with attributes.
    Map,
    /// Storage, offset, sizes, strides → a tensor.
    Tensor,
    /// A tensor that was trained.
    Parameter,
    /// A storage from the bytes of a file of PyTorch's older format.
    StorageBytes,
    /// The object of a class whose source text lies in the file (stylegan2-ada); the text is left alone.
    SourceObject,
    /// One of PyTorch's own layers.
    Layer,
    /// The class of a storage.
    Storage(NumberKind),
    /// A value that no weight hangs on: a device, a set, a number of NumPy.
    Inert,
}

/// The role of a name. A long one has none: a file may ask for it again at every opcode.
pub(crate) fn role(module: &str, name: &str) -> Option<Role> {
    if module.len().max(name.len()) > limits::NAME_BYTES {
        return None;
    }
    Some(match (module, name) {
        ("collections", "OrderedDict") | ("dnnlib.util", "EasyDict") | ("dnnlib", "EasyDict") => Role::Map,
        ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => Role::Tensor,
        ("torch._utils", "_rebuild_parameter") => Role::Parameter,
        ("torch.storage", "_load_from_bytes") => Role::StorageBytes,
        ("torch_utils.persistence", "_reconstruct_persistent_obj") => Role::SourceObject,
        ("torch", name) if name.ends_with("Storage") => Role::Storage(NumberKind::of_storage(name)?),
        ("torch", "device" | "Size") => Role::Inert,
        ("torch", name) if NumberKind::of_type(name).is_some() => Role::Inert,
        ("__builtin__" | "builtins", "set") => Role::Inert,
        ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") | ("numpy", "dtype") => Role::Inert,
        ("_codecs", "encode") => Role::Inert,
        (module, name) if is_layer(module, name) => Role::Layer,
        _ => return None,
    })
}

/// Why a name is refused.
pub(crate) fn refusal(source: &Source<'_>, at: usize, module: &str, name: &str) -> Fault {
    let short = |text: &str| text.chars().take(limits::NAME_BYTES).collect::<String>();
    let fault = source
        .fault(at, format!("refused: the file asks for {}.{}", short(module), short(name)))
        .expected("tensors, dictionaries and PyTorch's own layers; no code in a file is ever run");
    if module.starts_with("dnnlib.tflib") {
        return fault.hint(
            "this is a StyleGAN of TensorFlow: turn it into the newer format with `legacy.py` of stylegan2-ada-pytorch",
        );
    }
    fault.hint(
        "if you trust the file, load it in Python and keep its numbers alone: torch.save(network.state_dict(), …)",
    )
}

fn is_layer(module: &str, name: &str) -> bool {
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    module.strip_prefix("torch.nn.modules.").is_some_and(is_word)
        && is_word(name)
        && name.starts_with(|c: char| c.is_ascii_uppercase())
}
