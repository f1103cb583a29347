use std::fmt;
use std::str::FromStr;

use crate::model::nearest_names;

/// Who sends messages about deployments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// Google Cloud Build, through Pub/Sub.
    CloudBuild,
    /// GitHub: `deployment_status`, `workflow_run`, `release`.
    Github,
    /// GitLab: deployment events.
    Gitlab,
    /// `CircleCI`: `workflow-completed`.
    Circleci,
    /// Azure DevOps: service hooks.
    AzureDevops,
    /// Argo CD: notifications with the template of the documentation.
    Argocd,
    /// CDEvents: `service.deployed`, `service.upgraded`, `service.rolledback`.
    Cdevents,
    /// Vercel: webhooks of deployments.
    Vercel,
    /// Netlify: outgoing deploy notifications.
    Netlify,
    /// Anything else that sends JSON, by the pointers of the configuration.
    Generic,
    /// Whichever of the others a message looks like.
    Auto,
}

impl Provider {
    /// All, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::CloudBuild,
        Self::Github,
        Self::Gitlab,
        Self::Circleci,
        Self::AzureDevops,
        Self::Argocd,
        Self::Cdevents,
        Self::Vercel,
        Self::Netlify,
        Self::Generic,
        Self::Auto,
    ];

    /// The name on the command line, in paths of the receiver and in the column `source`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CloudBuild => "cloud-build",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Circleci => "circleci",
            Self::AzureDevops => "azure-devops",
            Self::Argocd => "argocd",
            Self::Cdevents => "cdevents",
            Self::Vercel => "vercel",
            Self::Netlify => "netlify",
            Self::Generic => "generic",
            Self::Auto => "auto",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no provider's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no provider{}; there are {}", nearest.as_ref().map(|n| format!(", the nearest is {n}")).unwrap_or_default(), names())]
pub struct UnknownProvider {
    name: String,
    nearest: Option<String>,
}

fn names() -> String {
    Provider::ALL.map(Provider::name).join(", ")
}

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|p| p.name() == name).ok_or_else(|| UnknownProvider {
            name: name.to_owned(),
            nearest: nearest_names(name, Self::ALL.map(Self::name), 1).pop(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_known_by_its_name_and_a_stranger_told_the_nearest() {
        for provider in Provider::ALL {
            assert_eq!(provider.name().parse(), Ok(provider));
        }
        let told = "git-hub".parse::<Provider>().unwrap_err().to_string();
        assert!(told.contains("the nearest is github"), "{told}");
    }
}
