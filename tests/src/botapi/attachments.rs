//! Files as people send them: in reply to something, several at once, and with a lie about their size.

use super::person::Person;
use super::world::File;

impl Person {
    /// Sends a document in reply to a message.
    ///
    /// # Panics
    /// If the person is not in the chat.
    pub fn reply_with_file(&self, to: i64, name: &str, bytes: &[u8], caption: &str) -> i64 {
        let sent = self.post(caption, Some(to), |world, message| {
            message.file = Some(world.new_file("document", name, "text/plain", bytes.to_vec()));
        });
        sent.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Sends a document of which every word says that it has `said` bytes.
    ///
    /// # Panics
    /// If the person is not in the chat.
    pub fn send_file_saying(&self, said: usize, name: &str, bytes: &[u8]) -> i64 {
        let sent = self.post("", None, |world, message| {
            let file = world.new_file("document", name, "text/plain", bytes.to_vec());
            message.file = Some(File { said: Some(said), ..file });
        });
        sent.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Sends several documents as one album; the first has the caption. Gives their numbers.
    ///
    /// # Panics
    /// If the person is not in the chat.
    pub fn send_album(&self, files: &[(&str, &[u8])], caption: &str) -> Vec<i64> {
        let album = self.shared.change(|world| {
            world.last_album += 1;
            world.last_album.to_string()
        });
        let send = |(at, (name, bytes)): (usize, &(&str, &[u8]))| {
            let sent = self.post(if at == 0 { caption } else { "" }, None, |world, message| {
                message.file = Some(world.new_file("document", name, "text/plain", bytes.to_vec()));
                message.album = Some(album.clone());
            });
            sent.unwrap_or_else(|error| panic!("{error}"))
        };
        files.iter().enumerate().map(send).collect()
    }
}
