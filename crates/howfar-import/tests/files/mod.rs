//! Whole files of the kinds that are read; `reference/foreign_weights.py` made them.

pub const FILES: [(&str, &[u8]); 5] = [
    ("stargan.ckpt", include_bytes!("../data/stargan.ckpt")),
    ("kinds.pt", include_bytes!("../data/kinds.pt")),
    ("kinds_older.pt", include_bytes!("../data/kinds_older.pt")),
    ("module.pt", include_bytes!("../data/module.pt")),
    ("stylegan2.pkl", include_bytes!("../data/stylegan2.pkl")),
];
