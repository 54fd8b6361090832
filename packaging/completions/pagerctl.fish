# SPDX-License-Identifier: MIT OR Apache-2.0
# fish completion for pagerctl(1)

function __pagerctl_approvals
    pagerctl list --json 2>/dev/null | string match -arg '"id": ?"([0-9a-f]{32})"'
end

complete -c pagerctl -f
complete -c pagerctl -l json -d 'Print data as JSON'
complete -c pagerctl -l no-pager -d 'Do not show long output in a pager'
complete -c pagerctl -s q -l quiet -d 'Print only what was asked for, and errors'
complete -c pagerctl -l runtime-dir -x -a '(__fish_complete_directories)' -d 'Speak to the pagerd started with this folder'
complete -c pagerctl -l help -d 'Print a summary'

complete -c pagerctl -n __fish_use_subcommand -l version -d 'Print the version'
complete -c pagerctl -n __fish_use_subcommand -a status -d 'The daemon, what waits, which surfaces are reached'
complete -c pagerctl -n __fish_use_subcommand -a list -d 'The approvals that wait'
complete -c pagerctl -n __fish_use_subcommand -a show -d 'All of an approval'
complete -c pagerctl -n __fish_use_subcommand -a approve -d 'Let the agent do it'
complete -c pagerctl -n __fish_use_subcommand -a deny -d 'Do not let the agent do it'
complete -c pagerctl -n __fish_use_subcommand -a answer -d 'Answer an agent\'s question'
complete -c pagerctl -n __fish_use_subcommand -a monitor -d 'A line for everything that happens'
complete -c pagerctl -n __fish_use_subcommand -a sessions -d 'The sessions of agents'
complete -c pagerctl -n __fish_use_subcommand -a hooks -d 'The hook in the agents\' settings'
complete -c pagerctl -n __fish_use_subcommand -a setup -d 'Set up Telegram'
complete -c pagerctl -n __fish_use_subcommand -a config -d 'Check the configuration'
complete -c pagerctl -n __fish_use_subcommand -a demo -d 'One approval from question to answer'

complete -c pagerctl -n '__fish_seen_subcommand_from show approve deny answer' -a '(__pagerctl_approvals)'
complete -c pagerctl -n '__fish_seen_subcommand_from approve' -l always -d 'Also grant what the agent suggests'
complete -c pagerctl -n '__fish_seen_subcommand_from deny' -s m -l message -x -d 'What the agent is told'
complete -c pagerctl -n '__fish_seen_subcommand_from answer' -s a -l answer -x -d 'An answer'
complete -c pagerctl -n '__fish_seen_subcommand_from list' -s a -l all -d 'Also those settled within the last hour'
complete -c pagerctl -n '__fish_seen_subcommand_from sessions' -s a -l all -d 'Also those that have ended'
complete -c pagerctl -n '__fish_seen_subcommand_from hooks' -a 'install remove check'
complete -c pagerctl -n '__fish_seen_subcommand_from config' -a check
complete -c pagerctl -n '__fish_seen_subcommand_from demo' -l answer -x -a 'allow deny' -d 'Answer so'
