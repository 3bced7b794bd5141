//! Files that several tests make.

/// A TIFF with a colour table: the numbers 0 to 255 on 16×16 pixels, big-endian.
pub fn palette_tiff() -> Vec<u8> {
    let mut bytes = b"MM\0*\0\0\x01\x08".to_vec();
    bytes.extend(0..=255);
    let table_at = 8 + 256 + 2 + 9 * 12 + 4;
    let entries: [(u16, u16, u32, u32); 9] = [
        (256, 3, 1, 16 << 16),
        (257, 3, 1, 16 << 16),
        (258, 3, 1, 8 << 16),
        (259, 3, 1, 1 << 16),
        (262, 3, 1, 3 << 16),
        (273, 4, 1, 8),
        (278, 3, 1, 16 << 16),
        (279, 4, 1, 256),
        (320, 3, 768, table_at),
    ];
    bytes.extend([0, 9]);
    for (tag, kind, count, value) in entries {
        bytes.extend([tag.to_be_bytes(), kind.to_be_bytes()].concat());
        bytes.extend([count.to_be_bytes(), value.to_be_bytes()].concat());
    }
    bytes.extend([0; 4]);
    bytes.extend((0..768_u16).flat_map(|i| (i % 256 * 257).to_be_bytes()));
    bytes
}
