//! A face set described in Croissant 1.0 (JSON-LD, mlcommons.org): files with their checksums, and the fields of a
//! face.
//!
//! In: a set's info. Out: JSON that `mlcroissant validate` takes.

use howfar_face::FaceSetInfo;
use serde_json::{Value, json};

/// The description.
pub(super) fn description(info: &FaceSetInfo) -> Value {
    let files = info.shards.iter().enumerate().map(|(i, shard)| {
        json!({
            "@type": "cr:FileObject", "@id": file_id(i), "name": file_id(i), "contentUrl": shard.file,
            "encodingFormat": "application/x-parquet", "sha256": shard.sha256,
        })
    });
    let terms: Vec<String> = info.licences.iter().map(|of| format!("{}: {}", of.database, of.terms)).collect();
    // Every file has the same fields, and Croissant names one source a field.
    let sets = (0..info.shards.len()).map(|i| {
        let fields = FIELDS.iter().map(|(name, kind, words)| {
            let mut extract = json!({"fileObject": {"@id": file_id(i)}, "extract": {"column": name}});
            if *name == "image" {
                extract["transform"] = json!({"jsonPath": "bytes"});
            }
            let id = format!("{}/{name}", set_id(i));
            json!({
                "@type": "cr:Field", "@id": id, "name": id, "description": words, "dataType": kind, "source": extract,
            })
        });
        json!({"@type": "cr:RecordSet", "@id": set_id(i), "name": set_id(i), "field": fields.collect::<Vec<_>>()})
    });
    json!({
        "@context": context(),
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": info.name.replace(|c: char| !c.is_alphanumeric() && c != '-', "-"),
        "description": format!("{} faces, prepared by howfar. {}", info.n_faces, info.caveats.join(" ")),
        "license": terms.join("; "),
        "version": "1.0.0",
        "identifier": info.content_sha256,
        "keywords": info.classes,
        "distribution": files.collect::<Vec<_>>(),
        "recordSet": sets.collect::<Vec<_>>(),
    })
}

const FIELDS: [(&str, &str, &str); 6] = [
    ("image", "sc:ImageObject", "the prepared face"),
    ("label", "sc:Integer", "the expression: its place among the keywords"),
    ("subject", "sc:Text", "database:person"),
    ("database", "sc:Text", "where it comes from"),
    ("provenance", "sc:Text", "real, drawn or generated"),
    ("source", "sc:Text", "the file or the seed it was made from"),
];

fn file_id(shard: usize) -> String {
    format!("faces-{shard:05}.parquet")
}

fn set_id(shard: usize) -> String {
    if shard == 0 { "default".to_owned() } else { format!("default-{shard:05}") }
}

/// The vocabulary's standard context, which programs expect word for word.
fn context() -> Value {
    let mut context = serde_json::Map::new();
    for term in [
        "citeAs",
        "column",
        "equivalentProperty",
        "extract",
        "field",
        "fileProperty",
        "fileObject",
        "fileSet",
        "format",
        "includes",
        "isLiveDataset",
        "jsonPath",
        "key",
        "md5",
        "parentField",
        "path",
        "recordSet",
        "references",
        "regex",
        "repeated",
        "replace",
        "samplingRate",
        "separator",
        "source",
        "subField",
        "transform",
    ] {
        context.insert(term.to_owned(), format!("cr:{term}").into());
    }
    for (term, meaning) in [
        ("@language", json!("en")),
        ("@vocab", json!("https://schema.org/")),
        ("sc", json!("https://schema.org/")),
        ("cr", json!("http://mlcommons.org/croissant/")),
        ("rai", json!("http://mlcommons.org/croissant/RAI/")),
        ("dct", json!("http://purl.org/dc/terms/")),
        ("conformsTo", json!("dct:conformsTo")),
        ("data", json!({"@id": "cr:data", "@type": "@json"})),
        ("dataType", json!({"@id": "cr:dataType", "@type": "@vocab"})),
        ("examples", json!({"@id": "cr:examples", "@type": "@json"})),
    ] {
        context.insert(term.to_owned(), meaning);
    }
    Value::Object(context)
}
