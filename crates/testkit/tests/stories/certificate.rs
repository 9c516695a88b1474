//! The end of the server certificate: told to administrators once per threshold, and on the page of upkeep.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use sakimori_app::{certificate, notice};
use sakimori_domain::identity::Role;
use sakimori_testkit::people::carrier_profile;
use sakimori_testkit::{BOTH, TestApp};
use sakimori_web::{Limits, WebConfig, WebState, router};

const DAY: i64 = 86_400;

async fn told(test: &TestApp, organisation: &str, role: Role) -> usize {
    let actor = test.actor(organisation, role, "");
    let list = notice::list(&test.app, &actor, 100).await.expect("notices");
    list.iter().filter(|(notice, _)| notice.code == "certificate.ending").count()
}

#[tokio::test]
async fn administrators_are_told_of_the_end_of_the_certificate_once_per_threshold() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        for organisation in ["alpha", "beta"] {
            test.organisation(organisation, carrier_profile()).await;
        }
        let until = test.app.now().as_second() + 31 * DAY;
        assert_eq!(certificate::tell_of_end(&test.app, until).await.expect("nothing yet"), 0, "{database:?}");
        for (days, number) in [(2, 1), (1, 1), (15, 2), (8, 3), (5, 4), (3, 4)] {
            test.pass(days * DAY);
            certificate::tell_of_end(&test.app, until).await.expect("told");
            certificate::tell_of_end(&test.app, until).await.expect("once");
            for organisation in ["alpha", "beta"] {
                assert_eq!(told(&test, organisation, Role::Administrator).await, number, "after {days} more days");
                assert_eq!(told(&test, organisation, Role::DepartmentMember).await, 0);
            }
        }
        // Another certificate that ends soon is another matter.
        let next = test.app.now().as_second() + 20 * DAY;
        assert_eq!(certificate::tell_of_end(&test.app, next).await.expect("told"), 2);
    }
}

#[tokio::test]
async fn the_page_of_upkeep_says_when_the_certificate_ends() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let mut browser = test.browser("alpha-administrator").await;
        let page = browser.get("/administration/upkeep").await.text();
        assert!(!page.contains("サーバー証明書"), "{database:?}: without TLS of our own nothing is said");
        for (days, warns) in [(60, false), (12, true)] {
            let until = Arc::new(AtomicI64::new(test.app.now().as_second() + days * DAY + 60));
            let config = WebConfig { limits: Limits::off(), certificate_until: until, ..WebConfig::default() };
            browser = browser.at(router(WebState::new(test.app.clone(), config)));
            let page = browser.get("/administration/upkeep").await.text();
            assert!(page.contains(&format!("あと{days}日")), "{page}");
            assert_eq!(page.contains("証明書の期限が近づいています"), warns, "{days} days");
        }
    }
}
