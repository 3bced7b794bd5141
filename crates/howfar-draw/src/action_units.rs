//! The action units that faces can show, and their places in the labels. In: numbers of FACS. Out: places, names.

/// Number of action units.
pub const N_AUS: usize = 20;

/// The action units of a drawn face, in the order of its labels.
pub const AU_NAMES: [&str; N_AUS] = [
    "AU1", "AU2", "AU4", "AU5", "AU6", "AU7", "AU9", "AU10", "AU12", "AU14", "AU15", "AU16", "AU17", "AU20", "AU23",
    "AU24", "AU25", "AU26", "AU27", "AU43",
];

/// Their numbers.
pub(crate) const NUMBERS: [u8; N_AUS] = [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 17, 20, 23, 24, 25, 26, 27, 43];

/// Place of an action unit in the labels.
pub(crate) fn au_index(au: u8) -> Option<usize> {
    NUMBERS.iter().position(|n| *n == au)
}

/// The numbers of all action units, as a sentence lists them.
pub(crate) fn au_numbers() -> String {
    NUMBERS.map(|n| n.to_string()).join(", ")
}
