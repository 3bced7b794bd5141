//! Checksums that are made right again after damage: a reader that compares them would look no further.
//!
//! In: the bytes of a file. Out: the same with the checksums of what is there now; what is no such file stays as it is.

const PNG: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// Those of a PNG's chunks, as far as their lengths can be followed.
pub(crate) fn mend_png(bytes: &mut [u8]) {
    if !bytes.starts_with(&PNG) {
        return;
    }
    let mut at = PNG.len();
    while let Some(length) = bytes.get(at..at + 4).and_then(|length| <[u8; 4]>::try_from(length).ok()) {
        let end = at + 8 + u32::from_be_bytes(length) as usize;
        let Some(sum) = bytes.get(at + 4..end).map(crc32) else { return };
        let Some(place) = bytes.get_mut(end..end + 4) else { return };
        place.copy_from_slice(&sum.to_be_bytes());
        at = end + 4;
    }
}

/// The polynomial of PNG and zip, bit by bit: pictures here are small.
fn crc32(data: &[u8]) -> u32 {
    let shift = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !data.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| shift(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_png() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926, "the check value of the catalogue of CRCs");
    }

    #[test]
    fn a_damaged_picture_gets_its_checksums_back_and_anything_else_stays() {
        let mut whole = [&PNG[..], &[0, 0, 0, 2], b"IHDRab", &crc32(b"IHDRab").to_be_bytes(), &[0, 0, 0, 9]].concat();
        let before = whole.clone();
        mend_png(&mut whole);
        assert_eq!(whole, before);
        whole[16] ^= 1;
        mend_png(&mut whole);
        assert_eq!(whole[18..22], crc32(&whole[12..18]).to_be_bytes());
        for other in [&b""[..], b"GIF89a", &PNG, &[&PNG[..], &[0xff; 9]].concat()] {
            let mut bytes = other.to_vec();
            mend_png(&mut bytes);
            assert_eq!(bytes, other);
        }
    }
}
