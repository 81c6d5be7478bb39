//! One small tale per promise of the contract.

pub mod activity;
pub mod audit;
pub mod clients;
pub mod coordination;
pub mod credentials;
pub mod directory;
pub mod groups;
pub mod history;
pub mod identity;
pub mod identity_provider;
pub mod idle;
pub mod isolation;
pub mod kept_seats;
pub mod management;
pub mod overview;
pub mod pools;
pub mod prices;
pub mod replay;
pub mod search;
pub mod seat_lists;
pub mod seats;
pub mod tokens;
pub mod written_seats;

/// Makes one `#[tokio::test]` per tale. `$home` is an async function that gives an empty [`Home`](crate::Home).
#[macro_export]
macro_rules! stories {
    ($home:path) => {
        $crate::stories!(@ $home, activity: [
            an_admitted_access_is_visible_at_once,
            active_time_never_goes_back,
            a_refused_access_moves_nothing,
            every_access_of_a_batch_gets_its_own_verdict,
            activity_survives_a_restart,
            pages_follow_each_other_in_key_order,
            a_walk_sees_every_lasting_row_once_whatever_is_written,
            a_missing_app_is_looked_up_again_after_it_was_made,
        ]);
        $crate::stories!(@ $home, replay: [
            what_was_admitted_elsewhere_is_noted_without_being_judged,
            a_replay_may_be_repeated_and_never_goes_back,
            people_and_apps_that_are_gone_are_passed_over,
        ]);
        $crate::stories!(@ $home, seats: [
            a_seat_admits_until_it_is_released,
            a_seat_given_again_keeps_its_last_activity,
            expiry_acts_on_time,
            a_seat_that_ran_out_is_called_expired_before_and_after_it_is_settled,
            the_platform_seat_admits_before_the_app_seat,
            an_app_seat_opens_only_its_own_app,
            seats_need_their_owner_and_app,
            a_release_is_known_to_the_very_next_access,
            ensuring_a_seat_never_gives_a_released_one_back,
            a_rejected_change_leaves_nothing_behind,
        ]);
        $crate::stories!(@ $home, directory: [
            putting_a_thing_twice_is_putting_it_once,
            ensured_things_keep_what_they_are,
            disabled_things_lock_their_people_out,
            an_app_keeps_its_names_by_language,
            a_tenant_is_described_anew_part_by_part,
            the_first_administrator_is_the_enabled_one_with_the_smallest_number,
            a_route_belongs_to_one_app,
            every_configuration_change_is_announced,
        ]);
        $crate::stories!(@ $home, credentials: [
            a_known_person_is_found_whatever_others_are_called,
            the_first_password_of_all_is_noticed,
        ]);
        $crate::stories!(@ $home, isolation: [
            one_tenant_sees_nothing_of_another,
            the_same_numbers_in_two_tenants_are_two_people,
        ]);
        $crate::stories!(@ $home, management: [
            whatever_is_created_was_not_there_before,
            an_answer_is_kept_with_what_it_tells_of,
            clients_and_service_tokens_are_read_page_by_page,
            routes_are_read_for_some_apps,
        ]);
        $crate::stories!(@ $home, coordination: [
            calls_pass_up_to_the_limit_of_a_second,
            calls_pass_up_to_the_limit_of_a_minute,
            a_job_is_done_by_one_at_a_time,
            who_lost_a_lease_changes_nothing_under_it,
            an_instance_is_known_while_it_is_there,
        ]);
        $crate::stories!(@ $home, clients: [
            a_store_client_acts_only_where_it_is_installed,
            secrets_overlap_while_one_replaces_the_other,
            a_registration_is_kept_as_it_was_said,
        ]);
        $crate::stories!(@ $home, identity: [
            a_code_is_found_with_everything_around_it,
            a_code_is_redeemed_once_however_many_try,
            a_code_is_too_late_at_its_end,
            a_refresh_token_is_rotated_once_however_many_try,
            a_revoked_family_has_nothing_left,
            grants_only_add_up,
            a_link_works_once_and_in_time,
            a_one_time_password_works_once,
            a_new_password_ends_the_sessions,
            a_deleted_person_leaves_nothing_that_acts,
            a_token_kept_twice_is_kept_once,
        ]);
        $crate::stories!(@ $home, identity_provider: [
            a_provider_is_kept_as_it_was_said,
            a_person_is_found_by_issuer_and_subject_and_nothing_else,
            an_account_belongs_to_one_person_and_a_person_has_one_account,
            one_account_is_linked_once_however_many_try,
            a_link_needs_the_provider_that_is_set_now,
            a_removed_provider_leaves_no_link_behind,
            a_deleted_person_leaves_no_link_behind,
        ]);
        $crate::stories!(@ $home, prices: [
            a_pool_has_a_price,
        ]);
        $crate::stories!(@ $home, pools: [
            a_pool_is_never_exceeded,
            one_of_many_racers_gets_the_last_seat,
            an_overdraft_is_asked_for_and_shown_until_cured,
            a_pool_gives_seats_in_its_time,
            the_next_freed_seat_goes_to_the_first_in_line,
            a_transfer_moves_a_seat_in_one_step,
            a_seat_in_use_is_extended,
            a_protected_seat_is_not_taken_by_accident,
            a_seat_used_meanwhile_is_not_reclaimed,
            lines_are_made_wholly_or_each_by_itself,
            a_deleted_person_makes_room,
            a_pool_counts_what_is_in_use,
        ]);
        $crate::stories!(@ $home, seat_lists: [
            a_request_may_rather_not_wait,
            seats_are_listed_by_person_app_and_group,
            a_group_is_made_once,
        ]);
        $crate::stories!(@ $home, audit: [
            every_change_leaves_its_record,
            a_record_shows_before_and_after,
            what_changes_nothing_leaves_no_record,
            of_many_lines_each_made_one_leaves_its_record,
            one_log_shows_nothing_of_another,
            a_chain_goes_on_after_a_restart,
            changes_at_the_same_time_make_one_chain,
            records_are_found_by_thing_actor_and_time,
            a_log_begins_with_its_tenant,
        ]);
        $crate::stories!(@ $home, kept_seats: [
            a_seat_comes_back_as_it_was,
            a_kept_seat_yields_to_whoever_needs_one,
            whoever_waits_comes_before_whoever_had_it,
            a_seat_is_kept_for_thirty_days_and_only_when_somebody_took_it,
            kept_seats_are_listed,
        ]);
        $crate::stories!(@ $home, written_seats: [
            a_written_seat_is_given_as_it_is_written_and_once,
            a_written_seat_asks_its_pool,
            written_history_fills_gaps_alone,
            a_written_end_in_the_past_ends_nothing,
        ]);
        $crate::stories!(@ $home, groups: [
            joining_gives_a_seat_and_leaving_frees_it,
            a_person_of_several_groups_uses_one_seat,
            a_seat_given_by_hand_or_protected_outlives_the_group,
            ending_a_standing_assignment_frees_its_seats,
            groups_are_read_page_by_page,
        ]);
        $crate::stories!(@ $home, history: [
            an_admitted_access_counts_on_its_day_at_once,
            accesses_of_the_past_rebuild_history,
            a_batch_may_hold_many_days,
            days_are_those_of_the_tenants_time_zone,
            another_time_zone_holds_from_then_on,
            a_window_counts_everybody_once,
            the_days_of_a_seat_are_its_own,
            who_left_stays_in_history_and_may_come_back,
            history_is_kept_as_long_as_asked,
            history_of_one_tenant_is_nothing_to_another,
        ]);
        $crate::stories!(@ $home, overview: [
            an_overview_gives_the_figures_of_every_pool,
            an_overview_of_many_fresh_seats_and_many_leaves_stays_exact_or_says_so,
        ]);
        $crate::stories!(@ $home, search: [
            people_are_found_as_somebody_types,
            a_search_goes_on_where_it_stopped,
            hostile_text_finds_nobody,
        ]);
        $crate::stories!(@ $home, idle: [
            idle_seats_are_listed_with_their_evidence,
            a_seat_used_a_moment_ago_is_not_idle,
            accesses_of_the_past_move_a_seat_to_its_place,
            idle_seats_are_filtered,
            leaves_are_kept_per_person,
            time_on_leave_is_not_idle_time,
            an_ensured_seat_may_have_begun_earlier,
            refused_attempts_are_evidence,
            a_page_looks_at_a_bounded_number_of_seats,
        ]);
        $crate::stories!(@ $home, tokens: [
            a_token_is_found_with_everything_around_it,
            a_revoked_token_stays_revoked,
            nobody_revokes_a_foreign_token,
            tokens_are_listed_newest_first_while_they_are_good,
        ]);
    };
    (@ $home:path, $room:ident: [$($story:ident),* $(,)?]) => {
        mod $room {
            $(
                #[tokio::test]
                async fn $story() {
                    let mut home = $home().await;
                    $crate::stories::$room::$story(&mut home).await;
                }
            )*
        }
    };
}
