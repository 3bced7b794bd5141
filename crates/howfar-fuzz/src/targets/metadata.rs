//! What a picture's file says of itself beside its pixels: prompts in PNG and EXIF, in texts and JSON beside it. They
//! are read by the adapter `folder` where labels are the expressions that prompts name.

use std::path::Path;

use howfar_prepare::{LabelsFrom, SourceSettings};
use image::ImageFormat;

use crate::checksums::mend_png;
use crate::target::{Seeds, Target, put};
use crate::targets::lists::understands;
use crate::targets::pictures::{colours, encoded};

/// A picture whose own file says what it shows.
pub(crate) const PROMPT: Target = Target::bytes("prompt", pictures, in_picture).mended(mend_png);
/// A graph, settings or a prompt beside a picture.
pub(crate) const PROMPT_JSON: Target = Target::text("prompt-json", texts, beside_picture);

const PROMPTED: &str = "portrait of a smiling man, (happy:1.3), 50mm\nNegative prompt: blurry, sad\nSteps: 20, Seed: 7";

fn in_picture(place: &Path, bytes: &[u8]) -> bool {
    put(place, "pictures/a.png", bytes);
    understands_prompts(place)
}

fn beside_picture(place: &Path, bytes: &[u8]) -> bool {
    put(place, "pictures/b.json", bytes);
    understands_prompts(place)
}

fn understands_prompts(place: &Path) -> bool {
    let settings = SourceSettings { labels_from: LabelsFrom::Prompt, ..SourceSettings::default() };
    understands("folder", &place.join("pictures"), settings)
}

fn pictures(place: &Path) -> Seeds {
    put(place, "pictures/b.txt", b"a sad face");
    put(place, "pictures/b.png", &encoded(&colours(), ImageFormat::Png)?);
    let comment = [&b"UNICODE\0"[..], &"an angry face".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>()];
    Ok(vec![
        with_texts(&[("parameters", PROMPTED)], false)?,
        with_texts(&[("prompt", GRAPH), ("workflow", "{}")], true)?,
        with_texts(&[("invokeai_metadata", r#"{"positive_prompt": "an astonished face"}"#)], false)?,
        with_exif(&[(0x010e, 2, b"a furious man\0"), (0x9286, 7, &comment.concat())]),
        include_bytes!("../../data/progressive.jpg").to_vec(),
    ])
}

fn texts(place: &Path) -> Seeds {
    put(place, "pictures/a.png", &with_texts(&[("parameters", PROMPTED)], false)?);
    put(place, "pictures/b.png", &encoded(&colours(), ImageFormat::Png)?);
    let plain = "a scared child\nNegative prompt: blurry\nSteps: 20";
    let nested = r#"{"image": {"prompt": "a disgusted face", "negative_prompt": "smile"}, "seed": 1}"#;
    Ok([GRAPH, plain, nested].map(|text| text.as_bytes().to_vec()).to_vec())
}

/// A graph of ComfyUI.
const GRAPH: &str = r#"{
  "3": {"class_type": "KSampler", "inputs": {"seed": 1, "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0]}},
  "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "happy.safetensors"}},
  "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a terrified face", "clip": ["4", 1]}},
  "7": {"class_type": "CLIPTextEncode", "inputs": {"text": ["8", 0], "clip": ["4", 1]}},
  "8": {"class_type": "String", "inputs": {"string": "smile, text", "again": ["7", 0]}}
}"#;

/// A PNG with texts under their keywords: plain or packed, and once more as Unicode.
fn with_texts(texts: &[(&str, &str)], packed: bool) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 8, 8);
    for (keyword, text) in texts {
        let (keyword, text) = ((*keyword).to_owned(), (*text).to_owned());
        if packed {
            encoder.add_ztxt_chunk(keyword, text)?;
        } else {
            encoder.add_itxt_chunk(keyword.clone(), text.clone())?;
            encoder.add_text_chunk(keyword, text)?;
        }
    }
    encoder.write_header()?.write_image_data(&[7; 64])?;
    Ok(bytes)
}

/// A JPEG that holds nothing but EXIF: fields of a tag, a type and its bytes, in the order of tags.
fn with_exif(fields: &[(u16, u16, &[u8])]) -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08".to_vec();
    tiff.extend((fields.len() as u16).to_be_bytes());
    let mut at = tiff.len() + 12 * fields.len() + 4;
    for (tag, kind, value) in fields {
        tiff.extend([tag.to_be_bytes(), kind.to_be_bytes()].concat());
        tiff.extend([(value.len() as u32).to_be_bytes(), (at as u32).to_be_bytes()].concat());
        at += value.len();
    }
    tiff.extend([0; 4]);
    fields.iter().for_each(|(_, _, value)| tiff.extend_from_slice(value));
    let head = [&b"\xff\xd8\xff\xe1"[..], &(tiff.len() as u16 + 8).to_be_bytes(), b"Exif\0\0"].concat();
    [&head[..], &tiff, b"\xff\xd9"].concat()
}
