//! TensorBoard's event files, written by hand: a few protobuf fields in records with checksums.
//!
//! In: names, steps, numbers. Out: bytes to append to a file whose name holds `tfevents`. Layout: the record format of
//! TensorFlow (length, masked CRC-32C of it, data, masked CRC-32C of that) around the message `Event` of `event.proto`.

/// The first record of a file.
pub fn file_head(wall_time_s: f64) -> Vec<u8> {
    record(&event(wall_time_s, 0, 3, b"brain.Event:2"))
}

/// A record with the numbers of one step.
pub fn scalars<'a>(wall_time_s: f64, step: u64, values: impl Iterator<Item = (&'a str, f32)>) -> Vec<u8> {
    let mut summary = Vec::new();
    for (name, value) in values {
        let mut message = Vec::new();
        bytes_field(&mut message, 1, name.as_bytes());
        message.push(2 << 3 | 5);
        message.extend(value.to_le_bytes());
        bytes_field(&mut summary, 1, &message);
    }
    record(&event(wall_time_s, step, 5, &summary))
}

fn event(wall_time_s: f64, step: u64, field: u8, content: &[u8]) -> Vec<u8> {
    let mut message = vec![1 << 3 | 1];
    message.extend(wall_time_s.to_le_bytes());
    message.push(2 << 3);
    varint(&mut message, step);
    bytes_field(&mut message, field, content);
    message
}

fn bytes_field(to: &mut Vec<u8>, field: u8, content: &[u8]) {
    to.push(field << 3 | 2);
    varint(to, content.len() as u64);
    to.extend(content);
}

fn varint(to: &mut Vec<u8>, mut value: u64) {
    while value >= 128 {
        to.push((value & 127) as u8 | 128);
        value >>= 7;
    }
    to.push(value as u8);
}

fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let parts = [&length[..], &masked_crc(&length).to_le_bytes(), data, &masked_crc(data).to_le_bytes()];
    parts.concat()
}

fn masked_crc(data: &[u8]) -> u32 {
    crc32c(data).rotate_right(15).wrapping_add(0xA282_EAD8)
}

/// Castagnoli's polynomial, bit by bit: a few hundred bytes a minute need no table.
fn crc32c(data: &[u8]) -> u32 {
    let shift = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0x82F6_3B78 } else { crc >> 1 };
    !data.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| shift(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_castagnolis() {
        assert_eq!(crc32c(b"123456789"), 0xE306_9283, "the check value of the catalogue of CRCs");
    }

    #[test]
    fn a_scalar_stands_in_the_bytes_that_the_format_asks_for() {
        let bytes = scalars(1.0, 300, [("a", 2.0)].into_iter());
        let data =
            [&[9][..], &1.0f64.to_le_bytes(), &[16, 0xAC, 2], &[42, 10, 10, 8, 10, 1, b'a', 21], &2.0f32.to_le_bytes()]
                .concat();
        assert_eq!(bytes[..8], (data.len() as u64).to_le_bytes());
        assert_eq!(bytes[12..12 + data.len()], data);
        assert_eq!(bytes.len(), data.len() + 16);
    }
}
