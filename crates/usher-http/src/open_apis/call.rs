//! What distinguishes the calls, in one table.

/// One Feishu call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// Who used which app when.
    SeatActivities,
    /// Who holds which seat.
    SeatAssignments,
    /// Which apps there are.
    Apps,
}

/// One row of the table.
struct CallRow {
    name: &'static str,
    path: &'static str,
    scope: &'static str,
    calls_per_second_max: u32,
    method_id: Option<&'static str>,
}

impl Call {
    /// Every call.
    pub const ALL: [Self; 3] = [Self::SeatActivities, Self::SeatAssignments, Self::Apps];
    /// The calls about seats, which have their parameters in common.
    pub const SEATS: [Self; 2] = [Self::SeatActivities, Self::SeatAssignments];

    /// The table (feishu-open-platform.md, sections 1.1 to 1.4).
    const fn row(self) -> CallRow {
        match self {
            Self::SeatActivities => CallRow {
                name: "seat_activities",
                path: "/open-apis/apaas/v1/seat_activities",
                scope: "app_engine:seat_activities:read",
                calls_per_second_max: 10,
                method_id: Some("7447484643136946177"),
            },
            Self::SeatAssignments => CallRow {
                name: "seat_assignments",
                path: "/open-apis/apaas/v1/seat_assignments",
                scope: "app_engine:seat_assignments:read",
                calls_per_second_max: 1,
                method_id: Some("7452929418211344412"),
            },
            Self::Apps => CallRow {
                name: "apps",
                path: "/open-apis/apaas/v1/apps",
                scope: "app_engine:apps:read",
                calls_per_second_max: 10,
                method_id: None,
            },
        }
    }

    /// The name in rate keys, page tokens and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The exact path.
    #[must_use]
    pub const fn path(self) -> &'static str {
        self.row().path
    }

    /// The scope the client must have opened and the user granted.
    #[must_use]
    pub const fn scope(self) -> &'static str {
        self.row().scope
    }

    /// Calls allowed in one second, per client and tenant.
    #[must_use]
    pub const fn calls_per_second_max(self) -> u32 {
        self.row().calls_per_second_max
    }

    /// Feishu's number of the method, for troubleshooter links; none where it is not known.
    #[must_use]
    pub const fn method_id(self) -> Option<&'static str> {
        self.row().method_id
    }
}
