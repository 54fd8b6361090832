//! Which rules' globs have what a call touches.

use fixedbitset::FixedBitSet;

use crate::facts::{Facts, Found};
use crate::globs::Globs;

/// The paths of a call, seen by the rules of one file.
#[derive(Debug)]
pub(crate) struct Touched {
    commands: Vec<Paths>,
    whole: Paths,
}

/// Some of the paths.
#[derive(Debug, Default, Clone)]
pub(crate) struct Paths {
    /// The rules that have all of them; none where there is no path.
    all: Option<FixedBitSet>,
    /// The rules that have any of those that surely are paths.
    any: FixedBitSet,
    /// Whether the shell itself opens one.
    redirect: bool,
}

impl Touched {
    pub(crate) fn new(facts: &Facts<'_>, globs: &Globs) -> Self {
        let mut whole = Paths::default();
        let mut commands = vec![Paths::default(); facts.commands().len()];
        for found in &facts.paths {
            let real = found.real.as_deref().map(|path| globs.owners(path)).unwrap_or_default();
            let mut either = real.clone();
            if found.certain && found.real.as_deref() != Some(&*found.lexical) {
                either.union_with(&globs.owners(&found.lexical));
            }
            let of_command = found.command.and_then(|at| commands.get_mut(at));
            for paths in [&mut whole].into_iter().chain(of_command) {
                paths.add(found, &real, &either);
            }
        }
        Self { commands, whole }
    }

    /// What all of the call touches.
    pub(crate) fn whole(&self) -> &Paths {
        &self.whole
    }

    /// What one of the simple commands touches.
    pub(crate) fn by(&self, command: usize) -> &Paths {
        // There is one for each.
        self.commands.get(command).unwrap_or(&self.whole)
    }
}

impl Paths {
    fn add(&mut self, found: &Found, real: &FixedBitSet, either: &FixedBitSet) {
        match &mut self.all {
            Some(all) => all.intersect_with(real),
            None => self.all = Some(real.clone()),
        }
        if found.certain {
            self.any.union_with(either);
        }
        self.redirect |= found.redirect;
    }

    /// Whether there are any.
    pub(crate) fn is_some(&self) -> bool {
        self.all.is_some()
    }

    /// Whether a rule has all of them, in their real form.
    pub(crate) fn all_in(&self, rule: usize) -> bool {
        self.all.as_ref().is_none_or(|all| all.contains(rule))
    }

    /// Whether a rule has any of them, in their real form or as it is written.
    pub(crate) fn any_in(&self, rule: usize) -> bool {
        self.any.contains(rule)
    }

    /// Whether the shell itself opens any of them.
    pub(crate) fn redirect(&self) -> bool {
        self.redirect
    }
}
