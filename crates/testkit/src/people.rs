//! Organisations and people for tests. All of them are fictional.

use sakimori_app::Actor;
use sakimori_app::identity::{NewAccount, add_account, add_department};
use sakimori_domain::identity::Role;
use sakimori_domain::registry::{OrganisationKind, OrganisationProfile};
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
    /// Registers an organisation and nobody in it.
    ///
    /// # Panics
    /// The database refuses.
    pub async fn bare_organisation(&self, id: &str, profile: OrganisationProfile) {
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
    }

    /// Registers an organisation with two departments and an account of every role; logins are `<id>-<role code>`.
    ///
    /// # Panics
    /// The database refuses.
    pub async fn organisation(&self, id: &str, profile: OrganisationProfile) -> Carrier {
        self.bare_organisation(id, profile).await;
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
                is_issued: false,
            };
            // The access test wants every role in one organisation. Where the kind of organisation has no such role, the
            // account is registered with one that fits and the seat is rewritten behind the rule's back.
            let fits = role.fits(OrganisationKind::Operator);
            let registered = if fits { *role } else { Role::Executive };
            let account = add_account(&self.app, &administrator, NewAccount { role: registered, ..new }).await;
            if !fits {
                self.force_role(&account.expect("an account"), id, *role).await;
            }
        }
        Carrier { id: id.to_owned(), department, other_department: other }
    }

    async fn force_role(&self, account_id: &str, organisation_id: &str, role: Role) {
        let mut write = self.app.store().write().await.expect("a write transaction");
        let put = sakimori_store::identity::put_membership(&mut write, account_id, organisation_id, role, "").await;
        put.expect("a seat");
        write.commit().await.expect("a commit");
    }

    /// A security officer of an organisation.
    pub fn officer(&self, organisation_id: &str) -> Actor {
        self.actor(organisation_id, Role::SecurityOfficer, "")
    }
}
