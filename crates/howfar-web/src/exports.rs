//! The functions that JavaScript calls: numbers in and out, bytes in two buffers.
//!
//! In: bytes that JavaScript has written where [`howfar_reserve`] said. Out: 1 for success or 0, and a text in JSON
//! ([`howfar_answer`]) that is the answer or says what went wrong. Nothing here follows a pointer: JavaScript writes
//! into the input buffer and reads the answer, both of which stay where they are until the next call. A panic leaves
//! its message as the answer and ends the module, which must then be loaded anew.
//!
//! The only file of the crate with the word `unsafe`: an exported name is an `unsafe` attribute, because two functions
//! of one name would be mixed up. All begin with `howfar_`.
#![expect(unsafe_code, reason = "names of exports; no block and no function of this file is unsafe")]

use std::cell::RefCell;
use std::path::Path;

use howfar_face::Fault;
use serde_json::{Value, json};

use crate::{FaceReader, SeenFace};

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static ANSWER: RefCell<String> = const { RefCell::new(String::new()) };
    static READER: RefCell<Option<FaceReader>> = const { RefCell::new(None) };
}

/// Room for `n` bytes of input; null if there is no memory for them.
#[unsafe(no_mangle)]
pub extern "C" fn howfar_reserve(n: usize) -> *mut u8 {
    std::panic::set_hook(Box::new(|panic| answer(json!({ "place": "howfar.wasm", "what": panic.to_string() }))));
    INPUT.with_borrow_mut(|input| {
        input.clear();
        if input.try_reserve_exact(n).is_err() {
            return std::ptr::null_mut();
        }
        input.resize(n, 0);
        input.as_mut_ptr()
    })
}

/// Takes the input as a weight file. The answer is the list of its classes.
#[unsafe(no_mangle)]
pub extern "C" fn howfar_load() -> u32 {
    keep(FaceReader::load(&INPUT.take(), Path::new("the model")))
}

/// Takes the network that howfar carries. The answer is the list of its classes.
#[unsafe(no_mangle)]
pub extern "C" fn howfar_load_embedded() -> u32 {
    keep(FaceReader::embedded())
}

/// Reads the input, `width` × `height` pixels of RGBA, as `predict` does. The answer is the list of its faces.
#[unsafe(no_mangle)]
pub extern "C" fn howfar_read(width: u32, height: u32) -> u32 {
    read(|reader, rgba| reader.read(rgba, width, height))
}

/// Reads the input as the next picture of a camera.
#[unsafe(no_mangle)]
pub extern "C" fn howfar_follow(width: u32, height: u32) -> u32 {
    read(|reader, rgba| reader.follow(rgba, width, height))
}

/// Forgets where faces were, before the pictures of another camera.
#[unsafe(no_mangle)]
pub extern "C" fn howfar_forget() {
    READER.with_borrow_mut(|reader| reader.iter_mut().for_each(FaceReader::forget));
}

/// Where the answer of the last call lies: JSON in UTF-8. A fault is an object with place, what, found, expected and
/// hint.
#[unsafe(no_mangle)]
pub extern "C" fn howfar_answer() -> *const u8 {
    ANSWER.with_borrow(|answer| answer.as_ptr())
}

/// Bytes of the answer.
#[unsafe(no_mangle)]
pub extern "C" fn howfar_answer_length() -> usize {
    ANSWER.with_borrow(String::len)
}

fn keep(reader: Result<FaceReader, Fault>) -> u32 {
    READER.with_borrow_mut(|kept| {
        let classes = reader.map(|reader| json!(kept.insert(reader).classes()));
        finish(classes)
    })
}

fn read(look: impl FnOnce(&mut FaceReader, &[u8]) -> Result<Vec<SeenFace>, Fault>) -> u32 {
    let faces = READER.with_borrow_mut(|reader| {
        let no_model = || Fault::usage("howfar.wasm", "no model is loaded").hint("call howfar_load first");
        let reader = reader.as_mut().ok_or_else(no_model)?;
        INPUT.with_borrow(|input| look(reader, input))
    });
    finish(faces.map(|faces| json!(faces)))
}

fn finish(result: Result<Value, Fault>) -> u32 {
    let is_ok = result.is_ok();
    answer(result.unwrap_or_else(|fault| fault.to_json()));
    u32::from(is_ok)
}

fn answer(value: Value) {
    ANSWER.set(value.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered() -> Value {
        ANSWER.with_borrow(|answer| serde_json::from_str(answer).unwrap())
    }

    fn give(bytes: &[u8]) {
        assert!(!howfar_reserve(bytes.len()).is_null());
        INPUT.set(bytes.to_vec());
    }

    #[test]
    fn bad_input_is_answered_with_what_is_wrong_and_the_reader_goes_on() {
        give(&[0; 16]);
        assert_eq!((howfar_read(2, 2), answered()["what"].as_str()), (0, Some("no model is loaded")));
        give(b"no weights");
        assert_eq!((howfar_load(), answered()["place"].as_str().unwrap().contains("the model")), (0, true));
        assert_eq!((howfar_load_embedded(), answered()[0].as_str()), (1, Some("anger")));
        for (n_bytes, width, height) in [(0, 0, 0), (16, 3, 2), (16, u32::MAX, u32::MAX), (0, 65_536, 65_536)] {
            give(&vec![0; n_bytes]);
            assert_eq!((howfar_read(width, height), howfar_follow(width, height)), (0, 0));
            assert_eq!(answered()["place"], "the picture");
        }
        give(&vec![90; 64 * 48 * 4]);
        assert_eq!((howfar_read(64, 48), answered()), (1, json!([])));
        assert!(howfar_reserve(usize::MAX).is_null());
        assert_eq!(howfar_answer_length(), 2);
    }
}
