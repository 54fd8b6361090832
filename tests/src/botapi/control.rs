//! The control interface: what a test in another process does to the double, over HTTP and JSON.

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use serde_json::json;

use super::server::json_reply;
use super::shared::Shared;

pub(crate) async fn handle(
    _shared: &Shared,
    command: &str,
    _request: Request<Body>,
) -> Response<Body> {
    json_reply(StatusCode::NOT_FOUND, &json!({ "error": format!("no control command {command}") }))
}
