//! The domain of pager: commands, events, the machine that decides. No input, output, clock or randomness.
