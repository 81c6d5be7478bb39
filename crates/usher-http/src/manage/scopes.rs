//! The scopes a client may open.

use crate::{manage::MANAGEMENT_SCOPE, open_apis::Call};

/// Every scope there is: of the Feishu calls, of this API, of offline access, and of the fields of `user_info`.
pub const KNOWN_SCOPES: [&str; 10] = [
    Call::SeatActivities.scope(),
    Call::SeatAssignments.scope(),
    Call::Apps.scope(),
    MANAGEMENT_SCOPE,
    "offline_access",
    "contact:user.base:readonly",
    "contact:user.email:readonly",
    "contact:user.phone:readonly",
    "contact:user.employee:readonly",
    "contact:user.employee_id:readonly",
];
