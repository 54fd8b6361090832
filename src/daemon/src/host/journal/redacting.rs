//! Takes secrets out of the fields of events before a layer behind it sees them.

use std::fmt::Debug;

use tracing::field::{Field, Value, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::redaction;

/// A layer that logs without secrets what it is given. It knows events alone: whoever uses it keeps
/// spans away from it.
#[derive(Debug)]
pub(super) struct Redacting<L>(pub(super) L);

impl<S: Subscriber, L: Layer<S>> Layer<S> for Redacting<L> {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let fields = event.metadata().fields();
        let mut texts = Texts { clean: vec![None; fields.len()], hidden: false };
        event.record(&mut texts);
        if !texts.hidden {
            return self.0.on_event(event, context);
        }
        // What tracing's own macros make of a call, in their own order: there is no other way to an
        // event with this one's metadata.
        let values: Vec<_> =
            texts.clean.iter().map(|text| text.as_ref().map(|text| text as &dyn Value)).collect();
        let values = fields.value_set_all(&values);
        self.0.on_event(&Event::new(event.metadata(), &values), context);
    }
}

/// The texts of an event's fields, each in its field's place, without secrets.
struct Texts {
    clean: Vec<Option<String>>,
    hidden: bool,
}

impl Texts {
    fn take(&mut self, field: &Field, text: &str) {
        let clean = redaction::clean(text).into_owned();
        self.hidden |= clean != text;
        if let Some(place) = self.clean.get_mut(field.index()) {
            *place = Some(clean);
        }
    }
}

impl Visit for Texts {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, value);
    }

    // Everything else comes here as well.
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.take(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::sync::{Arc, Mutex};

    use pager_config::Secret;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    const TOKEN: &str = "987654321:journal-layer-test-secret-of-nobody";

    /// A layer that keeps what it is given.
    #[derive(Debug, Clone, Default)]
    struct Kept(Arc<Mutex<Vec<BTreeMap<&'static str, String>>>>);

    impl<S: Subscriber> Layer<S> for Kept {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            struct Fields(BTreeMap<&'static str, String>);
            impl Visit for Fields {
                fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                    self.0.insert(field.name(), format!("{value:?}"));
                }
                fn record_str(&mut self, field: &Field, value: &str) {
                    self.0.insert(field.name(), value.to_owned());
                }
            }
            let mut fields = Fields(BTreeMap::new());
            event.record(&mut fields);
            fields.0.insert("line", event.metadata().line().unwrap_or_default().to_string());
            self.0.lock().unwrap().push(fields.0);
        }
    }

    #[test]
    fn every_field_stays_and_none_has_a_secret() {
        redaction::learn(&Secret::new(TOKEN));
        let kept = Kept::default();
        let registry = tracing_subscriber::registry().with(Redacting(kept.clone()));
        let part = TOKEN.split_once(':').unwrap().1;
        let path = Path::new(TOKEN);
        let nothing: Option<&str> = None;
        tracing::subscriber::with_default(registry, || {
            let error = format!("error at /bot{TOKEN}/getMe");
            tracing::error!(
                pager_tool = TOKEN, nothing, other = %part, count = 7, ?path, "first: {error}\nsecond"
            );
            tracing::info!(count = 7, "nothing to hide");
        });
        let expected = [
            ("message", "first: error at /bot[redacted]/getMe\nsecond"),
            ("pager_tool", "[redacted]"),
            ("other", "[redacted]"),
            ("count", "7"),
            ("path", "\"[redacted]\""),
        ];
        let kept = kept.0.lock().unwrap();
        for (name, text) in expected {
            assert_eq!(kept[0].get(name).map(String::as_str), Some(text), "{name}");
        }
        assert_eq!(kept[0].len(), expected.len() + 1, "{:?}", kept[0]);
        assert_ne!(kept[0]["line"], "0");
        assert_eq!(kept[1]["message"], "nothing to hide");
    }
}
