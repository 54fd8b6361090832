//! What is never read or written without a person, whatever the policy says: built in.

/// Changes with the lists below, so that the policy's digest does.
pub(crate) const VERSION: &str = "1";

/// Files with secrets in them. `dir/**` is the folder itself, too.
pub(crate) const SECRETS: &[&str] = &[
    // Keys and passwords of the person
    "**/.ssh/**",
    "**/.gnupg/**",
    "**/.password-store/**",
    "~/.local/share/keyrings/**",
    "~/.local/share/kwalletd/**",
    "/run/user/*/{keyring,gnupg}/**",
    "**/{id_rsa,id_dsa,id_ecdsa,id_ecdsa_sk,id_ed25519,id_ed25519_sk}",
    "**/{.netrc,_netrc,.authinfo,.authinfo.gpg}",
    "**/.git-credentials",
    "~/.config/git/credentials",
    "**/{.pgpass,.my.cnf,.mylogin.cnf}",
    // Services and their tools
    "**/.aws/**",
    "**/.azure/**",
    "**/.oci/**",
    "**/.config/{gcloud,op,doctl,rclone}/**",
    "**/.kube/**",
    "**/.docker/config.json",
    "~/.config/containers/auth.json",
    "/run/user/*/containers/auth.json",
    "**/.config/{gh,glab-cli,hub}/**",
    "~/.config/hub",
    "~/.npmrc",
    "~/.pypirc",
    "~/.cargo/{credentials,credentials.toml}",
    "~/.gem/credentials",
    "~/.composer/auth.json",
    "~/.m2/settings-security.xml",
    "~/.vault-token",
    "~/.terraform.d/credentials.tfrc.json",
    "**/.claude/.credentials.json",
    "**/.codex/auth.json",
    // Browsers
    "**/{logins.json,key4.db,cookies.sqlite}",
    "**/{Login Data,Cookies}",
    // Projects
    "**/{.env,.env.*,.envrc,*.env}",
    "**/*.{pem,key,p12,pfx,jks,keystore,kdbx,ppk}",
    // The machine
    "/etc/{shadow,shadow-,gshadow,gshadow-}",
    "/etc/ssh/ssh_host_*_key",
    "/etc/ssl/private/**",
    "/etc/NetworkManager/system-connections/**",
    "/etc/krb5.keytab",
    "/run/credentials/**",
    "/run/user/*/credentials/**",
    "/proc/*/{environ,mem,auxv}",
    "/proc/*/task/*/{environ,mem,auxv}",
    "/proc/kcore",
];

/// What looks like one of those and is none: public keys, examples, certificates, test data.
pub(crate) const NOT_SECRETS: &[&str] = &[
    "**/*.pub",
    "**/.env.{example,sample,template,dist,defaults,schema}",
    "**/{example,sample,template}.env",
    "**/{cert,certs,cacert,ca,ca-cert,ca-bundle,chain,fullchain}.pem",
    "/etc/ssl/certs/**",
    "/usr/{lib,share,include}/**",
    "**/{node_modules,site-packages}/**/*.{pem,key,env}",
    "**/{fixtures,testdata}/**/*.{pem,key,env,p12,pfx,jks}",
    "**/{fixtures,testdata}/**/{.env,.env.*,id_rsa,id_dsa,id_ecdsa,id_ed25519}",
];

/// What belongs to pager, wherever the person has put it: never to be touched.
pub(crate) const OWN: &[&str] = &[
    "~/.config/pager/**",
    "~/.local/state/pager/**",
    "/etc/pager/**",
    "/run/user/*/pager/**",
    "/run/user/*/credentials/pager.service/**",
];

/// What decides which commands run later, or who is asked: a person may say yes to a change of it,
/// a rule may not.
pub(crate) const GUARDED: &[&str] = &[
    "**/.pager/policy.toml",
    "**/.claude/{settings.json,settings.local.json}",
    "~/.claude.json",
    "**/.codex/{config.toml,hooks.json}",
    "**/.mcp.json",
    "**/.git/{config,hooks/**}",
    "~/.{profile,bashrc,bash_profile,bash_login,bash_aliases,zshrc,zshenv,zprofile,zlogin}",
    "~/.config/{fish,systemd,environment.d,autostart}/**",
    "~/.local/bin/**",
    "~/.local/share/systemd/**",
    "~/.gitconfig",
    "~/.config/git/config",
];

/// What `pagerctl` may be asked by an agent: nothing that answers, and nothing that tells it how the
/// policy would judge.
const HARMLESS: &[&str] =
    &["status", "list", "show", "sessions", "audit", "--help", "-h", "--version", "-V", "help"];
const BUS_TOOLS: &[&str] =
    &["busctl", "gdbus", "dbus-send", "qdbus", "qdbus6", "qdbus-qt5", "dbus-monitor", "d-feet"];
const STOPPERS: &[&str] = &["kill", "pkill", "killall", "systemctl"];
const PROGRAMS: &[&str] = &["pagerd", "pager-hook", "pager.service", "pager.socket", "pager"];

/// Whether a command answers in the person's place, or takes pager away.
pub(crate) fn answers(name: &str, arguments: &[&str]) -> bool {
    match name {
        "pagerctl" => {
            let verb =
                arguments.iter().find(|word| !word.starts_with('-') || HARMLESS.contains(word));
            // Bare, it lists what waits.
            verb.is_some_and(|verb| !HARMLESS.contains(verb))
        }
        "pager-hook" => !arguments.iter().any(|word| HARMLESS.contains(word)),
        name if BUS_TOOLS.contains(&name) => {
            arguments.iter().any(|word| word.contains("org.pagerd") || word.contains("org/pagerd"))
        }
        "systemctl" if arguments.iter().any(|word| matches!(*word, "status" | "show" | "cat")) => {
            false
        }
        name if STOPPERS.contains(&name) => arguments.iter().any(|word| PROGRAMS.contains(word)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_lists_all_that_is_built_in() {
        let manual = include_str!("../../../man/pager-policy.5");
        let lines: Vec<_> = manual.lines().collect();
        for pattern in [SECRETS, NOT_SECRETS, OWN, GUARDED].concat() {
            assert!(lines.contains(&pattern), "{pattern} is not in pager-policy(5)");
        }
    }
}
