//! Damaged Parquet files: whatever is in them, an answer comes, and the program lives. `HOWFAR_FUZZ=100000` tries more.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod tables;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use howfar_prepare::{Detect, FolderClasses, PrepareRequest, Source, SourceSettings, prepare};
use parquet::file::properties::WriterVersion;
use tables::{PICTURE_NUMBER_TEXT, Writing, class_names, compressions, rows, write_table};

/// Numbers that follow from a seed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}

/// A few bytes changed, a piece cut out, doubled or overwritten, mostly where the file describes itself.
fn mutate(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    for _ in 0..=numbers.next(4) {
        let foot = bytes.len().min(2000);
        let at = if numbers.next(3) > 0 { bytes.len() - 1 - numbers.next(foot) } else { numbers.next(bytes.len()) };
        let n = (1 + numbers.next(16)).min(bytes.len() - at);
        match numbers.next(6) {
            0 => bytes[at] ^= 1 << numbers.next(8),
            1 => bytes[at] = [0, 0x7f, 0x80, 0xff][numbers.next(4)],
            2 => bytes[at..at + n].fill(0xff),
            3 => drop(bytes.drain(at..at + n)),
            4 => {
                let piece = bytes[at..at + n].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => bytes[at] = numbers.next(256) as u8,
        }
        if bytes.len() < 16 {
            bytes.resize(16, 0);
        }
    }
}

/// A page of texts whose lengths are kept as differences says itself how many they are: four bytes are kept for each.
#[test]
fn a_page_of_differences_that_claims_more_values_than_its_head_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let writing = Writing {
        compression: parquet::basic::Compression::UNCOMPRESSED,
        version: WriterVersion::PARQUET_2_0,
        dictionary: false,
        note: Some(class_names(&["angry", "sad"])),
    };
    write_table(&path, PICTURE_NUMBER_TEXT, &[rows(0, 3)], &writing);
    let whole = std::fs::read(&path).unwrap();
    // Blocks of 128 in four parts, and three values.
    let heads: Vec<usize> = (0..whole.len() - 4).filter(|at| whole[*at..].starts_with(&[128, 1, 4, 3])).collect();
    assert!(heads.len() > 3, "{heads:?}");
    let mut said = Vec::new();
    for head in heads {
        let mut bytes = whole.clone();
        bytes[head + 3] = 127;
        std::fs::write(&path, &bytes).unwrap();
        let _ = std::fs::remove_dir_all(folder.path().join("faces"));
        let source = Source { adapter: "hf".to_owned(), path: path.clone() };
        let request = PrepareRequest {
            detect: Detect::None,
            size: 16,
            settings: SourceSettings { classes: FolderClasses::Any, ..SourceSettings::default() },
            ..PrepareRequest::new(vec![source], folder.path().join("faces"))
        };
        said.extend(prepare(&request, &mut |_| ControlFlow::Continue(())).err().map(|fault| fault.to_string()));
    }
    // Those of the texts that are read: labels, persons, pictures.
    let n_claims = said.iter().filter(|said| said.contains("claims more values than its head")).count();
    assert!(n_claims >= 3, "{said:?}");
}

#[test]
fn damaged_tables_are_refused_or_read_and_nothing_worse() {
    let n_tries = std::env::var("HOWFAR_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(300_usize);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let mut whole = Vec::new();
    for (i, compression) in compressions().into_iter().enumerate() {
        let version = if i % 2 == 0 { WriterVersion::PARQUET_1_0 } else { WriterVersion::PARQUET_2_0 };
        let writing =
            Writing { compression, version, dictionary: i % 3 > 0, note: Some(class_names(&["angry", "sad"])) };
        write_table(&path, PICTURE_NUMBER_TEXT, &[rows(0, 3), rows(3, 2)], &writing);
        whole.push(std::fs::read(&path).unwrap());
    }
    let (mut n_read, mut slowest) = (0, (Duration::ZERO, 0));
    for seed in 0..n_tries {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15 ^ (seed as u64 + 1).wrapping_mul(0x2545_f491_4f6c_dd1d));
        let mut bytes = whole[seed % whole.len()].clone();
        mutate(&mut bytes, &mut numbers);
        std::fs::write(&path, &bytes).unwrap();
        let out = folder.path().join("faces");
        let _ = std::fs::remove_dir_all(&out);
        let source = Source { adapter: "hf".to_owned(), path: path.clone() };
        let request = PrepareRequest {
            detect: Detect::None,
            size: 16,
            max_losses: 1.0,
            settings: SourceSettings { classes: FolderClasses::Any, ..SourceSettings::default() },
            ..PrepareRequest::new(vec![source], out)
        };
        let began = Instant::now();
        let caught = std::panic::catch_unwind(|| prepare(&request, &mut |_| ControlFlow::Continue(())).is_ok());
        let is_read = caught.unwrap_or_else(|_| panic!("seed {seed} panics"));
        n_read += usize::from(is_read);
        slowest = slowest.max((began.elapsed(), seed));
    }
    println!("{n_tries} damaged tables, {n_read} read; the slowest was seed {} with {:?}", slowest.1, slowest.0);
    assert!(n_read > 0, "not one of {n_tries} was read at all: the damage is too great to test anything");
}
