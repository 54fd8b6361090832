//! Which rules may have something to say of a call, found without asking each of them.

use std::collections::HashMap;

use fixedbitset::FixedBitSet;

use crate::document::Rule;
use crate::facts::Facts;
use crate::pattern::Pattern;

/// The rules of a file by what they name, each by its place in the file.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Rules that name commands, by these. They are in none of the other two.
    by_command: HashMap<String, OfCommand>,
    /// Rules that name tools, by these.
    by_tool: HashMap<String, Vec<usize>>,
    /// Rules for every tool, or with a `*` in a name.
    others: Vec<usize>,
    /// How many rules there are.
    count: usize,
}

/// The rules that name a command.
#[derive(Debug, Default)]
struct OfCommand {
    /// Those that name a subcommand too, by this.
    by_subcommand: HashMap<String, Vec<usize>>,
    others: Vec<usize>,
}

impl Index {
    /// Adds the rule at this place in the file.
    pub(crate) fn add(&mut self, at: usize, rule: &Rule) {
        self.count = self.count.max(at + 1);
        let names: Option<Vec<_>> = rule.commands.iter().map(Pattern::names).collect();
        match names.filter(|names| !names.is_empty()) {
            Some(names) => names.into_iter().for_each(|(commands, subcommands)| {
                commands.into_iter().for_each(|command| self.command(command, subcommands, at));
            }),
            None => self.tools(at, rule),
        }
    }

    fn command(&mut self, command: &str, subcommands: &[String], at: usize) {
        let of_command = self.by_command.entry(command.to_owned()).or_default();
        if subcommands.is_empty() {
            of_command.others.push(at);
        }
        for subcommand in subcommands {
            of_command.by_subcommand.entry(subcommand.clone()).or_default().push(at);
        }
    }

    fn tools(&mut self, at: usize, rule: &Rule) {
        let exact: Option<Vec<&str>> = rule.tools.iter().map(|tool| tool.exact()).collect();
        match exact.filter(|tools| !tools.is_empty()) {
            Some(tools) => tools.into_iter().for_each(|tool| {
                self.by_tool.entry(tool.to_owned()).or_default().push(at);
            }),
            None => self.others.push(at),
        }
    }

    /// The rules that a call may be about: all that match it are among them.
    pub(crate) fn candidates(&self, facts: &Facts<'_>) -> FixedBitSet {
        let mut found = FixedBitSet::with_capacity(self.count);
        let mut add = |rules: &[usize]| rules.iter().for_each(|at| found.insert(*at));
        add(&self.others);
        if let Some(rules) = self.by_tool.get(facts.call.tool) {
            add(rules);
        }
        for simple in facts.commands() {
            let Some(rules) = self.by_command.get(simple.name()) else { continue };
            add(&rules.others);
            if rules.by_subcommand.is_empty() {
                continue;
            }
            // Where among its words a subcommand stands is the pattern's business.
            for word in &simple.words {
                if let Some(rules) = rules.by_subcommand.get(&word.text) {
                    add(rules);
                }
            }
        }
        found
    }
}
