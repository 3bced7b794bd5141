//! Finds the face detector's model inside the package `rustface`, so that it is embedded without a copy in this
//! repository.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The model inside the package, and its size: another size is another model, whose boxes the crop is not made for.
const MODEL: (&str, u64) = ("model/seeta_fd_frontal_v1.0.bin", 1_209_904);

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=Cargo.toml");
    let model = package_folder("rustface", "=0.1.7")?.join(MODEL.0);
    let size = fs::metadata(&model).map_err(|e| format!("{}: {e}", model.display()))?.len();
    if size != MODEL.1 {
        return Err(format!("{}: {size} bytes, expected {}", model.display(), MODEL.1).into());
    }
    println!("cargo:rerun-if-changed={}", model.display());
    println!("cargo:rustc-env=HOWFAR_FACE_MODEL={}", model.display());
    Ok(())
}

/// The folder into which cargo unpacked a package. Cargo itself is asked, so vendored sources work too.
///
/// The question is put with a manifest of its own that has this one dependency: asked about the workspace's, cargo
/// would want the sources of development dependencies too, which a plain build never downloads.
fn package_folder(name: &str, version: &str) -> Result<PathBuf, Box<dyn Error>> {
    let question = Path::new(&env::var("OUT_DIR")?).join("where-is-the-model");
    fs::create_dir_all(question.join("src"))?;
    fs::write(question.join("src/lib.rs"), "")?;
    let manifest = question.join("Cargo.toml");
    fs::write(
        &manifest,
        format!(
            "[package]\nname = \"question\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[workspace]\n\
             [dependencies]\n{name} = {{ version = \"{version}\", default-features = false }}\n"
        ),
    )?;
    let answer = Command::new(env::var("CARGO")?)
        .args(["metadata", "--format-version=1", "--offline", "--filter-platform", &env::var("TARGET")?])
        .arg("--manifest-path")
        .arg(&manifest)
        // Where the build runs, cargo finds the same configuration (vendored sources, a mirror) as the build did.
        .current_dir(env::var("CARGO_MANIFEST_DIR")?)
        .output()?;
    if !answer.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&answer.stderr)).into());
    }
    let metadata: serde_json::Value = serde_json::from_slice(&answer.stdout)?;
    let package = metadata["packages"].as_array().into_iter().flatten().find(|package| package["name"] == name);
    let manifest =
        package.and_then(|p| p["manifest_path"].as_str()).ok_or("cargo metadata does not list the package")?;
    Ok(Path::new(manifest).parent().ok_or("a manifest lies in a folder")?.to_owned())
}
