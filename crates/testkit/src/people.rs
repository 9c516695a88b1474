//! Organisations and people for tests. All of them are fictional.

use sakimori_app::Actor;
use sakimori_app::identity::{NewAccount, add_account, add_department};
use sakimori_domain::identity::Role;
use sakimori_domain::registry::OrganisationProfile;
use sakimori_domain::standards::NetworkClass;
use sakimori_store::registry::Organisation;

use crate::TestApp;

/// Password of every test account.
pub const PASSWORD: &str = "灯台と二艘の曳船と三日月";

/// A telecom carrier with one account of every role.
pub struct Carrier {
    pub id: String,
    pub department: String,
    pub other_department: String,
}

/// Profile of a regional telecom carrier.
pub fn carrier_profile() -> OrganisationProfile {
    OrganisationProfile {
        sectors: vec!["information-communications".to_owned()],
        network_classes: vec![NetworkClass::Business],
        ..OrganisationProfile::default()
    }
}

/// Profile of a terminal operator in one of the five specified ports.
pub fn terminal_profile() -> OrganisationProfile {
    OrganisationProfile {
        sectors: vec!["port".to_owned()],
        ports: vec!["名古屋港".to_owned()],
        ..OrganisationProfile::default()
    }
}

impl TestApp {
    /// Registers an organisation with two departments and an account of every role; logins are `<id>-<role code>`.
    ///
    /// # Panics
    /// The database refuses.
    pub async fn organisation(&self, id: &str, profile: OrganisationProfile) -> Carrier {
        let organisation = Organisation {
            id: id.to_owned(),
            name: format!("架空の{id}"),
            kind: "operator".to_owned(),
            profile,
            marking: "社外秘".to_owned(),
            is_demo: true,
            version: 1,
            created_at: self.app.now().to_string(),
        };
        let mut write = self.app.store().write().await.expect("a write transaction");
        sakimori_store::registry::insert_organisation(&mut write, &organisation).await.expect("an organisation");
        write.commit().await.expect("a commit");
        let administrator = self.actor(id, Role::Administrator, "");
        let department =
            add_department(&self.app, &administrator, "設備運用部", "department").await.expect("a department");
        let other =
            add_department(&self.app, &administrator, "情報システム部", "department").await.expect("a department");
        for role in Role::ALL {
            let department_id = if *role == Role::DepartmentMember { department.clone() } else { String::new() };
            let new = NewAccount {
                login: format!("{id}-{}", role.code()),
                name: format!("{id} {}", role.ja()),
                password: PASSWORD.to_owned(),
                role: *role,
                department_id,
            };
            add_account(&self.app, &administrator, new).await.expect("an account");
        }
        Carrier { id: id.to_owned(), department, other_department: other }
    }

    /// A security officer of an organisation.
    pub fn officer(&self, organisation_id: &str) -> Actor {
        self.actor(organisation_id, Role::SecurityOfficer, "")
    }
}
