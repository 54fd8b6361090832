//! The plainest client there is: one POST, one JSON reply.

use pager_tests::botapi::BotApi;
use serde_json::{Value, json};

/// A double with one person, 111, and a client for its bot.
pub(crate) struct Client {
    pub(crate) double: BotApi,
    http: reqwest::Client,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self::of(BotApi::start())
    }

    pub(crate) fn of(double: BotApi) -> Self {
        let _alice = double.user(111);
        Self { double, http: reqwest::Client::builder().no_proxy().build().expect("a client") }
    }

    pub(crate) fn url(&self, method: &str) -> String {
        format!("{}/bot{}/{method}", self.double.url(), self.double.token())
    }

    pub(crate) fn post(&self, method: &str, params: &Value) -> reqwest::RequestBuilder {
        self.http.post(self.url(method)).json(params)
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Calls a method; gives status and body.
    pub(crate) async fn call(&self, method: &str, params: Value) -> (u16, Value) {
        let reply = self.post(method, &params).send().await.expect("a reply");
        let status = reply.status().as_u16();
        (status, reply.json().await.expect("a JSON body"))
    }

    /// Calls a method that must succeed; gives its result.
    pub(crate) async fn ok(&self, method: &str, params: Value) -> Value {
        let (status, body) = self.call(method, params).await;
        assert_eq!((status, &body["ok"]), (200, &json!(true)), "{method}: {body}");
        body["result"].clone()
    }

    /// Calls a method that must be refused; gives the description. The double is told to expect it.
    pub(crate) async fn refused(&self, method: &str, params: Value) -> String {
        self.double.allow(method, "");
        let (status, body) = self.call(method, params.clone()).await;
        assert_eq!(body["ok"], json!(false), "{method} took {params}");
        assert_eq!(body["error_code"], status, "{body}");
        body["description"].as_str().expect("a description").to_owned()
    }

    /// Sends a text to 111; gives the message's number.
    pub(crate) async fn send(&self, text: &str) -> i64 {
        let sent = self.ok("sendMessage", json!({ "chat_id": 111, "text": text })).await;
        sent["message_id"].as_i64().expect("a number")
    }
}
