//! Files made to take memory, and damaged ones, are read or refused within 1 GiB: the test runs itself anew in a
//! process that may not have more.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod files;

use std::process::{Command, Output};

use files::FILES;
use howfar_import::{ForeignFile, read_file, recognise};

/// What the process may have, program, stacks and files included.
const KIBIBYTES: usize = 1 << 20;
/// Tells the process what to do.
const ORDER: &str = "HOWFAR_IMPORT_ORDER";

#[test]
fn no_file_takes_more_than_a_gibibyte() {
    match std::env::var(ORDER).as_deref() {
        Ok("bombs") => bombs().into_iter().for_each(|(name, bytes, word)| must_say(name, &bytes, word)),
        Ok("mutations") => mutations(),
        Ok("devices") => devices(),
        // Shows that the bound binds.
        Ok("too much") => drop(std::hint::black_box(vec![1u8; KIBIBYTES * 1024])),
        _ => {
            for order in ["bombs", "mutations", "devices"] {
                let done = bounded(order);
                assert!(done.status.success(), "{order}: {}", String::from_utf8_lossy(&done.stdout));
            }
            assert!(!bounded("too much").status.success());
        }
    }
}

/// This test in a process whose address space is bounded.
fn bounded(order: &str) -> Output {
    let this = std::env::current_exe().unwrap();
    let shell = format!("ulimit -v {KIBIBYTES} && exec \"$0\" --exact no_file_takes_more_than_a_gibibyte");
    Command::new("sh").arg("-c").arg(shell).arg(this).env(ORDER, order).output().unwrap()
}

/// A file is refused with a word in the reason, or, where the word is empty, read.
fn must_say(name: &str, bytes: &[u8], word: &str) {
    match ForeignFile::read(name, bytes) {
        Ok(file) => {
            assert!(word.is_empty(), "{name} was read");
            assert!(recognise(&file).tensors.values().all(|tensor| tensor.values().len() == tensor.n_values()));
        }
        Err(fault) => assert!(!word.is_empty() && fault.to_string().contains(word), "{name}: {fault}"),
    }
}

/// A pickle of protocol 4.
fn pickle(parts: &[&[u8]]) -> Vec<u8> {
    [&b"\x80\x04"[..], &parts.concat(), b"."].concat()
}

/// An opcode, a length in the file's order, nothing behind it.
fn declares(code: u8, length: &[u8]) -> Vec<u8> {
    pickle(&[&[code], length])
}

/// A text of a pickle.
fn text(text: &str) -> Vec<u8> {
    [&[0x8c, text.len() as u8], text.as_bytes()].concat()
}

/// A name of a pickle.
fn global(module: &str, name: &str) -> Vec<u8> {
    [text(module), text(name), vec![0x93]].concat()
}

/// `n` dictionaries, each of which holds the one before it twice: 2^n leaves.
fn doubling(n: usize) -> Vec<u8> {
    let level = |i: usize| {
        let (before, own) = ([b'h', i as u8], [b'q', i as u8 + 1]);
        let before = if i == 0 { &b"N"[..] } else { &before[..] };
        [b"}", &own[..], &text("a"), before, b"s", &text("b"), before, b"s", b"0"].concat()
    };
    pickle(&[&(0..n).flat_map(level).collect::<Vec<u8>>(), &[b'h', n as u8]])
}

/// A dictionary of `n` tensors that share a storage of eight numbers, which is a file within the pickle; to read it
/// takes `n_steps` opcodes more than it needs.
fn sharing(n: usize, shape: &[u8], strides: &[u8], n_steps: usize) -> Vec<u8> {
    let magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02";
    let magic = [&magic[..], &b"N0".repeat(n_steps / 2), b"}."].concat();
    let outside =
        [text("storage"), global("torch", "FloatStorage"), text("0"), text("cpu"), b"K\x08".to_vec()].concat();
    let keys = [b"\x80\x02]", &text("0")[..], b"a."].concat();
    let storage = [&magic[..], b"\x80\x02(", &outside, b"tQ.", &keys, &8u64.to_le_bytes(), &[0; 32]].concat();
    let load = [global("torch.storage", "_load_from_bytes"), vec![b'B']].concat();
    let storage = [&load, &(storage.len() as u32).to_le_bytes()[..], &storage, b"\x85Rq\x010"].concat();
    let rebuild = global("torch._utils", "_rebuild_tensor_v2");
    let tensor = |i: usize| {
        let name = text(&i.to_string());
        [&name, &rebuild, &b"(h\x01K\0"[..], shape, strides, b"\x89}tRs"].concat()
    };
    pickle(&[&storage, b"}", &(0..n).flat_map(tensor).collect::<Vec<u8>>()])
}

/// A dictionary that holds one and the same value `n` times.
fn holding(value: &[u8], n: u32) -> Vec<u8> {
    let pair = |i: u32| [&b"J"[..], &i.to_le_bytes(), b"h\x01"].concat();
    pickle(&[value, b"q\x010}(", &(0..n).flat_map(pair).collect::<Vec<u8>>(), b"u"])
}

/// `n` pairs without a text in them.
fn pairs(n: usize) -> Vec<u8> {
    [&b"}("[..], &b"NN".repeat(n), b"u"].concat()
}

/// A layer of PyTorch's whose state has `n` pairs.
fn layer(n: usize) -> Vec<u8> {
    [&global("torch.nn.modules.linear", "Linear"), &b")R"[..], &pairs(n), b"b"].concat()
}

/// A network with source text whose arguments have `n` pairs.
fn network(n: usize) -> Vec<u8> {
    let make = global("torch_utils.persistence", "_reconstruct_persistent_obj");
    let state = [&b"}"[..], &text("_init_kwargs"), &pairs(n), b"s"].concat();
    [&make, &b"}"[..], &text("state"), &state, b"s\x85R"].concat()
}

/// A safetensors file of `n` tensors without numbers, with these names.
fn empty_tensors(n: usize, name: impl Fn(usize) -> String) -> Vec<u8> {
    let tensor = |i: usize| format!(r#""{}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#, name(i));
    let head = format!("{{{}}}", (0..n).map(tensor).collect::<Vec<_>>().join(","));
    safetensors(&head, head.len() as u64)
}

/// A safetensors file with this header.
fn safetensors(header: &str, declared: u64) -> Vec<u8> {
    [&declared.to_le_bytes()[..], header.as_bytes()].concat()
}

/// A zip archive's end that declares so many entries from a place on.
fn zip_end(n_entries: u16, start: u32, before: &[u8]) -> Vec<u8> {
    let counts = [n_entries.to_le_bytes(), n_entries.to_le_bytes()].concat();
    let sizes = [u32::MAX.to_le_bytes(), start.to_le_bytes()].concat();
    [b"PK\x03\x04", before, b"PK\x05\x06\0\0\0\0", &counts, &sizes, b"\0\0"].concat()
}

/// Names, files, and what the refusal says (nothing: the file is read).
fn bombs() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let (huge8, huge4) = (u64::MAX.to_le_bytes(), u32::MAX.to_le_bytes());
    let many_lists = [b'('].into_iter().chain([b']'; 90_000]).chain([b't', b'0']).collect::<Vec<u8>>();
    let kept = |n: u32| (0..n).flat_map(|i| [&b"Nr"[..], &i.to_le_bytes(), b"0"].concat()).collect::<Vec<u8>>();
    let fetched = [&b"]q\x01("[..], &b"h\x01".repeat(90_000), b"e"].concat();
    let call = global("collections", "OrderedDict");
    let objects = [&call[..], b"q\x010", &b"h\x01)R0".repeat(1_000_000)].concat();
    let one = b"K\x01";
    let many_sizes =
        format!(r#"{{"a":{{"dtype":"F32","shape":[0{}],"data_offsets":[0,0]}}}}"#, ",1".repeat(20_000_000));
    let junk = format!(r#"{{"a":{{"junk":[0{}],"dtype":"F32"}}}}"#, ",[]".repeat(20_000_000));
    let texts = (0..1_000_000).map(|i| format!(r#""{i}":"""#)).collect::<Vec<_>>().join(",");
    let many_texts = format!(r#"{{"__metadata__":{{{texts}}}}}"#);
    let deep_layers = {
        let layer = [global("torch._utils", "_rebuild_parameter"), vec![b'(']].concat();
        [layer.repeat(900), b"N".to_vec(), b"tR".repeat(900)].concat()
    };
    let long_name = {
        let module = format!("torch.nn.modules.{}", "a".repeat(1 << 20));
        let module = [b"X", &(module.len() as u32).to_le_bytes()[..], module.as_bytes()].concat();
        [&module, &text("Linear")[..], b"\x93"].concat()
    };
    vec![
        ("text-8", declares(0x8d, &huge8), "too early"),
        ("text-4", declares(b'X', &huge4), "too early"),
        ("bytes-8", declares(0x8e, &huge8), "too early"),
        ("bytes-4", declares(b'B', &huge4), "too early"),
        ("frame", declares(0x95, &huge8), "frame longer"),
        ("bytearray", declares(0x96, &huge8), "BYTEARRAY8"),
        ("long-4", declares(0x8b, &huge4), "LONG4"),
        ("long-1", declares(0x8a, &[255]), "too early"),
        ("python-2-text", declares(b'T', &huge4), "too early"),
        ("put-far", pickle(&[b"Nr\xff\xff\xff\x7f"]), "memo"),
        ("put-many", pickle(&[&kept(1_000_000), b"}"]), "more than 1000000 values"),
        ("put-some", pickle(&[&kept(900_000), b"}"]), "no tensor"),
        ("dup", pickle(&[b"]", &b"2".repeat(100)]), "DUP"),
        ("marks", pickle(&[&b"(".repeat(100_000)]), "begun and not ended"),
        ("nested-tuples", pickle(&[b")", &b"\x85".repeat(900_000)]), "no tensor"),
        ("nested-tuples-more", pickle(&[b")", &b"\x85".repeat(4_000_000)]), "more than 1000000 values"),
        ("nested-tuples-3", pickle(&[b")q\x01", &b"h\x01h\x01\x87".repeat(900_000)]), "no tensor"),
        ("nested-lists", pickle(&[&b"]".repeat(99_999), &b"a".repeat(99_998)]), "no tensor"),
        ("lists", pickle(&[&many_lists.repeat(11), b"}"]), "no tensor"),
        ("fetched", pickle(&[&fetched.repeat(40), b"}"]), "no tensor"),
        ("steps", pickle(&[&b"N0".repeat(5_000_000)]), "more than"),
        ("objects", pickle(&[&objects, b"}"]), "more than 1000000 values"),
        ("itself", pickle(&[b"}q\x01", &text("a"), b"h\x01s"]), "nested deeper"),
        ("doubling", doubling(40), "when shared ones are counted each time"),
        ("doubling-deep", doubling(200), "nested deeper"),
        ("parameters", pickle(&[&deep_layers]), "nested deeper"),
        (
            "sharing",
            sharing(
                40_000,
                &[one, &one[..], &b"K\x08\x87"[..]].concat(),
                &[one, &one[..], &b"K\x01\x87"[..]].concat(),
                0,
            ),
            "",
        ),
        // Read anew for every tensor, the storage would take more opcodes than a file has.
        ("sharing-long", sharing(1_000, b"K\x08\x85", b"K\x01\x85", 10_000), ""),
        ("sharing-more", sharing(60_000, b"K\x08\x85", b"K\x01\x85", 0), "over 50000 tensors"),
        ("standing", sharing(1, b"J\xff\xff\xff\x7f\x85", b"K\0\x85", 0), "does not fit"),
        ("empty", sharing(9, &[b"J\xff\xff\xff\x7f", &b"K\0\x86"[..]].concat(), b"K\0K\0\x86", 0), ""),
        ("layers-pairs", holding(&layer(20_000), 300), "pairs of dictionaries"),
        ("dictionary-pairs", holding(&pairs(40_000), 300), "pairs of dictionaries"),
        ("arguments-pairs", holding(&network(40_000), 300), "pairs of dictionaries"),
        ("layers-few", holding(&layer(20), 9_000), "no tensor"),
        ("long-name", pickle(&[&long_name]), "refused: the file asks for torch.nn.modules.aaa"),
        ("zip-entries", zip_end(u16::MAX, 0, b""), "does not fit"),
        ("zip-start", zip_end(3, u32::MAX - 1, b""), "does not fit"),
        ("zip-directory", zip_end(1, 4, b"PK\x01\x02 and not enough"), "too early"),
        ("header", safetensors("{}", u64::MAX), "safetensors"),
        ("tensors-many", empty_tensors(300_000, |i| i.to_string()), "more than 50000 tensors"),
        ("tensors-long", empty_tensors(1, |_| "n".repeat(40_000_000)), "a name of 40000000 bytes"),
        ("tensors-twice", empty_tensors(2, |_| "weight".to_owned()), "two tensors are called \"weight\""),
        ("sizes-many", safetensors(&many_sizes, many_sizes.len() as u64), "more than 8 sizes"),
        ("texts-many", safetensors(&many_texts, many_texts.len() as u64), "more than 1000 texts"),
        ("fields", safetensors(&junk, junk.len() as u64), "unknown field"),
        (
            "header-shape",
            safetensors(r#"{"a":{"dtype":"F32","shape":[4294967295,4294967295],"data_offsets":[0,4]}}"#, 75),
            "safetensors",
        ),
    ]
}

/// What has no length is no file, and some of it never ends.
fn devices() {
    for path in ["/dev/zero", "/dev/null", "/dev"] {
        let fault = read_file(std::path::Path::new(path)).unwrap_err().to_string();
        assert!(fault.contains("no regular file"), "{fault}");
    }
}

/// Each file changed in up to five places, 10,000 in all.
fn mutations() {
    let mut state = 66u64;
    let mut dice = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    for (name, bytes) in FILES {
        for _ in 0..2000 {
            let mut bytes = bytes.to_vec();
            for _ in 0..=dice(5) {
                let (at, byte) = (dice(bytes.len()), dice(256) as u8);
                match dice(6) {
                    0 => drop(bytes.remove(at)),
                    1 => bytes.insert(at, byte),
                    2 => bytes.truncate(at.max(1)),
                    // A piece of the file twice: opcodes at another place.
                    3 => bytes.extend_from_within(at..),
                    _ => bytes[at] = byte,
                }
            }
            if let Ok(file) = ForeignFile::read(name, &bytes) {
                assert!(recognise(&file).tensors.values().all(|tensor| tensor.values().len() == tensor.n_values()));
            }
        }
    }
}
