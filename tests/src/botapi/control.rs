//! The control interface: what a test in another process, or a person with curl, does to the double.
//!
//! `POST /control/<command>` with a JSON object, or `GET` with a query; parameters as in the Bot API may be JSON or
//! form fields. A reply is `{"ok": true, …}`, or status 400 with `{"ok": false, "error": "…"}`.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::control_wait;
use super::group::Group;
use super::listener::Serving;
use super::params::Params;
use super::person::Person;
use super::request;
use super::server::{json_reply, reply};
use super::shared::Shared;
use super::updates::Order;
use super::view::View;

const HELP: &str = "\
state                                everything: chats, taps, calls
messages chat [format=text]          the messages of a chat as they stand
calls [method] [since]               what the bot called
violations                           what the real server would have refused
report                               all of it as text
user id [stranger] [username]        a person with the private chat open, or not
group chat members [title]           a group with these people and the bot
send user text [chat] [reply_to]     a person writes
send_file user name text [kind]      a person sends a file
tap user label|data [chat] [message] a person taps; without a message, on the newest that has the button
forge user chat message data         a tap no screen offers
delete user message [chat]           a person deletes a message
edit user message text [chat]        a person edits a message
block user [blocked]                 a person blocks the bot
promote chat [admin]                 the bot becomes an administrator
kick chat user [out]                 a person throws the bot out
migrate chat                         the group becomes a supergroup
fault method fault [value] [times] [chat] [description]
                                     status, retry_after, migrate, refuse, drop_before, drop_after, status_after,
                                     delay, malformed, slow, hold, hold_reply; value in seconds, milliseconds for
                                     delay and slow, a status code, or a chat
release | clear_faults               lets held calls go on | ends all faults
down seconds                         refuses connections for a while
hold_updates | release_updates [order] | redeliver [count]
advance seconds                      moves the double's clock on
revoke_token token                   gives the bot another token
expect method contains | allow method contains
wait …                               see control_wait: waits for a message, a tap's answer, a call or a poll
";

pub(crate) async fn handle(
    serving: &Serving,
    command: &str,
    request: Request<Body>,
) -> Response<Body> {
    let params = match request::read(request).await {
        Ok(params) => params,
        Err(refusal) => return fail(&refusal.to_string()),
    };
    let shared = &serving.shared;
    match command {
        "" | "help" => return text(HELP.to_owned()),
        "report" => return text(report(shared)),
        "messages" if params.text("format") == "text" => {
            let view = View::of(&shared.look());
            let chat = params.int("chat").unwrap_or_default();
            return text(
                view.messages(chat).iter().map(super::view::MessageView::render_text).collect(),
            );
        }
        "wait" => return control_wait::handle(shared, &params).await,
        _ => {}
    }
    match act(serving, command, &params) {
        Ok(mut result) => {
            result["ok"] = true.into();
            json_reply(StatusCode::OK, &result)
        }
        Err(why) => fail(&why),
    }
}

pub(super) fn fail(why: &str) -> Response<Body> {
    json_reply(StatusCode::BAD_REQUEST, &json!({ "ok": false, "error": why }))
}

fn text(text: String) -> Response<Body> {
    reply(StatusCode::OK, "text/plain; charset=utf-8", Body::from(text))
}

pub(super) fn report(shared: &Shared) -> String {
    let world = shared.look();
    let complaints = world.journal.complaints().join("\n  ");
    let chats = View::of(&world).render_text();
    format!("calls:\n{}\nchats:\n{chats}\ncomplaints:\n  {complaints}\n", world.journal.print())
}

type Acted = Result<Value, String>;

fn act(serving: &Serving, command: &str, params: &Params) -> Acted {
    let shared = &serving.shared;
    match command {
        "state" | "messages" | "calls" | "violations" => Ok(look(shared, command, params)),
        "user" | "send" | "send_file" | "tap" | "forge" | "delete" | "edit" | "block" => {
            person(shared, command, params)
        }
        "group" | "promote" | "kick" | "migrate" => group(shared, command, params),
        "down" => {
            serving.orders.close_for(seconds(params)?);
            Ok(json!({}))
        }
        _ => trouble(shared, command, params),
    }
}

fn number(params: &Params, name: &str) -> Result<i64, String> {
    params.int(name).ok_or_else(|| format!("{name:?} must be a number"))
}

fn seconds(params: &Params) -> Result<Duration, String> {
    let seconds = params.text("seconds").parse().ok();
    let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.ok_or_else(|| "\"seconds\" must be a number".into())
}

fn look(shared: &Shared, what: &str, params: &Params) -> Value {
    let view = View::of(&shared.look());
    let messages = |chat: i64| -> Vec<Value> {
        view.messages(chat).iter().map(super::view::MessageView::to_json).collect()
    };
    let calls = || -> Vec<Value> {
        let (method, since) = (params.text("method"), params.int("since").unwrap_or(0));
        let wanted = view.calls.iter().filter(|call| {
            (method.is_empty() || call.method.eq_ignore_ascii_case(&method))
                && i64::try_from(call.number).is_ok_and(|number| number >= since)
        });
        wanted.map(super::journal::Call::to_json).collect()
    };
    match what {
        "messages" => json!({ "messages": messages(params.int("chat").unwrap_or_default()) }),
        "calls" => json!({ "calls": calls() }),
        "violations" => {
            let world = shared.look();
            let all: Vec<String> =
                world.journal.violations().iter().map(ToString::to_string).collect();
            json!({ "violations": all, "complaints": world.journal.complaints() })
        }
        _ => {
            let chats: Vec<Value> = view
                .chats
                .iter()
                .map(|chat| json!({ "chat": chat.id, "messages": messages(chat.id) }))
                .collect();
            let taps: Vec<Value> = view.taps.iter().map(super::view::TapView::to_json).collect();
            json!({
                "chats": chats, "taps": taps, "calls": calls(),
                "polling": view.polling, "pending_updates": view.pending_updates,
            })
        }
    }
}

fn person(shared: &Shared, command: &str, params: &Params) -> Acted {
    let told = |error: super::person::PersonError| error.to_string();
    let id = number(params, if command == "user" { "id" } else { "user" })?;
    if id <= 0 {
        return Err(format!("the id of a person is positive, not {id}"));
    }
    // Whoever acts exists from then on; only `user` opens the private chat without a word.
    let person = Person::meet(shared, id, command == "user" && !params.flag("stranger"));
    let chat = params.int("chat").unwrap_or(id);
    let person = person.in_chat(chat);
    let message = || number(params, "message");
    let text = params.text("text");
    match command {
        "user" => {
            if params.has("username") {
                person.set_username(&params.text("username"));
            }
            Ok(json!({ "user": id }))
        }
        "send" => {
            let sent = person.try_send(&text, params.int("reply_to")).map_err(told)?;
            Ok(json!({ "message": sent }))
        }
        "send_file" => {
            let kind = if params.has("kind") { params.text("kind") } else { "document".into() };
            let name = params.text("name");
            let mime_type = "application/octet-stream";
            let sent =
                person.try_send_file(&kind, &name, mime_type, text.as_bytes(), "").map_err(told)?;
            Ok(json!({ "message": sent }))
        }
        "tap" => tap(shared, &person, params),
        "forge" => Ok(json!({ "tap": person.forge(chat, message()?, &params.text("data")).id })),
        "delete" => person.delete(message()?).map(|()| json!({})).map_err(told),
        "edit" => person.edit(message()?, &text).map(|()| json!({})).map_err(told),
        _ => {
            person.block(!params.has("blocked") || params.flag("blocked"));
            Ok(json!({}))
        }
    }
}

fn tap(shared: &Shared, person: &Person, params: &Params) -> Acted {
    let (label, data) = (params.text("label"), params.text("data"));
    let newest = || {
        let view = View::of(&shared.look());
        let has = |message: &super::view::MessageView| {
            message.labels().contains(&label.as_str()) || message.data().contains(&data.as_str())
        };
        let found = view.find(person.chat, has).map(|message| message.id);
        found.ok_or_else(|| format!("no message in chat {} has that button", person.chat))
    };
    let message = params.int("message").map_or_else(newest, Ok)?;
    let tapped =
        if data.is_empty() { person.tap(message, &label) } else { person.tap_data(message, &data) };
    let tap = tapped.map_err(|error| error.to_string())?;
    Ok(json!({ "tap": tap.id, "message": message }))
}

fn group(shared: &Shared, command: &str, params: &Params) -> Acted {
    let id = number(params, "chat")?;
    if id >= 0 {
        return Err(format!("the id of a group is negative, not {id}"));
    }
    let group = Group { shared: shared.clone(), id };
    match command {
        "group" => {
            let members = params.json("members", "members").map_err(|error| error.to_string())?;
            let members = members.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
            let people: Vec<Person> = members
                .iter()
                .filter_map(Value::as_i64)
                .map(|id| Person::meet(shared, id, false))
                .collect();
            let people: Vec<&Person> = people.iter().collect();
            Group::create(shared, id, &params.text("title"), &people);
        }
        "promote" => group.promote_bot(!params.has("admin") || params.flag("admin")),
        "kick" => {
            let by = Person::meet(shared, number(params, "user")?, false);
            group.kick_bot(&by, !params.has("out") || params.flag("out"));
        }
        _ => return Ok(json!({ "chat": group.migrate().id })),
    }
    Ok(json!({ "chat": id }))
}

fn trouble(shared: &Shared, command: &str, params: &Params) -> Acted {
    let (method, contains) = (params.text("method"), params.text("contains"));
    let time = if command == "advance" { seconds(params)? } else { Duration::ZERO };
    let fault = if command == "fault" { Some(control_wait::fault(params)?) } else { None };
    let order = match params.text("order").as_str() {
        "" | "as_sent" => Order::AsSent,
        "reversed" => Order::Reversed,
        "twice" => Order::Twice,
        other => return Err(format!("no order {other:?}: as_sent, reversed or twice")),
    };
    let count = |name: &str| params.int(name).and_then(|count| u32::try_from(count).ok());
    shared.change(|world| {
        match command {
            "fault" => {
                let times = count("times").unwrap_or(1);
                if let Some(fault) = fault {
                    world.faults.add(&method, params.int("chat"), times, fault);
                }
            }
            "release" => world.faults.released += 1,
            "clear_faults" => world.faults.clear(),
            "hold_updates" => world.updates.hold(),
            "release_updates" => world.updates.release(order),
            "redeliver" => world.updates.redeliver(count("count").unwrap_or(1) as usize),
            "advance" => world.clock.advance(time),
            "revoke_token" => world.bot.token = params.text("token"),
            "expect" | "allow" => world.journal.expect(&method, &contains, command == "expect"),
            _ => {
                return Err(format!(
                    "no control command {command:?}; GET /control/help lists them"
                ));
            }
        }
        Ok(json!({}))
    })
}
