//! Reads a request's parameters from its query string and from a JSON, form or multipart body.

use axum::body::Body;
use axum::extract::{FromRequest, Multipart};
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use serde_json::Value;

use super::params::{Params, Upload};
use super::refusal::Refusal;

/// What the real server takes in one upload.
const LARGEST_BODY: usize = 50 << 20;

pub(crate) async fn read(request: Request<Body>) -> Result<Params, Refusal> {
    let mut params = Params::default();
    if let Some(query) = request.uri().query() {
        read_form(query.as_bytes(), &mut params);
    }
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_ascii_lowercase();
    if kind.contains("multipart/form-data") {
        read_multipart(request, &mut params).await?;
        return Ok(params);
    }
    let body = axum::body::to_bytes(request.into_body(), LARGEST_BODY)
        .await
        .map_err(|_| Refusal::new(413, "Request Entity Too Large"))?;
    if body.is_empty() {
        return Ok(params);
    }
    if kind.contains("application/json") {
        read_json(&body, &mut params)?;
    } else if kind.contains("application/x-www-form-urlencoded") {
        read_form(&body, &mut params);
    } else {
        return Err(Refusal::bad(format!("a body of type {kind:?} holds no parameters")));
    }
    Ok(params)
}

fn read_json(body: &[u8], params: &mut Params) -> Result<(), Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => {
            fields.into_iter().for_each(|(name, value)| params.insert(name, value));
            Ok(())
        }
        Ok(_) => Err(Refusal::bad("JSON object expected")),
        Err(error) => Err(Refusal::bad(format!("can't parse the JSON body: {error}"))),
    }
}

fn read_form(body: &[u8], params: &mut Params) {
    for (name, value) in form_urlencoded::parse(body) {
        params.insert(name.into_owned(), Value::String(value.into_owned()));
    }
}

async fn read_multipart(request: Request<Body>, params: &mut Params) -> Result<(), Refusal> {
    let broken =
        |error: &dyn std::fmt::Display| Refusal::bad(format!("can't parse form data: {error}"));
    let mut request = request;
    axum::extract::DefaultBodyLimit::max(LARGEST_BODY).apply(&mut request);
    let mut form = Multipart::from_request(request, &()).await.map_err(|e| broken(&e))?;
    while let Some(field) = form.next_field().await.map_err(|e| broken(&e))? {
        let name = field
            .name()
            .map(str::to_owned)
            .ok_or_else(|| Refusal::bad("field name in multipart/form-data not found"))?;
        let file_name = field.file_name().map(str::to_owned);
        let mime_type = field.content_type().map(str::to_owned);
        let too_big = |_| Refusal::new(413, "Request Entity Too Large");
        let bytes = field.bytes().await.map_err(too_big)?.to_vec();
        if file_name.is_some() {
            params.insert_file(name, Upload { file_name, mime_type, bytes });
        } else {
            let text = String::from_utf8(bytes)
                .map_err(|_| Refusal::bad("strings must be encoded in UTF-8"))?;
            params.insert(name, Value::String(text));
        }
    }
    Ok(())
}
