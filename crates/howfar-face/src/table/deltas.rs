//! Pages whose values are differences, looked at before the library decodes them.
//!
//! In: unpacked pages. Out: the same pages, or an error where one says of itself that it has more values than its head
//! does. The library allocates four bytes for each of them: a damaged page may claim terabytes. Its values are not
//! looked at.

use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescriptor;

/// The pages of a column, each checked when it is read.
pub struct CheckedPages {
    pages: Box<dyn PageReader>,
    /// Kinds of levels that stand before the values of a page of the first version.
    n_levels: usize,
}

impl CheckedPages {
    /// The pages of a column that is described so.
    pub fn new(pages: Box<dyn PageReader>, descriptor: &ColumnDescriptor) -> Self {
        let levels = [descriptor.max_rep_level(), descriptor.max_def_level()];
        CheckedPages { pages, n_levels: levels.into_iter().filter(|most| *most > 0).count() }
    }
}

impl Iterator for CheckedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        if let Some(page) = &page {
            check(page, self.n_levels).map_err(|what| ParquetError::General(what.to_owned()))?;
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn supports_deferred_dictionary(&self) -> bool {
        self.pages.supports_deferred_dictionary()
    }

    fn take_deferred_dictionary(&mut self) -> Result<Option<Page>> {
        self.pages.take_deferred_dictionary()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

/// What is wrong with a page of differences.
const ENDS: &str = "a page ends within its differences";
const MORE: &str = "a page claims more values than its head does";

fn check(page: &Page, n_levels: usize) -> std::result::Result<(), &'static str> {
    let (n_values, encoding) = (u64::from(page.num_values()), page.encoding());
    let n_lists = match encoding {
        Encoding::DELTA_BINARY_PACKED | Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
        // What values share with the one before, then how long the rest of each is.
        Encoding::DELTA_BYTE_ARRAY => 2,
        _ => return Ok(()),
    };
    let mut rest = values(page, n_levels).ok_or("a page ends within its levels")?;
    for _ in 0..n_lists {
        if pass(&mut rest).ok_or(ENDS)? > n_values {
            return Err(MORE);
        }
    }
    Ok(())
}

/// The bytes behind a page's levels.
fn values(page: &Page, n_levels: usize) -> Option<&[u8]> {
    match page {
        Page::DataPage { buf, .. } => {
            let mut rest = buf.as_ref();
            for _ in 0..n_levels {
                let (length, behind) = rest.split_first_chunk::<4>()?;
                rest = behind.get(usize::try_from(u32::from_le_bytes(*length)).ok()?..)?;
            }
            Some(rest)
        }
        Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
            buf.get(def_levels_byte_len.checked_add(*rep_levels_byte_len)? as usize..)
        }
        Page::DictionaryPage { buf, .. } => Some(buf),
    }
}

/// Passes over a list of differences; how many numbers it claims. None where it ends early or cannot be one.
fn pass(from: &mut &[u8]) -> Option<u64> {
    let (block, n_parts, claimed) = (number(from)?, number(from)?, number(from)?);
    // The first value.
    number(from)?;
    let a_part = block.checked_div(n_parts).filter(|a_part| *a_part > 0)?;
    let mut left = claimed.saturating_sub(1);
    while left > 0 {
        // The least difference of the block, then how many bits those of each part have.
        number(from)?;
        let (widths, parts) = from.split_at_checked(usize::try_from(n_parts).ok()?)?;
        let mut n_bytes = 0_u64;
        for width in widths {
            if left > 0 {
                n_bytes = n_bytes.checked_add(a_part.checked_mul(u64::from(*width))? / 8)?;
            }
            left = left.saturating_sub(a_part);
        }
        // The last part may be cut where nothing follows.
        *from = parts.get(usize::try_from(n_bytes).ok()?..).unwrap_or_default();
        if from.is_empty() && left > 0 {
            return None;
        }
    }
    Some(claimed)
}

/// A number of seven bits a byte, the lowest first; of ten bytes at most.
fn number(from: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for (i, byte) in from.iter().take(10).enumerate() {
        value |= u64::from(byte & 127) << (7 * i);
        if *byte < 128 {
            *from = &from[i + 1..];
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of 128 differences in four parts: three values, so one part of one bit each, then what follows.
    const THREE: [u8; 14] = [128, 1, 4, 3, 0, 2, 1, 0, 0, 0, 0xff, 0, 0, 0];

    #[test]
    fn differences_are_passed_over_to_what_follows_them() {
        let list = [&THREE[..], b"behind"].concat();
        let mut rest = list.as_slice();
        assert_eq!((pass(&mut rest), rest), (Some(3), &b"behind"[..]));
        // One value has no block behind it, and none has nothing but a head.
        for (list, n) in [([128, 1, 4, 1, 8], 1), ([128, 1, 4, 0, 0], 0)] {
            assert_eq!(pass(&mut list.as_slice()), Some(n));
        }
        for n in 0..10 {
            assert_eq!(pass(&mut &THREE[..n]), None, "{n} bytes of it");
        }
    }

    #[test]
    fn what_cannot_be_a_list_of_differences_ends_at_once() {
        for list in [
            // No parts, none with a value in it, more of them than there are bytes, parts of 2^60 values.
            &[128, 1, 0, 3, 0][..],
            &[0, 4, 3, 0, 2, 1, 0, 0, 0],
            &[128, 1, 255, 255, 127, 3, 0, 2, 1, 0],
            &[128, 128, 128, 128, 128, 128, 128, 128, 16, 1, 255, 255, 127, 0, 2, 64, 0],
            &[128, 1, 4, 255, 255, 255, 255, 15, 0, 2, 0, 0, 0, 0],
            &[0xff; 40],
        ] {
            assert_eq!(pass(&mut &*list), None, "{list:?}");
        }
    }
}
