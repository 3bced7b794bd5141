//! Studies, face sets and networks as pages in a browser (`docs/serve.md`).
//!
//! In: what is to be shown, and where to listen. Out: pages, until a stop is asked for. Nothing is written and nothing
//! is taken in: requests have no body, and what a page does with pictures and the camera it does in the browser. No
//! name of a file is ever made of a request.

mod albums;
mod assets;
mod changed;
mod connections;
mod content;
mod course;
mod faces;
mod follower;
mod guard;
mod listen;
mod page;
mod reply;
mod routes;
mod token;

pub use content::Content;
pub use listen::{Listen, Server};
