//! The eight profiles of rights and what each of them carries.
//!
//! | | 管理者 | 責任者 | 部署 | 監査 | 経営 | 分野 | 所管 | 国 |
//! |---|---|---|---|---|---|---|---|---|
//! | read-standards | ○ | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
//! | load-standards | | ○ | | | | ○ | ○ | ○ |
//! | read-assessments | | ○ | | ○ | ○ | | | |
//! | read-own-requests | | ○ | ○ | | | | | |
//! | manage-assessments, answer-all, edit-profile | | ○ | | | | | | |
//! | answer-own | | ○ | ○ | | | | | |
//! | manage-accounts, hand-over | ○ | | | | | | | |
//! | manage-sign-in | ○ | ○ | | | | | | |
//! | read-people | ○ | ○ | | ○ | | | | |
//! | read-trail | ○ | ○ | | ○ | | | | |
//! | read-crosswalk, read-revision | | ○ | | ○ | | ○ | ○ | ○ |
//! | edit-crosswalk, edit-revision | | ○ | | | | ○ | ○ | ○ |
//! | check-drafts | | ○ | | | ○ | | ○ | ○ |
//! | approve | | ○ | | | ○ | | ○ | ○ |
//! | review-access | | ○ | | | | | | |
//! | audit | | | | ○ | | | | |
//! | manage-relations | | ○ | | | | | | |
//! | read-members | | ○ | | ○ | ○ | ○ | ○ | ○ |
//!
//! Deny by default: every role lists what it carries, so a new permission belongs to nobody until somebody writes it here.

use crate::registry::OrganisationKind;
use crate::standards::terms;

terms! {
    /// A named profile of rights inside one organisation.
    Role {
        Administrator = "administrator", "管理者";
        SecurityOfficer = "security-officer", "セキュリティ責任者";
        DepartmentMember = "department-member", "部署担当者";
        Auditor = "auditor", "監査人（閲覧のみ）";
        Executive = "executive", "経営層";
        SectorDesk = "sector-desk", "分野事務局（セプター）";
        MinistryDesk = "ministry-desk", "所管省庁窓口";
        NationalDesk = "national-desk", "国家統括窓口";
    }
}

terms! {
    /// One thing that a role may or may not do.
    Permission {
        ReadStandards = "read-standards", "基準の閲覧";
        LoadStandards = "load-standards", "正式本文の取り込み";
        ReadAssessments = "read-assessments", "点検の閲覧（組織全体）";
        ReadOwnRequests = "read-own-requests", "自部署への依頼の閲覧";
        ManageAssessments = "manage-assessments", "点検の作成・依頼・集計";
        AnswerAll = "answer-all", "全項目への回答";
        AnswerOwn = "answer-own", "自部署に依頼された項目への回答";
        EditProfile = "edit-profile", "組織の属性と適用範囲の変更";
        ManageAccounts = "manage-accounts", "利用者と部署の管理";
        ReadPeople = "read-people", "利用者・役割・代理の一覧の閲覧";
        ManageSignIn = "manage-sign-in", "サインインの規則の変更";
        HandOver = "hand-over", "人事異動の引継ぎ";
        ReadTrail = "read-trail", "操作記録の閲覧";
        ReadCrosswalk = "read-crosswalk", "照合の閲覧";
        EditCrosswalk = "edit-crosswalk", "照合の判定";
        ReadRevision = "read-revision", "改訂の論点と基準一覧の閲覧";
        EditRevision = "edit-revision", "改訂の論点と基準一覧の編集";
        CheckDrafts = "check-drafts", "起案の確認";
        Approve = "approve", "起案の承認";
        ReviewAccess = "review-access", "利用者の棚卸し";
        Audit = "audit", "監査としての確認と承認";
        ManageRelations = "manage-relations", "他組織との関係の管理";
        ReadMembers = "read-members", "傘下の状況の閲覧";
    }
}

impl Role {
    /// The English name.
    pub const fn en(self) -> &'static str {
        match self {
            Role::Administrator => "Administrator",
            Role::SecurityOfficer => "Security officer",
            Role::DepartmentMember => "Department member",
            Role::Auditor => "Auditor (reads only)",
            Role::Executive => "Executive",
            Role::SectorDesk => "Sector-body desk (CEPTOAR)",
            Role::MinistryDesk => "Ministry desk",
            Role::NationalDesk => "National desk",
        }
    }

    /// Whether this role carries `permission`; the table is at the head of this file.
    // tidy: long because every role lists what it carries, so that nothing is granted by a rule about several.
    pub const fn may(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Role::Administrator => {
                matches!(
                    permission,
                    P::ReadStandards | P::ManageAccounts | P::ManageSignIn | P::ReadPeople | P::HandOver | P::ReadTrail
                )
            }
            Role::SecurityOfficer => matches!(
                permission,
                P::ReadStandards
                    | P::LoadStandards
                    | P::ReadAssessments
                    | P::ReadOwnRequests
                    | P::ManageAssessments
                    | P::AnswerAll
                    | P::AnswerOwn
                    | P::EditProfile
                    | P::ManageSignIn
                    | P::ReadPeople
                    | P::ReadTrail
                    | P::ReadCrosswalk
                    | P::EditCrosswalk
                    | P::ReadRevision
                    | P::EditRevision
                    | P::CheckDrafts
                    | P::Approve
                    | P::ReviewAccess
                    | P::ManageRelations
                    | P::ReadMembers
            ),
            Role::DepartmentMember => matches!(permission, P::ReadStandards | P::ReadOwnRequests | P::AnswerOwn),
            Role::Auditor => matches!(
                permission,
                P::ReadStandards
                    | P::ReadAssessments
                    | P::ReadPeople
                    | P::ReadTrail
                    | P::ReadCrosswalk
                    | P::ReadRevision
                    | P::Audit
                    | P::ReadMembers
            ),
            Role::Executive => {
                matches!(
                    permission,
                    P::ReadStandards | P::ReadAssessments | P::CheckDrafts | P::Approve | P::ReadMembers
                )
            }
            Role::SectorDesk => matches!(
                permission,
                P::ReadStandards
                    | P::ReadMembers
                    | P::LoadStandards
                    | P::ReadCrosswalk
                    | P::EditCrosswalk
                    | P::ReadRevision
                    | P::EditRevision
            ),
            Role::MinistryDesk | Role::NationalDesk => matches!(
                permission,
                P::ReadStandards
                    | P::ReadMembers
                    | P::LoadStandards
                    | P::ReadCrosswalk
                    | P::EditCrosswalk
                    | P::ReadRevision
                    | P::EditRevision
                    | P::CheckDrafts
                    | P::Approve
            ),
        }
    }

    /// Whether an organisation of this kind has people of this role: a desk belongs to the body that it is the desk of.
    pub const fn fits(self, kind: OrganisationKind) -> bool {
        use OrganisationKind as K;
        match self {
            Role::Administrator | Role::SecurityOfficer | Role::DepartmentMember | Role::Auditor | Role::Executive => {
                true
            }
            Role::SectorDesk => matches!(kind, K::Ceptoar),
            Role::MinistryDesk => matches!(kind, K::Ministry),
            Role::NationalDesk => matches!(kind, K::NationalOffice),
        }
    }
}

impl Permission {
    /// The English name.
    pub const fn en(self) -> &'static str {
        match self {
            Permission::ReadStandards => "Read standards",
            Permission::LoadStandards => "Load official texts",
            Permission::ReadAssessments => "Read assessments (whole organisation)",
            Permission::ReadOwnRequests => "Read requests to one's department",
            Permission::ManageAssessments => "Run assessments and requests",
            Permission::AnswerAll => "Answer every item",
            Permission::AnswerOwn => "Answer what one's department is asked",
            Permission::EditProfile => "Change profile and scope of the organisation",
            Permission::ManageAccounts => "Manage people and departments",
            Permission::ManageSignIn => "Change the rules of signing in",
            Permission::ReadPeople => "See people, roles and deputies",
            Permission::HandOver => "Hand duties over",
            Permission::ReadTrail => "Read the trail",
            Permission::ReadCrosswalk => "Read crosswalks",
            Permission::EditCrosswalk => "Judge crosswalks",
            Permission::ReadRevision => "Read points and the register",
            Permission::EditRevision => "Edit points and the register",
            Permission::CheckDrafts => "Check drafts",
            Permission::Approve => "Approve drafts",
            Permission::ReviewAccess => "Review access",
            Permission::Audit => "Confirm as an auditor",
            Permission::ManageRelations => "Manage relations with other organisations",
            Permission::ReadMembers => "See organisations below",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_is_somebodys() {
        for permission in Permission::ALL {
            assert!(Role::ALL.iter().any(|role| role.may(*permission)), "{permission} is carried by no role");
        }
    }

    #[test]
    fn the_auditor_and_the_executive_change_nothing() {
        for permission in [
            Permission::LoadStandards,
            Permission::ManageAssessments,
            Permission::AnswerAll,
            Permission::AnswerOwn,
            Permission::EditProfile,
            Permission::ManageAccounts,
            Permission::ManageSignIn,
            Permission::HandOver,
            Permission::EditCrosswalk,
            Permission::EditRevision,
            Permission::ReviewAccess,
        ] {
            assert!(!Role::Auditor.may(permission), "{permission}");
            assert!(!Role::Executive.may(permission), "{permission}");
        }
    }

    #[test]
    fn who_administers_accounts_does_not_read_answers() {
        for role in Role::ALL.iter().filter(|role| role.may(Permission::ManageAccounts)) {
            assert!(!role.may(Permission::ReadAssessments), "{role}");
            assert!(!role.may(Permission::ReadOwnRequests), "{role}");
            assert!(!role.may(Permission::AnswerAll), "{role}");
        }
    }

    #[test]
    fn a_department_member_sees_only_what_was_asked_of_the_department() {
        assert!(Role::DepartmentMember.may(Permission::AnswerOwn));
        assert!(!Role::DepartmentMember.may(Permission::ReadAssessments));
    }

    #[test]
    fn a_desk_belongs_to_its_kind_of_organisation() {
        let kinds_of = |role: Role| OrganisationKind::ALL.iter().filter(|kind| role.fits(**kind)).count();
        assert_eq!(kinds_of(Role::SecurityOfficer), OrganisationKind::ALL.len());
        for desk in [Role::SectorDesk, Role::MinistryDesk, Role::NationalDesk] {
            assert_eq!(kinds_of(desk), 1, "{desk}");
            assert!(!desk.fits(OrganisationKind::Operator), "an operator has no {desk}");
        }
    }
}
