//! The names of a pickle's opcodes (Python's `pickletools`), so that a refusal can say what it met.
//!
//! In: a byte. Out: its name. Knows nothing of what opcodes do.

/// The name of an opcode.
pub(crate) fn name(code: u8) -> &'static str {
    match code {
        b'I' => "INT",
        b'L' => "LONG",
        b'S' => "STRING",
        b'V' => "UNICODE",
        b'F' => "FLOAT",
        b'd' => "DICT",
        b'l' => "LIST",
        b'p' => "PUT",
        b'g' => "GET",
        b'P' => "PERSID",
        b'i' => "INST",
        b'o' => "OBJ",
        b'2' => "DUP",
        0x82 => "EXT1",
        0x83 => "EXT2",
        0x84 => "EXT4",
        0x8b => "LONG4",
        0x91 => "FROZENSET",
        0x92 => "NEWOBJ_EX",
        0x96 => "BYTEARRAY8",
        0x97 => "NEXT_BUFFER",
        0x98 => "READONLY_BUFFER",
        _ => "none that Python knows",
    }
}
