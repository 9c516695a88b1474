//! Who may do what (役割と権限). Deny by default: a permission that no rule grants is refused.

use crate::standards::terms;

terms! {
    /// A named profile of rights inside one organisation.
    Role {
        Administrator = "administrator", "管理者";
        SecurityOfficer = "security-officer", "セキュリティ責任者";
        DepartmentMember = "department-member", "部署担当者";
        Auditor = "auditor", "監査人（閲覧のみ）";
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
        ReadTrail = "read-trail", "操作記録の閲覧";
        ReadCrosswalk = "read-crosswalk", "照合の閲覧";
        EditCrosswalk = "edit-crosswalk", "照合の判定";
        ReadRevision = "read-revision", "改訂の論点と基準一覧の閲覧";
        EditRevision = "edit-revision", "改訂の論点と基準一覧の編集";
    }
}

impl Role {
    /// Whether this role carries `permission`. Who administers accounts does not answer or read assessments
    /// (separation of duties, 004 2.1).
    pub const fn may(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Role::Administrator => matches!(permission, P::ReadStandards | P::ManageAccounts | P::ReadTrail),
            Role::SecurityOfficer => !matches!(permission, P::ManageAccounts),
            Role::DepartmentMember => matches!(permission, P::ReadStandards | P::ReadOwnRequests | P::AnswerOwn),
            Role::Auditor => matches!(
                permission,
                P::ReadStandards | P::ReadAssessments | P::ReadTrail | P::ReadCrosswalk | P::ReadRevision
            ),
        }
    }
}

/// Shortest password accepted, in characters.
pub const PASSWORD_MIN: usize = 12;
/// Longest password accepted, in bytes: Argon2 would take more, an attacker's request should not.
pub const PASSWORD_MAX: usize = 256;
/// Wrong passwords in a row before an account rests.
pub const FAILURES_BEFORE_LOCK: i64 = 5;
/// How long it rests, in minutes.
pub const LOCK_MINUTES: i64 = 15;
/// A session ends after this long without a request, in minutes.
pub const SESSION_IDLE_MINUTES: i64 = 60;
/// … and in any case after this long, in hours.
pub const SESSION_HOURS: i64 = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_auditor_changes_nothing() {
        for permission in [
            Permission::LoadStandards,
            Permission::ManageAssessments,
            Permission::AnswerAll,
            Permission::AnswerOwn,
            Permission::EditProfile,
            Permission::ManageAccounts,
            Permission::EditCrosswalk,
            Permission::EditRevision,
        ] {
            assert!(!Role::Auditor.may(permission), "{permission}");
        }
    }

    #[test]
    fn who_administers_accounts_does_not_read_answers() {
        assert!(!Role::Administrator.may(Permission::ReadAssessments));
        assert!(!Role::Administrator.may(Permission::AnswerAll));
        assert!(!Role::SecurityOfficer.may(Permission::ManageAccounts));
    }

    #[test]
    fn a_department_member_sees_only_what_was_asked_of_the_department() {
        assert!(Role::DepartmentMember.may(Permission::AnswerOwn));
        assert!(!Role::DepartmentMember.may(Permission::ReadAssessments));
    }
}
