//! Files of other programs read as they should; harmful ones are refused, and nothing in them runs. Damaged ones:
//! `memory.rs`.

mod files;

use files::FILES;
use howfar_import::{ForeignFile, recognise};

#[test]
fn the_kind_and_sizes_of_a_network_are_recognised() {
    for (at, kind, n, key, value) in
        [(0, "stargan-generator", 22, "c_dim", 3), (4, "stylegan2", 25, "img_resolution", 8), (3, "unknown", 7, "", 0)]
    {
        let file = ForeignFile::read(FILES[at].0, FILES[at].1).unwrap();
        let network = recognise(&file);
        assert_eq!(network.kind, kind);
        assert_eq!(network.tensors.len(), n, "{:?}", network.tensors.keys());
        assert!(key.is_empty() || network.settings[key] == value, "{}", network.settings);
    }
}

#[test]
fn views_and_kinds_of_numbers_read_as_pytorch_shows_them() {
    for at in [1, 2] {
        let file = ForeignFile::read(FILES[at].0, FILES[at].1).unwrap();
        let counted: Vec<f32> = (0..24).map(|i| i as f32 / 8.0).collect();
        for name in ["float32", "float16", "float64", "bfloat16"] {
            assert_eq!(file.tensors[name].values(), counted, "{name}");
        }
        assert_eq!(file.tensors["part"].values(), [6.0, 8.0, 10.0, 12.0, 14.0, 16.0].map(|i| i / 8.0));
        assert_eq!(file.tensors["transposed"].shape(), [6, 4]);
        assert_eq!(file.tensors["transposed"].values()[..3], [0.0, 0.75, 1.5]);
        assert_eq!(file.tensors["int64"].values(), [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0]);
    }
}

#[test]
fn a_pickle_that_would_run_code_is_refused_by_name() {
    for (bytes, word) in [
        (&b"\x80\x02cposix\nsystem\nX\x02\0\0\0ls\x85R."[..], "posix.system"),
        (b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02ls\x85R.", "posix.system"),
        (b"\x80\x02(X\x02\0\0\0lsios\nsystem\n.", "os.system"),
        (b"\x80\x02(cos\nsystem\no.", "os.system"),
        (b"\x80\x02cbuiltins\neval\n", "builtins.eval"),
        (b"\x80\x02(o.", "OBJ"),
        (b"\x80\x02Pevil\n.", "PERSID"),
        (b"\x80\x02}}b.", "BUILD"),
        (b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.", "too early"),
        (b"\x80\x02Nr\xff\xff\xff\xff.", "memo"),
    ] {
        let fault = ForeignFile::read("evil.pkl", bytes).unwrap_err().to_string();
        assert!(fault.contains(word), "{fault}");
    }
    let deep = [&b"\x80\x02"[..], &[b']'; 200_000], b"."].concat();
    assert!(ForeignFile::read("deep.pkl", &deep).unwrap_err().to_string().contains("on the stack"));
}
